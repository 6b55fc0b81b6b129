"""Which facts of a record are part of the truth, and which an API cannot give; rows are made in `truth`."""

from typing import Final

from github_sandbox.world.fields import FIELDS, REFERENCES
from github_sandbox.world.records import Record

_EDITS: Final = ("lastEditedAt", "editor", "includesCreatedEdit")
_HIDDEN: Final = ("isMinimized", "minimizedReason")
_BACKWARD: Final = {"pullRequest", "repository", "baseRepository", "issue", "isReadByViewer", "viewerViewedState"}

# What GraphQL's schema has no field for, and what no REST route tells or lets work out. The `id` of a commit's row is
# that of its place in a pull request, which REST does not know; the commit's own is `commit`.
UNAVAILABLE: Final[dict[str, dict[str, list[str]]]] = {
    "Bot": {"graphql": ["name", "email", "bio", "company", "location", "websiteUrl", "isSiteAdmin"]},
    "Mannequin": {"graphql": ["name", "bio", "company", "location", "websiteUrl", "isSiteAdmin"]},
    "Organization": {"graphql": ["bio", "company", "isSiteAdmin"]},
    "Repository": {"rest": ["archivedAt", "isEmpty", "isLocked"]},
    "PullRequest": {
        "rest": ["publishedAt", *_EDITS, "headRef", "potentialMergeCommit", "reviewDecision", "totalCommentsCount"]
    },
    "PullRequestReview": {
        "rest": ["createdAt", "updatedAt", "publishedAt", *_EDITS, *_HIDDEN, "authorCanPushToRepository"]
    },
    "PullRequestReviewComment": {
        "rest": ["thread", "publishedAt", "draftedAt", *_EDITS, *_HIDDEN, "outdated", "state"],
    },
    "IssueComment": {"rest": ["publishedAt", *_EDITS, *_HIDDEN, "isPinned"], "graphql": ["isPinned"]},
    "PullRequestChangedFile": {"graphql": ["patch", "previousPath", "sha"]},
    "PullRequestCommit": {"rest": ["id", "additions", "deletions", "changedFilesIfAvailable", "committedViaWeb"]},
    "Label": {"rest": ["createdAt", "updatedAt"]},
}


def facts(record: Record) -> Record:
    """The scalars of a record and, for what it refers to, ids: an actor's node id, a commit's oid, a branch's name."""
    kind = record["__typename"]
    references = REFERENCES.get(kind, ())
    row: Record = {}
    for key in FIELDS[kind]:
        if key in _BACKWARD or (key.startswith("_") and key != "__typename"):
            continue
        row[key] = reference(record[key]) if key in references else record[key]
    return row


def reference(record: Record | None) -> object:
    """How a row names another record."""
    if record is None:
        return None
    kind = record["__typename"]
    if kind == "GitActor":
        return {key: record[key] for key in ("name", "email", "date")} | {"user": reference(record["user"])}
    return record[{"Commit": "oid", "Ref": "name", "Language": "name"}.get(kind, "id")]
