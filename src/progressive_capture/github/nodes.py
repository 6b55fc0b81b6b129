"""The things in GraphQL answers as typed structures, named as GitHub names them; rows are made of them elsewhere.

Whatever may be null by the schema, or by an error below it, may be null here.
"""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class Node(msgspec.Struct, rename="camel", gc=False):
    """The base of all forms: field names in camel case."""


class RateLimit(Node):
    """What the query cost."""

    cost: int
    limit: int
    remaining: int
    reset_at: str
    used: int
    node_count: int


class PageInfo(Node):
    """Whether and where a connection goes on."""

    has_next_page: bool
    end_cursor: str | None


class Connection(Node, Generic[T]):
    """One page of a connection. A null among the nodes is one that GitHub failed to give."""

    total_count: int
    page_info: PageInfo
    nodes: list[T | None] | None


class Total(Node):
    """A connection of which only the count was asked for."""

    total_count: int


class Actor(Node):
    """Whoever did something; no id for kinds of actors that have none."""

    typename: str = msgspec.field(name="__typename")
    login: str
    database_id: int | None = None
    id: str | None = None
    name: str | None = None


class Owner(Node):
    """The owner of a repository."""

    login: str
    typename: str = msgspec.field(name="__typename", default="")
    database_id: int | None = None


class GitActor(Node):
    """A commit's author or committer."""

    name: str | None
    email: str | None
    user: Actor | None


class Oid(Node):
    """A commit of which only the hash was asked for."""

    oid: str


class Numbered(Node):
    """A node of which only the REST id was asked for; a string, as GraphQL's integers have 32 bits."""

    full_database_id: str | int | None


class Named(Node):
    """A thing of which only the name was asked for."""

    name: str


class Label(Node):
    """A label."""

    id: str
    name: str
    color: str
    description: str | None


class Reviewer(Node):
    """Whoever was asked for a review: a user, bot, mannequin, or team (which has a slug)."""

    typename: str = msgspec.field(name="__typename")
    database_id: int | None = None
    id: str | None = None
    login: str | None = None
    name: str | None = None
    slug: str | None = None


class ReviewRequest(Node):
    """A request for a review."""

    requested_reviewer: Reviewer | None


class Milestone(Node):
    """A milestone."""

    id: str
    number: int
    title: str
    description: str | None
    state: str
    due_on: str | None
    created_at: str
    updated_at: str
    closed_at: str | None


class HeadRepository(Node):
    """Where a pull request comes from."""

    database_id: int | None
    name_with_owner: str


class Review(Node):
    """A review."""

    id: str
    full_database_id: str | int | None
    author: Actor | None
    author_association: str
    state: str
    body: str
    submitted_at: str | None
    created_at: str
    updated_at: str
    published_at: str | None
    last_edited_at: str | None
    commit: Oid | None
    is_minimized: bool
    url: str


class ReviewComment(Node):
    """A comment of a thread."""

    id: str
    full_database_id: str | int | None
    author: Actor | None
    author_association: str
    state: str
    body: str
    path: str
    diff_hunk: str
    line: int | None
    start_line: int | None
    original_line: int | None
    original_start_line: int | None
    subject_type: str
    outdated: bool
    reply_to: Numbered | None
    pull_request_review: Numbered | None
    commit: Oid | None
    original_commit: Oid | None
    created_at: str
    updated_at: str
    published_at: str | None
    last_edited_at: str | None
    is_minimized: bool
    minimized_reason: str | None
    url: str


class ReviewThread(Node):
    """A thread without its comments."""

    id: str
    is_resolved: bool
    is_outdated: bool
    is_collapsed: bool
    resolved_by: Actor | None
    path: str
    line: int | None
    start_line: int | None
    original_line: int | None
    original_start_line: int | None
    diff_side: str
    start_diff_side: str | None
    subject_type: str


class IssueComment(Node):
    """A comment on the pull request as a whole."""

    id: str
    full_database_id: str | int | None
    author: Actor | None
    author_association: str
    body: str
    created_at: str
    updated_at: str
    published_at: str | None
    last_edited_at: str | None
    is_minimized: bool
    url: str


class Commit(Node):
    """A commit's facts."""

    oid: str
    message: str
    authored_date: str
    committed_date: str
    author: GitActor | None
    committer: GitActor | None


class PullRequestCommit(Node):
    """A commit's place in a pull request."""

    commit: Commit


class ChangedFile(Node):
    """A changed file."""

    path: str
    change_type: str
    additions: int
    deletions: int


class IndexNode(Node):
    """A pull request in the list."""

    id: str
    full_database_id: str | int | None
    number: int
    state: str
    created_at: str
    updated_at: str
    labels: Connection[Label] | None
    assignees: Connection[Actor] | None
    review_requests: Connection[ReviewRequest] | None


class Connections(Node):
    """The connections of a pull request: unset when not asked for, null when GitHub failed to give them."""

    reviews: Connection[Review] | msgspec.UnsetType | None = msgspec.UNSET
    review_threads: Connection[ReviewThread] | msgspec.UnsetType | None = msgspec.UNSET
    comments: Connection[IssueComment] | msgspec.UnsetType | None = msgspec.UNSET
    commits: Connection[PullRequestCommit] | msgspec.UnsetType | None = msgspec.UNSET
    files: Connection[ChangedFile] | msgspec.UnsetType | None = msgspec.UNSET
    labels: Connection[Label] | msgspec.UnsetType | None = msgspec.UNSET
    assignees: Connection[Actor] | msgspec.UnsetType | None = msgspec.UNSET
    review_requests: Connection[ReviewRequest] | msgspec.UnsetType | None = msgspec.UNSET
    review_comments: Connection[ReviewComment] | msgspec.UnsetType | None = msgspec.UNSET


class PullRequest(Connections, kw_only=True):
    """A hydrated pull request."""

    id: str
    full_database_id: str | int | None
    number: int
    title: str
    body: str
    body_text: str
    state: str
    is_draft: bool
    locked: bool
    active_lock_reason: str | None
    author: Actor | None
    author_association: str
    editor: Actor | None
    created_at: str
    updated_at: str
    published_at: str | None
    last_edited_at: str | None
    closed_at: str | None
    merged_at: str | None
    merged_by: Actor | None
    additions: int
    deletions: int
    changed_files: int
    base_ref_name: str
    base_ref_oid: str
    head_ref_name: str
    head_ref_oid: str
    head_repository: HeadRepository | None
    head_repository_owner: Owner | None
    is_cross_repository: bool
    merge_commit: Oid | None
    review_decision: str | None
    total_comments_count: int | None
    milestone: Milestone | None
    url: str


class Newest(Node):
    """A pull request of which only the number was asked for."""

    number: int


class NewestPage(Node):
    """A page of the list of pull requests of which only the numbers were asked for."""

    nodes: list[Newest | None] | None


class Repository(Node):
    """A repository."""

    id: str
    database_id: int | None
    name: str
    owner: Owner
    description: str | None
    is_private: bool
    is_fork: bool
    is_archived: bool
    is_disabled: bool
    is_empty: bool
    visibility: str
    default_branch_ref: Named | None
    primary_language: Named | None
    stargazer_count: int
    fork_count: int
    created_at: str
    pushed_at: str | None
    updated_at: str
    archived_at: str | None
    pull_requests: Total
    newest: NewestPage | None = None
