"""Reviews, threads, comments and review requests as records; who says what and when comes in as arguments."""

from typing import Final

from github_sandbox.world.node_ids import node_id
from github_sandbox.world.records import Record, int_or_none

MEMBER: Final = "MEMBER"


def new_review(
    pull: Record, database_id: int, author: Record | None, state: str, stamp: str, *, body: str, commit: Record | None
) -> Record:
    """A review; state PENDING makes one that only its author sees and that was never submitted."""
    pending = state == "PENDING"
    review: Record = {
        "__typename": "PullRequestReview",
        "id": node_id("PullRequestReview", pull["repository"]["databaseId"], database_id),
        "databaseId": int_or_none(database_id),
        "fullDatabaseId": str(database_id),
        "author": author,
        "authorAssociation": association(pull, author),
        "authorCanPushToRepository": author is not None and author is not pull["author"],
        "body": body,
        "state": state,
        "submittedAt": None if pending else stamp,
        "createdAt": stamp,
        "updatedAt": stamp,
        "publishedAt": None if pending else stamp,
        "lastEditedAt": None,
        "editor": None,
        "includesCreatedEdit": False,
        "commit": commit,
        "isMinimized": False,
        "minimizedReason": None,
        "url": f"{pull['url']}#pullrequestreview-{database_id}",
        "pullRequest": pull,
        "repository": pull["repository"],
        "_connections": {"comments": []},
    }
    if pending and author is not None:
        review["_visibleTo"] = author["login"]
    return review


def new_thread(
    pull: Record,
    database_id: int,
    path: str,
    line: int | None,
    stamp: str,
    *,
    side: str = "RIGHT",
    start: int | None = None,
) -> Record:
    """A review thread without comments; a `line` of None makes it one about the whole file."""
    return {
        "__typename": "PullRequestReviewThread",
        "id": node_id("PullRequestReviewThread", pull["repository"]["databaseId"], database_id),
        "isResolved": False,
        "isOutdated": False,
        "isCollapsed": False,
        "resolvedBy": None,
        "path": path,
        "line": line,
        "startLine": start,
        "originalLine": line,
        "originalStartLine": start,
        "diffSide": side,
        "startDiffSide": side if start is not None else None,
        "subjectType": "FILE" if line is None else "LINE",
        "pullRequest": pull,
        "repository": pull["repository"],
        "_connections": {"comments": []},
        "_restUpdatedAt": stamp,
    }


def set_resolved(thread: Record, by: Record | None, stamp: str) -> None:
    """Resolve a thread by an account (None: by one since deleted)."""
    thread |= {"isResolved": True, "isCollapsed": True, "resolvedBy": by, "_restUpdatedAt": stamp}


def set_unresolved(thread: Record, stamp: str) -> None:
    """Open a thread again."""
    thread |= {"isResolved": False, "isCollapsed": False, "resolvedBy": None, "_restUpdatedAt": stamp}


def set_outdated(thread: Record, stamp: str) -> None:
    """Mark a thread, and its comments, as about lines that are gone."""
    thread |= {"isOutdated": True, "isCollapsed": True, "line": None, "startLine": None, "_restUpdatedAt": stamp}
    for comment in thread["_connections"]["comments"]:
        comment |= {"outdated": True, "line": None, "startLine": None, "position": None}


def new_review_comment(
    thread: Record, database_id: int, author: Record | None, stamp: str, *, body: str, hunk: str, review: Record | None
) -> Record:
    """A comment at the end of `thread`, put into the thread's and the review's connections."""
    pull, comments = thread["pullRequest"], thread["_connections"]["comments"]
    pending = review is not None and review["state"] == "PENDING"
    commit = review["commit"] if review is not None else None
    comment: Record = {
        "__typename": "PullRequestReviewComment",
        "id": node_id("PullRequestReviewComment", pull["repository"]["databaseId"], database_id),
        "databaseId": int_or_none(database_id),
        "fullDatabaseId": str(database_id),
        "author": author,
        "authorAssociation": association(pull, author),
        "body": body,
        "diffHunk": hunk,
        **_place(thread),
        "replyTo": comments[0] if comments else None,
        "pullRequestReview": review,
        "commit": commit,
        "originalCommit": commit,
        "createdAt": stamp,
        "updatedAt": stamp,
        "publishedAt": None if pending else stamp,
        "lastEditedAt": None,
        "draftedAt": stamp,
        "editor": None,
        "includesCreatedEdit": False,
        "state": "PENDING" if pending else "SUBMITTED",
        "isMinimized": False,
        "minimizedReason": None,
        "url": f"{pull['url']}#discussion_r{database_id}",
        "pullRequest": pull,
        "repository": pull["repository"],
    }
    if review is not None:
        review["_connections"]["comments"].append(comment)
    comments.append(comment)
    if pending and author is not None:
        comment["_visibleTo"] = author["login"]
    return comment


def _place(thread: Record) -> Record:
    """Where a comment of `thread` stands in the diff."""
    original = thread["originalLine"]
    position = 1 + (original or 0) % 40
    return {
        "path": thread["path"],
        "line": thread["line"],
        "startLine": thread["startLine"],
        "originalLine": original,
        "originalStartLine": thread["originalStartLine"],
        "position": None if thread["isOutdated"] or original is None else position,
        "originalPosition": position,
        "outdated": thread["isOutdated"],
        "subjectType": thread["subjectType"],
        "_thread": thread,
        "_restSide": thread["diffSide"],
        "_restStartSide": thread["startDiffSide"],
    }


def new_issue_comment(issue: Record, database_id: int, author: Record | None, stamp: str, *, body: str) -> Record:
    """A comment on `issue`, which is an Issue or a PullRequest."""
    on_pull = issue["__typename"] == "PullRequest"
    return {
        "__typename": "IssueComment",
        "id": node_id("IssueComment", issue["repository"]["databaseId"], database_id),
        "databaseId": int_or_none(database_id),
        "fullDatabaseId": str(database_id),
        "author": author,
        "authorAssociation": association(issue, author),
        "body": body,
        "createdAt": stamp,
        "updatedAt": stamp,
        "publishedAt": stamp,
        "lastEditedAt": None,
        "editor": None,
        "includesCreatedEdit": False,
        "isMinimized": False,
        "minimizedReason": None,
        "isPinned": False,
        "url": f"{issue['url']}#issuecomment-{database_id}",
        "issue": issue,
        "pullRequest": issue if on_pull else None,
        "repository": issue["repository"],
    }


def new_review_request(pull: Record, database_id: int, reviewer: Record) -> Record:
    """A request for review; `reviewer` is a User, Bot, Mannequin or Team."""
    return {
        "__typename": "ReviewRequest",
        "id": node_id("ReviewRequest", pull["repository"]["databaseId"], database_id),
        "databaseId": int_or_none(database_id),
        "asCodeOwner": False,
        "requestedReviewer": reviewer,
        "pullRequest": pull,
    }


def association(issue: Record, author: Record | None) -> str:
    """How `author` stands to the repository: the owner, a stranger, or (one in four) a member, else a contributor."""
    if author is None or author["__typename"] != "User":
        return "NONE"
    if author is issue["repository"]["owner"]:
        return "OWNER"
    return MEMBER if author["_restId"] % 4 == 0 else "CONTRIBUTOR"
