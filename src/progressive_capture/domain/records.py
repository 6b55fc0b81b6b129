"""The rows that answers become and tables hold: one named tuple a table, no I/O, no SQL.

A row has exactly its table's columns in order, less what a whole batch shares (`host_id`, `repository_id`,
`captured_at`, `source`, `deleted_at`). Times are ISO 8601 text in UTC ending in `Z`; ids are 64-bit integers,
but for node ids. None means that GitHub has no value, unless `UNAVAILABLE` names the column for that source.
"""

from dataclasses import dataclass, field, fields
from typing import Final, NamedTuple

from progressive_capture.domain.kinds import Kind, Proof, Source, State
from progressive_capture.domain.withheld import Withheld


class RepositoryRow(NamedTuple):
    """A repository as GitHub shows it now."""

    id: int
    node_id: str
    owner_login: str
    owner_id: int | None
    owner_type: str | None
    name: str
    description: str | None
    is_private: bool
    is_fork: bool
    is_archived: bool
    is_disabled: bool
    is_empty: bool | None
    visibility: str | None
    default_branch: str | None
    primary_language: str | None
    stars: int
    forks: int
    created_at: str
    pushed_at: str | None
    updated_at: str
    archived_at: str | None
    pull_requests_total: int | None


class ContributorRow(NamedTuple):
    """A person or program that GitHub knows by a number."""

    id: int
    node_id: str
    login: str
    """Without the `[bot]` that REST appends to a bot's login."""
    type: str
    """User, Bot, Mannequin or Organization."""
    name: str | None


class MilestoneRow(NamedTuple):
    """A milestone of the repository."""

    number: int
    node_id: str
    title: str
    description: str | None
    state: str
    due_on: str | None
    created_at: str
    updated_at: str
    closed_at: str | None


class LabelRow(NamedTuple):
    """A label of the repository."""

    node_id: str
    name: str
    color: str
    description: str | None


class IndexRow(NamedTuple):
    """What the list of pull requests says of one."""

    number: int
    pull_request_id: int
    node_id: str
    state: str
    created_at: str
    updated_at: str


class PullRequestLabelRow(NamedTuple):
    """A label on a pull request."""

    pull_request_id: int
    label_node_id: str


class AssigneeRow(NamedTuple):
    """Somebody assigned to a pull request."""

    pull_request_id: int
    contributor_id: int


class RequestedReviewerRow(NamedTuple):
    """Somebody whose review is asked for and outstanding."""

    pull_request_id: int
    reviewer_type: str
    """User, Bot, Mannequin or Team."""
    reviewer_id: int
    reviewer_login: str
    """A team's slug."""


class PullRequestRow(NamedTuple):
    """A pull request without its lists."""

    id: int
    node_id: str
    number: int
    title: str
    body: str
    body_text: str | None
    state: str
    is_draft: bool
    is_locked: bool
    active_lock_reason: str | None
    author_id: int | None
    author_login: str | None
    author_association: str
    editor_id: int | None
    editor_login: str | None
    created_at: str
    updated_at: str
    published_at: str | None
    last_edited_at: str | None
    closed_at: str | None
    merged_at: str | None
    merged_by_id: int | None
    merged_by_login: str | None
    additions: int
    deletions: int
    changed_files: int
    base_ref: str
    base_sha: str
    head_ref: str
    head_sha: str
    head_repository_id: int | None
    head_repository_name: str | None
    head_owner_id: int | None
    head_owner_login: str | None
    is_cross_repository: bool
    merge_commit_sha: str | None
    review_decision: str | None
    total_comments_count: int | None
    milestone_number: int | None
    url: str


class ReviewRow(NamedTuple):
    """A review."""

    id: int
    node_id: str
    pull_request_id: int
    author_id: int | None
    author_login: str | None
    author_association: str
    state: str
    body: str
    submitted_at: str | None
    created_at: str | None
    updated_at: str | None
    published_at: str | None
    last_edited_at: str | None
    commit_sha: str | None
    is_minimized: bool | None
    url: str


class ReviewThreadRow(NamedTuple):
    """A thread of review comments, without them."""

    node_id: str
    pull_request_id: int
    is_resolved: bool
    is_outdated: bool
    is_collapsed: bool
    resolved_by_id: int | None
    resolved_by_login: str | None
    path: str
    line: int | None
    start_line: int | None
    original_line: int | None
    original_start_line: int | None
    diff_side: str
    start_diff_side: str | None
    subject_type: str


class ReviewCommentRow(NamedTuple):
    """A comment on a line or a file."""

    id: int
    node_id: str
    pull_request_id: int
    thread_node_id: str | None
    review_id: int | None
    reply_to_id: int | None
    author_id: int | None
    author_login: str | None
    author_association: str
    state: str | None
    body: str
    path: str
    diff_hunk: str
    line: int | None
    start_line: int | None
    original_line: int | None
    original_start_line: int | None
    side: str | None
    start_side: str | None
    subject_type: str
    is_outdated: bool | None
    commit_sha: str | None
    original_commit_sha: str | None
    created_at: str
    updated_at: str
    published_at: str | None
    last_edited_at: str | None
    is_minimized: bool | None
    minimized_reason: str | None
    url: str


class IssueCommentRow(NamedTuple):
    """A comment in the conversation."""

    id: int
    node_id: str
    pull_request_id: int
    author_id: int | None
    author_login: str | None
    author_association: str
    body: str
    created_at: str
    updated_at: str
    published_at: str | None
    last_edited_at: str | None
    is_minimized: bool | None
    url: str


class CommitRow(NamedTuple):
    """A commit of a pull request."""

    pull_request_id: int
    sha: str
    position: int
    """Its place in the pull request's list, from 0."""
    message: str
    authored_at: str
    committed_at: str
    author_name: str | None
    author_email: str | None
    author_id: int | None
    author_login: str | None
    committer_name: str | None
    committer_email: str | None
    committer_id: int | None
    committer_login: str | None
    co_authors: str
    """JSON array of {"name", "email"} from the message's Co-authored-by trailers."""


class FileRow(NamedTuple):
    """A file that a pull request changes."""

    pull_request_id: int
    path: str
    previous_path: str | None
    status: str
    """REST's words: added, removed, modified, renamed, copied, changed, unchanged."""
    additions: int
    deletions: int
    blob_sha: str | None
    patch: str | None
    """None when nobody asked for it; empty when GitHub shows none."""


class ThreadTotalRow(NamedTuple):
    """How many comments GitHub counts in a thread, known once its comments are asked for."""

    node_id: str
    comments_total: int


class CompletenessRow(NamedTuple):
    """What is known about one kind of one pull request."""

    pull_request_id: int
    kind: Kind
    expected: int | None
    """GitHub's count."""
    stored: int | None
    """Ours, not deleted, of this reading."""
    proof: Proof
    state: State
    reads: int
    """How often it was read to its end without reaching GitHub's count."""


@dataclass(slots=True)
class Records:
    """Everything that one answer, or several of one page, brought; stored in one transaction."""

    contributors: list[ContributorRow] = field(default_factory=list)
    milestones: list[MilestoneRow] = field(default_factory=list)
    labels: list[LabelRow] = field(default_factory=list)
    index: list[IndexRow] = field(default_factory=list)
    pr_labels: list[PullRequestLabelRow] = field(default_factory=list)
    pr_assignees: list[AssigneeRow] = field(default_factory=list)
    pr_requested_reviewers: list[RequestedReviewerRow] = field(default_factory=list)
    pull_requests: list[PullRequestRow] = field(default_factory=list)
    pr_reviews: list[ReviewRow] = field(default_factory=list)
    pr_review_threads: list[ReviewThreadRow] = field(default_factory=list)
    pr_review_comments: list[ReviewCommentRow] = field(default_factory=list)
    pr_issue_comments: list[IssueCommentRow] = field(default_factory=list)
    pr_commits: list[CommitRow] = field(default_factory=list)
    pr_files: list[FileRow] = field(default_factory=list)
    thread_totals: list[ThreadTotalRow] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Rows of all kinds."""
        return sum(len(getattr(self, each.name)) for each in fields(self) if each.name != "withheld")


class Reading(NamedTuple):
    """What one answer said of one connection: of a pull request, or (review comments) of one thread."""

    pull_request_id: int
    kind: Kind
    node_id: str
    """The node the connection hangs on: the pull request's, or the thread's."""
    total: int | None
    """GitHub's count; None where the API gives none (REST lists)."""
    seen: int
    """Different rows of it in this answer."""
    cursor: str | None
    """Where the next page begins; None at the end of the list."""
    proof: Proof
    broken: bool = False
    """A null or an error stood inside: what was seen is not all that this page should hold."""
    truncated: bool = False
    """GitHub ends this list before its end (caps in `kinds`)."""


UNAVAILABLE: Final[dict[Source, dict[str, frozenset[str]]]] = {
    Source.REST: {
        "repositories": frozenset({"is_empty", "archived_at"}),
        "contributors": frozenset({"name"}),
        "pull_requests": frozenset(
            {
                "body_text",
                "editor_id",
                "editor_login",
                "published_at",
                "last_edited_at",
                "review_decision",
                "total_comments_count",
            }
        ),
        "pr_reviews": frozenset({"created_at", "updated_at", "published_at", "last_edited_at", "is_minimized"}),
        "pr_review_comments": frozenset(
            {
                "thread_node_id",
                "state",
                "is_outdated",
                "published_at",
                "last_edited_at",
                "is_minimized",
                "minimized_reason",
            }
        ),
        "pr_issue_comments": frozenset({"published_at", "last_edited_at", "is_minimized"}),
    },
    Source.GRAPHQL: {
        "pr_review_comments": frozenset({"side", "start_side"}),
        "pr_files": frozenset({"previous_path", "blob_sha", "patch"}),
    },
}
"""Columns that a source cannot give: an upsert from it leaves them as they are; in a fresh row they are NULL."""


class Target(NamedTuple):
    """A pull request to hydrate."""

    pull_request_id: int
    node_id: str
    number: int
