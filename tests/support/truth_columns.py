"""Which truth each stored column is compared with, as one table; reading and comparing are done elsewhere."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from progressive_capture.domain.kinds import Source
from tests.support.truth_makers import Column, co_authors, node, node_number, number, of_thread, plain, signed, who
from tests.support.truth_people import untold_fields
from tests.support.truth_world import Line, Truth, numeric_id, type_of

STATUS: Final = {"DELETED": "removed"}
"""GraphQL's words for a change that REST does not share, but for their case."""

SELECTED_BY: Final = frozenset({"host_id", "repository_id", "deleted_at"})
"""Columns that the compared rows are selected by, so that a wrong one shows as a missing row."""

OWN: Final = {
    "captured_at": "our own stamp, which GitHub does not know",
    "first_captured_at": "our own stamp",
    "first_listed_at": "our own stamp",
    "listed_at": "our own stamp",
    "first_seen_at": "our own stamp",
    "last_seen_at": "our own stamp",
    "source": "compared with what the capture was told to use, beside the table",
    "watermark": "our own stamp; that it only rises is tested with the store",
    "contributors_total": "a count that no line tells; compared with the REST list's by a test of its own",
    "contributors_counted_at": "our own stamp",
    "comments_total": "compared with the thread's lines, beside the table: NULL where nobody asked",
}
"""Columns that no field of the truth stands against, each with the reason."""

UNTOLD: Final[Mapping[Source, Mapping[tuple[str, str], str]]] = {
    Source.REST: {
        ("contributors", "name"): "REST names people by login alone wherever they are part of another object",
        ("pull_requests", "body_text"): "REST gives it only in another media type",
    },
    Source.GRAPHQL: {
        ("pr_review_comments", "side"): "GraphQL tells it of the thread",
        ("pr_review_comments", "start_side"): "GraphQL tells it of the thread",
    },
}
"""What an API cannot give though the truth has it: the truth marks only fields of GitHub's own names."""


class Compared(NamedTuple):
    """A stored table, the kind of lines it holds, the columns that tell its rows apart, and every other column."""

    kind: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    lines: Callable[[Truth], Iterable[Line]] | None = None


PULL_REQUEST_ID: Final = Column(lambda row, truth: truth.pull_request_id(row), ())
NODE_ID: Final = plain("id")


def _names(**columns: str) -> dict[str, Column]:
    return {column: plain(field) for column, field in columns.items()}


_TEXT: Final = {**_names(author_association="authorAssociation", body="body", url="url"), **who("author", "author")}
_STAMPS: Final = _names(
    created_at="createdAt", updated_at="updatedAt", published_at="publishedAt", last_edited_at="lastEditedAt"
)
_LINES: Final = _names(
    line="line", start_line="startLine", original_line="originalLine", original_start_line="originalStartLine"
)


def _owner(field: str) -> Column:
    return Column(lambda row, truth: truth.by_node[row["owner"]][field], ("owner",))


def _head(field: str) -> Column:
    return node("headRepository", field)


def _people_login(row: Line, truth: Truth) -> str:
    person = truth.by_node[row["to"]]
    return str(person["slug"] if person["kind"] == "team" else person["login"])


def _label_lines(truth: Truth) -> Iterable[Line]:
    return [row for row in truth.by_kind["label"] if "pullRequest" not in row]


def _label_relations(truth: Truth) -> Iterable[Line]:
    return [row for row in truth.by_kind["label"] if "pullRequest" in row]


COMPARED: Final[Mapping[str, Compared]] = {
    "repositories": Compared(
        "repository",
        ("id",),
        {
            "id": Column(lambda row, _: numeric_id(row["id"]), ()),
            "node_id": NODE_ID,
            "owner_login": _owner("login"),
            "owner_id": Column(lambda row, _: numeric_id(row["owner"]), ("owner",), "owner"),
            "owner_type": Column(lambda row, _: type_of(row["owner"]), ("owner",)),
            "name": plain("name"),
            "description": plain("description"),
            "is_private": plain("isPrivate"),
            "is_fork": plain("isFork"),
            "is_archived": plain("isArchived"),
            "is_disabled": plain("isDisabled"),
            "is_empty": plain("isEmpty"),
            "visibility": plain("visibility"),
            "default_branch": plain("defaultBranchRef"),
            "primary_language": plain("primaryLanguage"),
            "stars": plain("stargazerCount"),
            "forks": plain("forkCount"),
            "created_at": plain("createdAt"),
            "pushed_at": plain("pushedAt"),
            "updated_at": plain("updatedAt"),
            "archived_at": plain("archivedAt"),
            "pull_requests_total": Column(lambda _, truth: len(truth.by_number), ()),
        },
    ),
    "repository_names": Compared(
        "repository",
        ("name_key",),
        {
            "name_key": Column(lambda row, _: row["nameWithOwner"].lower(), ("nameWithOwner",)),
            "full_name": plain("nameWithOwner"),
        },
    ),
    "contributors": Compared(
        "user",
        ("id",),
        {
            "id": Column(lambda row, _: numeric_id(row["id"]), ("databaseId",)),
            "node_id": NODE_ID,
            "login": plain("login"),
            "type": Column(lambda row, _: type_of(row["id"]), ()),
            "name": plain("name"),
        },
    ),
    "contributor_logins": Compared(
        "user",
        ("contributor_id", "login"),
        {"contributor_id": Column(lambda row, _: numeric_id(row["id"]), ()), "login": plain("login")},
    ),
    "milestones": Compared(
        "milestone",
        ("number",),
        {
            "number": plain("number"),
            "node_id": NODE_ID,
            **_names(title="title", description="description", state="state", due_on="dueOn"),
            **_names(created_at="createdAt", updated_at="updatedAt", closed_at="closedAt"),
        },
    ),
    "labels": Compared(
        "label",
        ("node_id",),
        {"node_id": NODE_ID, **_names(name="name", color="color", description="description")},
        _label_lines,
    ),
    "pull_request_index": Compared(
        "pullRequest",
        ("number",),
        {
            "pull_request_id": number("fullDatabaseId"),
            "node_id": NODE_ID,
            **_names(number="number", state="state", created_at="createdAt", updated_at="updatedAt"),
        },
    ),
    "pr_labels": Compared(
        "label",
        ("pull_request_id", "label_node_id"),
        {"pull_request_id": PULL_REQUEST_ID, "label_node_id": plain("to")},
        _label_relations,
    ),
    "pr_assignees": Compared(
        "assignee",
        ("pull_request_id", "contributor_id"),
        {"pull_request_id": PULL_REQUEST_ID, "contributor_id": Column(lambda row, _: numeric_id(row["to"]), ())},
    ),
    "pr_requested_reviewers": Compared(
        "requestedReviewer",
        ("pull_request_id", "reviewer_type", "reviewer_id"),
        {
            "pull_request_id": PULL_REQUEST_ID,
            "reviewer_type": plain("__typename"),
            "reviewer_id": Column(lambda row, _: numeric_id(row["to"]), ()),
            "reviewer_login": Column(_people_login, ()),
        },
    ),
    "pull_requests": Compared(
        "pullRequest",
        ("id",),
        {
            "id": number("fullDatabaseId"),
            "node_id": NODE_ID,
            **_TEXT,
            **_STAMPS,
            # The stand-in's plain text of a body is the body itself: it renders no Markdown.
            "body_text": plain("body"),
            **who("editor", "editor"),
            **who("merged_by", "mergedBy"),
            **_names(number="number", title="title", state="state", is_draft="isDraft", is_locked="locked"),
            **_names(active_lock_reason="activeLockReason", closed_at="closedAt", merged_at="mergedAt"),
            **_names(additions="additions", deletions="deletions", changed_files="changedFiles"),
            **_names(base_ref="baseRefName", base_sha="baseRefOid", head_ref="headRefName", head_sha="headRefOid"),
            "head_repository_id": Column(
                lambda row, _: None if row["headRepository"] is None else numeric_id(row["headRepository"]),
                ("headRepository",),
            ),
            "head_repository_name": _head("nameWithOwner"),
            **who("head_owner", "headRepositoryOwner"),
            **_names(is_cross_repository="isCrossRepository", merge_commit_sha="mergeCommit"),
            **_names(review_decision="reviewDecision", total_comments_count="totalCommentsCount"),
            "milestone_number": node("milestone", "number"),
        },
    ),
    "pr_reviews": Compared(
        "review",
        ("id",),
        {
            "id": number("fullDatabaseId"),
            "node_id": NODE_ID,
            "pull_request_id": PULL_REQUEST_ID,
            **_TEXT,
            **_STAMPS,
            **_names(state="state", submitted_at="submittedAt", commit_sha="commit", is_minimized="isMinimized"),
        },
    ),
    "pr_review_threads": Compared(
        "reviewThread",
        ("node_id",),
        {
            "node_id": NODE_ID,
            "pull_request_id": PULL_REQUEST_ID,
            **_names(is_resolved="isResolved", is_outdated="isOutdated", is_collapsed="isCollapsed", path="path"),
            **who("resolved_by", "resolvedBy"),
            **_LINES,
            **_names(diff_side="diffSide", start_diff_side="startDiffSide", subject_type="subjectType"),
        },
    ),
    "pr_review_comments": Compared(
        "reviewComment",
        ("id",),
        {
            "id": number("fullDatabaseId"),
            "node_id": NODE_ID,
            "pull_request_id": PULL_REQUEST_ID,
            "thread_node_id": plain("thread"),
            "review_id": node_number("pullRequestReview"),
            "reply_to_id": node_number("replyTo"),
            **_TEXT,
            **_STAMPS,
            **_LINES,
            **_names(state="state", path="path", diff_hunk="diffHunk", subject_type="subjectType"),
            "side": of_thread("diffSide"),
            "start_side": of_thread("startDiffSide"),
            **_names(is_outdated="outdated", commit_sha="commit", original_commit_sha="originalCommit"),
            **_names(is_minimized="isMinimized", minimized_reason="minimizedReason"),
        },
    ),
    "pr_issue_comments": Compared(
        "issueComment",
        ("id",),
        {
            "id": number("fullDatabaseId"),
            "node_id": NODE_ID,
            "pull_request_id": PULL_REQUEST_ID,
            **_TEXT,
            **_STAMPS,
            "is_minimized": plain("isMinimized"),
        },
    ),
    "pr_commits": Compared(
        "commit",
        ("pull_request_id", "sha"),
        {
            "pull_request_id": PULL_REQUEST_ID,
            "sha": plain("oid"),
            **_names(position="position", message="message", authored_at="authoredDate"),
            "committed_at": plain("committedDate"),
            **signed("author"),
            **signed("committer"),
            "co_authors": Column(lambda row, _: co_authors(row["message"]), ("message",)),
        },
    ),
    "pr_files": Compared(
        "file",
        ("pull_request_id", "path"),
        {
            "pull_request_id": PULL_REQUEST_ID,
            **_names(path="path", previous_path="previousPath", additions="additions", deletions="deletions"),
            "status": Column(lambda row, _: STATUS.get(row["changeType"], row["changeType"].lower()), ("changeType",)),
            "blob_sha": plain("sha"),
            "patch": plain("patch"),
        },
    ),
}
"""Every table of captured rows, and what each of its columns must equal."""


def is_untold(table: str, column: str, line: Line, truth: Truth, api: Source) -> bool:
    """Whether an API cannot give the column of this row, so that it may be NULL."""
    compared = COMPARED[table].columns[column]
    if (table, column) in UNTOLD[api] or not untold_fields(line, api).isdisjoint(compared.fields):
        return True
    return compared.needs_number is not None and api is Source.GRAPHQL and not _has_number(compared, line, truth)


def _has_number(compared: Column, line: Line, truth: Truth) -> bool:
    assert compared.needs_number is not None
    field, _, below = compared.needs_number.partition(".")
    named = line[field][below] if below else line[field]
    return named is None or truth.by_node[named]["databaseId"] is not None
