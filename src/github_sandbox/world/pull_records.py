"""Pull requests, issues, labels, milestones and changed files as records; their conversation is made elsewhere."""

from dataclasses import dataclass, field
from typing import Final

from github_sandbox.world.conversation import association
from github_sandbox.world.node_ids import node_id
from github_sandbox.world.records import Record, int_or_none
from github_sandbox.world.stable import hex_of, number_of

_LARGEST_PATCH: Final = 3_000  # lines; above, REST leaves `patch` out
REST_STATUS: Final = {
    "ADDED": "added",
    "DELETED": "removed",
    "MODIFIED": "modified",
    "RENAMED": "renamed",
    "COPIED": "copied",
    "CHANGED": "changed",
}


@dataclass(kw_only=True)
class Branches:
    """Where a pull request comes from and goes to; without `head_repository` that one is deleted."""

    base_name: str
    base_oid: str
    head_name: str
    head_oid: str
    head_repository: Record | None
    head_kept: bool = True


@dataclass(kw_only=True)
class Scalars:
    """What a pull request's record is made of, beside its branches."""

    number: int
    database_id: int
    issue_id: int
    title: str
    body: str
    author: Record | None
    created: str
    updated: str
    state: str = "OPEN"
    closed: str | None = None
    merged_by: Record | None = None
    merge_commit: Record | None = None
    decision: str | None = None
    draft: bool = False
    milestone: Record | None = None
    size: tuple[int, int, int] = (0, 0, 0)
    review_comments: int = 0
    totals: dict[str, int] = field(default_factory=dict)


def new_pull(repository: Record, has: Scalars, branches: Branches) -> Record:
    """A pull request without ``_connections``; `size` is additions, deletions and changed files."""
    merged = has.state == "MERGED"
    head = branches.head_repository
    return {
        "__typename": "PullRequest",
        "id": node_id("PullRequest", repository["databaseId"], has.database_id),
        "databaseId": int_or_none(has.database_id),
        "fullDatabaseId": str(has.database_id),
        "number": has.number,
        "title": has.title,
        "body": has.body,
        "state": has.state,
        "isDraft": has.draft,
        "locked": False,
        "activeLockReason": None,
        "merged": merged,
        "mergedAt": has.closed if merged else None,
        "mergedBy": has.merged_by,
        "closed": has.state != "OPEN",
        "closedAt": has.closed,
        "createdAt": has.created,
        "updatedAt": has.updated,
        "publishedAt": has.created,
        **_unedited(),
        "author": has.author,
        "authorAssociation": association({"repository": repository}, has.author),
        "additions": has.size[0],
        "deletions": has.size[1],
        "changedFiles": has.size[2],
        **_branch_fields(repository, branches),
        "isCrossRepository": head is not repository,
        "maintainerCanModify": has.state == "OPEN" and head is not None and head is not repository,
        "mergeable": "MERGEABLE" if has.state == "OPEN" else "UNKNOWN",
        "mergeStateStatus": "CLEAN" if has.state == "OPEN" else "UNKNOWN",
        "mergeCommit": has.merge_commit,
        "potentialMergeCommit": None,
        "reviewDecision": has.decision,
        "totalCommentsCount": has.totals.get("comments", 0) + has.review_comments,
        "canBeRebased": has.state == "OPEN",
        "isReadByViewer": True,
        "url": f"{repository['url']}/pull/{has.number}",
        "milestone": has.milestone,
        "repository": repository,
        "_totals": has.totals,
        "_restIssueId": has.issue_id,
        "_restMergeCommitSha": None if has.merge_commit is None else has.merge_commit["oid"],
        "_restReviewComments": has.review_comments,
        "_restMergeableState": "clean" if has.state == "OPEN" else "unknown",
    }


def _unedited() -> Record:
    return {"lastEditedAt": None, "editor": None, "includesCreatedEdit": False}


def _branch_fields(repository: Record, branches: Branches) -> Record:
    head = branches.head_repository
    kept = head is not None and branches.head_kept
    return {
        "baseRefName": branches.base_name,
        "baseRefOid": branches.base_oid,
        "headRefName": branches.head_name,
        "headRefOid": branches.head_oid,
        "baseRef": new_ref(repository, branches.base_name, branches.base_oid),
        "headRef": new_ref(head, branches.head_name, branches.head_oid) if kept and head is not None else None,
        "baseRepository": repository,
        "headRepository": head,
        "headRepositoryOwner": None if head is None else head["owner"],
    }


def new_ref(repository: Record, name: str, oid: str) -> Record:
    """A branch at commit `oid`; its target names that commit only by its ids."""
    target = {
        "__typename": "Commit",
        "id": node_id("Commit", repository["databaseId"], oid=oid),
        "oid": oid,
        "repository": repository,
    }
    return {
        "__typename": "Ref",
        "id": node_id("Ref", repository["databaseId"], number_of(name) % 2**32),
        "name": name,
        "prefix": "refs/heads/",
        "target": target,
        "repository": repository,
    }


def new_file(
    path: str, change: str, additions: int, deletions: int, *, previous: str | None = None, binary: bool = False
) -> Record:
    """A changed file; `previous` is its path before a rename."""
    lines = additions + deletions
    return {
        "__typename": "PullRequestChangedFile",
        "path": path,
        "additions": additions,
        "deletions": deletions,
        "changeType": change,
        "viewerViewedState": "UNVIEWED",
        "_restStatus": REST_STATUS[change],
        "_restSha": hex_of(40, "blob", path, additions, deletions),
        "_restPreviousPath": previous,
        "_restHasPatch": not binary and 0 < lines <= _LARGEST_PATCH,
    }


def new_label(repository: Record, rest_id: int, name: str, color: str) -> Record:
    """A label of a repository."""
    return {
        "__typename": "Label",
        "id": node_id("Label", repository["databaseId"], rest_id),
        "name": name,
        "color": color,
        "description": f"About {name}",
        "isDefault": name in {"bug", "enhancement", "documentation"},
        "url": f"{repository['url']}/labels/{name.replace(' ', '%20')}",
        "createdAt": repository["createdAt"],
        "updatedAt": repository["createdAt"],
        "repository": repository,
        "_restId": rest_id,
    }


def new_milestone(repository: Record, rest_id: int, number: int, title: str, creator: Record | None) -> Record:
    """An open milestone of a repository."""
    return {
        "__typename": "Milestone",
        "id": node_id("Milestone", repository["databaseId"], rest_id),
        "number": number,
        "title": title,
        "description": f"Everything for {title}",
        "state": "OPEN",
        "closed": False,
        "closedAt": None,
        "createdAt": repository["createdAt"],
        "updatedAt": repository["createdAt"],
        "dueOn": None,
        "creator": creator,
        "progressPercentage": 0.0,
        "url": f"{repository['url']}/milestone/{number}",
        "repository": repository,
        "_restId": rest_id,
        "_restOpenIssues": 0,
        "_restClosedIssues": 0,
    }


def new_issue(
    repository: Record, number: int, database_id: int, *, title: str, body: str, by: Record | None, stamp: str
) -> Record:
    """An open issue without comments."""
    return {
        "__typename": "Issue",
        "id": node_id("Issue", repository["databaseId"], database_id),
        "databaseId": int_or_none(database_id),
        "fullDatabaseId": str(database_id),
        "number": number,
        "title": title,
        "body": body,
        "state": "OPEN",
        "stateReason": None,
        "closed": False,
        "closedAt": None,
        "createdAt": stamp,
        "updatedAt": stamp,
        "publishedAt": stamp,
        "lastEditedAt": None,
        "editor": None,
        "author": by,
        "authorAssociation": association({"repository": repository}, by),
        "locked": False,
        "activeLockReason": None,
        "url": f"{repository['url']}/issues/{number}",
        "milestone": None,
        "repository": repository,
        "_connections": {"comments": [], "labels": [], "assignees": [], "participants": [] if by is None else [by]},
    }
