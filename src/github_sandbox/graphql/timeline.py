"""Timelines, put together from what a pull request or an issue holds; the world keeps no events of its own."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from github_sandbox.graphql.execution import Arguments, Execution
from github_sandbox.graphql.pages import Listing, Records
from github_sandbox.model import Record, shown

# GitHub's enum writes a type's name in capitals: ClosedEvent is CLOSED_EVENT.
_ITEM_TYPES: Final = {
    "ClosedEvent": "CLOSED_EVENT",
    "MergedEvent": "MERGED_EVENT",
    "LabeledEvent": "LABELED_EVENT",
    "ReviewRequestedEvent": "REVIEW_REQUESTED_EVENT",
    "PullRequestCommit": "PULL_REQUEST_COMMIT",
    "PullRequestReview": "PULL_REQUEST_REVIEW",
    "PullRequestReviewThread": "PULL_REQUEST_REVIEW_THREAD",
    "IssueComment": "ISSUE_COMMENT",
}

_PREFIXES: Final = {"ClosedEvent": "CE", "MergedEvent": "ME", "LabeledEvent": "LE", "ReviewRequestedEvent": "RRE"}


class Timeline(Records):
    """Timeline items in the order of their times, with the time at which the whole last changed."""

    __slots__ = ("updated_at",)

    def __init__(self, items: Iterable[tuple[str, Record]], args: Arguments, updated_at: str) -> None:
        """Keep the `(time, item)` pairs that `itemTypes`, `since` and `skip` leave."""
        wanted, since = args.get("itemTypes"), args.get("since")
        kept = [
            (time, item)
            for time, item in items
            if (not wanted or _ITEM_TYPES[item["__typename"]] in wanted) and (since is None or time >= since)
        ]
        kept.sort(key=lambda pair: pair[0])
        super().__init__([item for _time, item in kept][args.get("skip") or 0 :])
        self.updated_at = updated_at


def pull_request_timeline(record: Record, args: Arguments, execution: Execution) -> Listing:
    """List commits, reviews, threads, comments and events of a pull request."""
    return Timeline(_pull_request_items(record, execution.viewer), args, record["updatedAt"])


def issue_timeline(record: Record, args: Arguments, execution: Execution) -> Listing:
    """List comments and events of an issue."""
    return Timeline(_shared_items(record, record["author"], execution.viewer), args, record["updatedAt"])


def _pull_request_items(record: Record, viewer: str) -> Iterator[tuple[str, Record]]:
    for commit in shown(record, "commits", viewer):
        yield commit["commit"]["committedDate"], commit
    for review in shown(record, "reviews", viewer):
        yield review["submittedAt"] or review["createdAt"], review
    for thread in shown(record, "reviewThreads", viewer):
        comments = shown(thread, "comments", viewer)
        yield comments[0]["createdAt"] if comments else record["createdAt"], thread
    for request in shown(record, "reviewRequests", viewer):
        reviewer = request["requestedReviewer"]
        event = _event("ReviewRequestedEvent", record, record["author"], record["createdAt"], detail=request["id"])
        yield record["createdAt"], event | {"pullRequest": record, "requestedReviewer": reviewer}
    if record["mergedAt"] is not None:
        yield record["mergedAt"], _merged(record)
    yield from _shared_items(record, record["mergedBy"] or record["author"], viewer)


def _shared_items(record: Record, closed_by: Record | None, viewer: str) -> Iterator[tuple[str, Record]]:
    """Give what issues and pull requests have in common."""
    for comment in shown(record, "comments", viewer):
        yield comment["createdAt"], comment
    for label in shown(record, "labels", viewer):
        event = _event("LabeledEvent", record, record["author"], record["createdAt"], detail=label["id"])
        yield record["createdAt"], event | {"label": label, "labelable": record}
    if record["closedAt"] is not None:
        event = _event("ClosedEvent", record, closed_by, record["closedAt"])
        yield record["closedAt"], event | {"closable": record, "closer": None, "stateReason": record.get("stateReason")}


def _merged(record: Record) -> Record:
    event = _event("MergedEvent", record, record["mergedBy"], record["mergedAt"])
    return event | {
        "commit": record["mergeCommit"],
        "mergeRef": record["baseRef"],
        "mergeRefName": record["baseRefName"],
        "pullRequest": record,
    }


def _event(kind: str, record: Record, actor: Record | None, time: str, *, detail: str = "") -> dict[str, Any]:
    """Make an event; its id is stable but cannot be looked up by `node`."""
    prefix = _PREFIXES[kind]
    return {
        "__typename": kind,
        "id": f"{prefix}_{record['id']}{detail}",
        "actor": actor,
        "createdAt": time,
        "url": f"{record['url']}#{prefix.lower()}",
    }
