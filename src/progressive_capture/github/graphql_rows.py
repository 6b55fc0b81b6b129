"""GraphQL's child nodes into rows, one function a kind; which page they belong to is not known here.

Each takes the nodes of one page and appends to the records; it returns how many different rows it saw and whether
one was missing: a null, or a node without the id that its row is stored by.
"""

from collections.abc import Callable, Iterable
from typing import Final

from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.records import (
    CommitRow,
    FileRow,
    IssueCommentRow,
    Records,
    ReviewCommentRow,
    ReviewRow,
    ReviewThreadRow,
)
from progressive_capture.github.graphql_pull_request import (
    Nodes,
    Seen,
    assignees,
    commit_hash,
    labels,
    requested_reviewers,
)
from progressive_capture.github.nodes import (
    ChangedFile,
    GitActor,
    IssueComment,
    Numbered,
    PullRequestCommit,
    Review,
    ReviewComment,
    ReviewThread,
)
from progressive_capture.github.people import People
from progressive_capture.github.trailers import co_authors

STATUS: Final = {
    "ADDED": "added",
    "CHANGED": "changed",
    "COPIED": "copied",
    "DELETED": "removed",
    "MODIFIED": "modified",
    "RENAMED": "renamed",
}
"""GraphQL's change types in REST's words."""


made: Final = tuple.__new__
"""Makes a row from the tuple of its columns: a third of the time that calling its class takes, and rows are many."""

UNSIGNED: Final = GitActor(name=None, email=None, user=None)


def _number(node: Numbered | None) -> int | None:
    return int(node.full_database_id) if node is not None and node.full_database_id is not None else None


def reviews(records: Records, people: People, pull_request: int, nodes: Iterable[Review | None]) -> Seen:
    """Rows of reviews."""
    rows, who = records.pr_reviews, people.actor
    keys: set[int] = set()
    hole = False
    for node in nodes:
        if node is None or node.full_database_id is None:
            hole = True
            continue
        number = int(node.full_database_id)
        keys.add(number)
        author_id, author_login = who(node.author)
        rows.append(
            made(
                ReviewRow,
                (
                    number,
                    node.id,
                    pull_request,
                    author_id,
                    author_login,
                    node.author_association,
                    node.state,
                    node.body,
                    node.submitted_at,
                    node.created_at,
                    node.updated_at,
                    node.published_at,
                    node.last_edited_at,
                    commit_hash(node.commit),
                    node.is_minimized,
                    node.url,
                ),
            )
        )
    return len(keys), hole


def review_threads(records: Records, people: People, pull_request: int, nodes: Iterable[ReviewThread | None]) -> Seen:
    """Rows of threads, without their comments."""
    rows, who = records.pr_review_threads, people.actor
    keys: set[str] = set()
    hole = False
    for node in nodes:
        if node is None:
            hole = True
            continue
        keys.add(node.id)
        resolved_by_id, resolved_by_login = who(node.resolved_by)
        rows.append(
            made(
                ReviewThreadRow,
                (
                    node.id,
                    pull_request,
                    node.is_resolved,
                    node.is_outdated,
                    node.is_collapsed,
                    resolved_by_id,
                    resolved_by_login,
                    node.path,
                    node.line,
                    node.start_line,
                    node.original_line,
                    node.original_start_line,
                    node.diff_side,
                    node.start_diff_side,
                    node.subject_type,
                ),
            )
        )
    return len(keys), hole


def review_comments(
    records: Records, people: People, pull_request: int, thread: str, nodes: Iterable[ReviewComment | None]
) -> Seen:
    """Rows of one thread's comments."""
    rows, who = records.pr_review_comments, people.actor
    keys: set[int] = set()
    hole = False
    for node in nodes:
        if node is None or node.full_database_id is None:
            hole = True
            continue
        number = int(node.full_database_id)
        keys.add(number)
        author_id, author_login = who(node.author)
        # fmt: off
        rows.append(made(ReviewCommentRow, (
            number, node.id, pull_request, thread, _number(node.pull_request_review), _number(node.reply_to),
            author_id, author_login, node.author_association, node.state, node.body, node.path, node.diff_hunk,
            node.line, node.start_line, node.original_line, node.original_start_line, None, None,
            node.subject_type, node.outdated, commit_hash(node.commit), commit_hash(node.original_commit),
            node.created_at, node.updated_at, node.published_at, node.last_edited_at,
            node.is_minimized, node.minimized_reason, node.url,
        )))
        # fmt: on
    return len(keys), hole


def issue_comments(records: Records, people: People, pull_request: int, nodes: Iterable[IssueComment | None]) -> Seen:
    """Rows of comments on the pull request as a whole."""
    rows, who = records.pr_issue_comments, people.actor
    keys: set[int] = set()
    hole = False
    for node in nodes:
        if node is None or node.full_database_id is None:
            hole = True
            continue
        number = int(node.full_database_id)
        keys.add(number)
        author_id, author_login = who(node.author)
        rows.append(
            made(
                IssueCommentRow,
                (
                    number,
                    node.id,
                    pull_request,
                    author_id,
                    author_login,
                    node.author_association,
                    node.body,
                    node.created_at,
                    node.updated_at,
                    node.published_at,
                    node.last_edited_at,
                    node.is_minimized,
                    node.url,
                ),
            )
        )
    return len(keys), hole


def commits(
    records: Records, people: People, pull_request: int, nodes: Iterable[PullRequestCommit | None], first: int
) -> Seen:
    """Rows of commits; `first` is the place of the first one in the pull request's list, from 0."""
    rows, who = records.pr_commits, people.actor
    keys: set[str] = set()
    hole = False
    for position, node in enumerate(nodes, first):
        if node is None:
            hole = True
            continue
        commit = node.commit
        keys.add(commit.oid)
        author, committer = commit.author or UNSIGNED, commit.committer or UNSIGNED
        author_id, author_login = who(author.user)
        committer_id, committer_login = who(committer.user)
        rows.append(
            made(
                CommitRow,
                (
                    pull_request,
                    commit.oid,
                    position,
                    commit.message,
                    commit.authored_date,
                    commit.committed_date,
                    author.name,
                    author.email,
                    author_id,
                    author_login,
                    committer.name,
                    committer.email,
                    committer_id,
                    committer_login,
                    co_authors(commit.message),
                ),
            )
        )
    return len(keys), hole


def files(records: Records, _: People, pull_request: int, nodes: Iterable[ChangedFile | None]) -> Seen:
    """Rows of changed files, without previous path and patch, which GraphQL does not have."""
    rows = records.pr_files
    keys: set[str] = set()
    hole = False
    for node in nodes:
        if node is None:
            hole = True
            continue
        keys.add(node.path)
        kind = node.change_type
        status = STATUS.get(kind) or kind.lower()
        rows.append(made(FileRow, (pull_request, node.path, None, status, node.additions, node.deletions, None, None)))
    return len(keys), hole


def rows_of(kind: Kind, records: Records, people: People, pull_request: int, first: int) -> Callable[[Nodes], Seen]:
    """The function of a kind that hangs below pull requests, to take the nodes of a page that begins at place `first`.

    Raises:
        KeyError: review comments, which hang below threads.
    """
    if kind is Kind.COMMITS:
        return lambda nodes: commits(records, people, pull_request, nodes, first)
    add = BELOW_PULL_REQUESTS[kind]
    return lambda nodes: add(records, people, pull_request, nodes)


BELOW_PULL_REQUESTS: Final[dict[Kind, Callable[[Records, People, int, Nodes], Seen]]] = {
    Kind.REVIEWS: reviews,
    Kind.REVIEW_THREADS: review_threads,
    Kind.ISSUE_COMMENTS: issue_comments,
    Kind.FILES: files,
    Kind.LABELS: labels,
    Kind.ASSIGNEES: assignees,
    Kind.REQUESTED_REVIEWERS: requested_reviewers,
}
