"""Bodies as GitHub sends them, with what a test changes; every field that is asked for is there."""

from typing import Any

T0 = "2026-01-01T00:00:00Z"
ACTOR = {"__typename": "User", "login": "ann", "databaseId": 7, "id": "U_7", "name": "Ann"}
COST = {"cost": 1, "limit": 5000, "remaining": 4999, "resetAt": T0, "used": 1, "nodeCount": 9}


def connection(nodes: list[Any] | None, total: int | None = None, cursor: str | None = None) -> dict[str, Any]:
    """A page of a connection, which goes on when it has a cursor."""
    return {
        "totalCount": len(nodes or ()) if total is None else total,
        "pageInfo": {"hasNextPage": cursor is not None, "endCursor": cursor},
        "nodes": nodes,
    }


def review(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"PRR_{number}", "fullDatabaseId": str(number), "author": ACTOR, "authorAssociation": "MEMBER",
        "state": "APPROVED", "body": "", "submittedAt": T0, "createdAt": T0, "updatedAt": T0, "publishedAt": T0,
        "lastEditedAt": None, "commit": {"oid": "c1"}, "isMinimized": False, "url": "u",
    } | more  # fmt: skip


def thread(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "isResolved": True, "isOutdated": False, "isCollapsed": False, "resolvedBy": ACTOR, "path": "a.py",
        "line": 1, "startLine": None, "originalLine": 1, "originalStartLine": None, "diffSide": "RIGHT",
        "startDiffSide": None, "subjectType": "LINE",
    } | more  # fmt: skip


def review_comment(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"PRRC_{number}", "fullDatabaseId": str(number), "author": ACTOR, "authorAssociation": "NONE",
        "state": "SUBMITTED", "body": "b", "path": "a.py", "diffHunk": "@@", "line": 1, "startLine": None,
        "originalLine": 1, "originalStartLine": None, "subjectType": "LINE", "outdated": False,
        "replyTo": {"fullDatabaseId": "1"}, "pullRequestReview": {"fullDatabaseId": "2"}, "commit": {"oid": "c1"},
        "originalCommit": None, "createdAt": T0, "updatedAt": T0, "publishedAt": T0, "lastEditedAt": None,
        "isMinimized": False, "minimizedReason": None, "url": "u",
    } | more  # fmt: skip


def issue_comment(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"IC_{number}", "fullDatabaseId": str(number), "author": None, "authorAssociation": "NONE", "body": "b",
        "createdAt": T0, "updatedAt": T0, "publishedAt": None, "lastEditedAt": None, "isMinimized": True, "url": "u",
    } | more  # fmt: skip


def commit(oid: str, **more: Any) -> dict[str, Any]:
    signed = {"name": "Ann", "email": "ann@example.invalid", "user": ACTOR}
    return {
        "commit": {"oid": oid, "message": "m", "authoredDate": T0, "committedDate": T0, "author": signed,
                   "committer": None} | more
    }  # fmt: skip


def changed_file(path: str, change: str = "MODIFIED") -> dict[str, Any]:
    return {"path": path, "changeType": change, "additions": 1, "deletions": 2}


def pull_request(number: int, **more: Any) -> dict[str, Any]:
    """A hydrated one with empty connections; its numeric id is a thousand times its number."""
    return {
        "id": f"PR_{number}", "fullDatabaseId": str(number * 1000), "number": number, "title": "t", "body": "",
        "bodyText": "", "state": "MERGED", "isDraft": False, "locked": True, "activeLockReason": "TOO_HEATED",
        "author": ACTOR, "authorAssociation": "OWNER", "editor": None, "createdAt": T0, "updatedAt": T0,
        "publishedAt": T0, "lastEditedAt": None, "closedAt": T0, "mergedAt": T0, "mergedBy": ACTOR, "additions": 1,
        "deletions": 2, "changedFiles": 3, "baseRefName": "main", "baseRefOid": "b0", "headRefName": "topic",
        "headRefOid": "h0", "headRepository": {"databaseId": 5, "nameWithOwner": "o/r"},
        "headRepositoryOwner": {"login": "o", "databaseId": 6}, "isCrossRepository": False,
        "mergeCommit": {"oid": "m0"}, "reviewDecision": None, "totalCommentsCount": 4,
        "milestone": {"id": "MI_1", "number": 1, "title": "1.0", "description": None, "state": "OPEN", "dueOn": None,
                      "createdAt": T0, "updatedAt": T0, "closedAt": None},
        "url": "u", "reviews": connection([]), "reviewThreads": connection([]), "comments": connection([]),
        "commits": connection([]), "files": connection([]),
    } | more  # fmt: skip


def indexed(number: int, **more: Any) -> dict[str, Any]:
    """One of the list."""
    return {
        "id": f"PR_{number}", "fullDatabaseId": str(number * 1000), "number": number, "state": "OPEN", "createdAt": T0,
        "updatedAt": T0, "labels": connection([]), "assignees": connection([]), "reviewRequests": connection([]),
    } | more  # fmt: skip


def data(**parts: Any) -> dict[str, Any]:
    """A body with what it cost."""
    return {"data": {"rateLimit": COST, **parts}}


def rest_pull_request(number: int, **more: Any) -> dict[str, Any]:
    branch = {"ref": "main", "sha": "s", "user": {"login": "o", "id": 6}, "repo": {"id": 5, "full_name": "o/r"}}
    return {
        "id": number * 1000, "node_id": f"PR_{number}", "number": number, "state": "closed", "created_at": T0,
        "updated_at": T0, "merged_at": None, "title": "t", "body": None, "user": {"login": "ann", "id": 7},
        "author_association": "OWNER", "additions": 1, "deletions": 2, "changed_files": 0, "commits": 0, "comments": 0,
        "review_comments": 0, "base": branch, "head": branch, "html_url": "u", "merge_commit_sha": "test-merge",
        "active_lock_reason": "too heated", "labels": [], "assignees": [], "requested_reviewers": [],
        "requested_teams": [],
    } | more  # fmt: skip
