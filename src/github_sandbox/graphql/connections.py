"""Which records each connection lists, filtered and ordered as its arguments ask; paging them is done in `pages`."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from github_sandbox.graphql.execution import Arguments, Connector, Execution
from github_sandbox.graphql.pages import Listing, Records
from github_sandbox.graphql.timeline import issue_timeline, pull_request_timeline
from github_sandbox.model import Record, shown, total

NOTHING: Final = Records(())
OPINIONS: Final = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})


class Shown(Records):
    """A connection of a record as its viewer sees it; the records are looked up only when a page is cut."""

    __slots__ = ("_name", "_record", "_viewer")

    def __init__(self, record: Record, name: str, viewer: str) -> None:
        """List the connection `name` of `record` for `viewer`."""
        self._record, self._name, self._viewer = record, name, viewer

    def total(self) -> int:
        """Give what the world says, which may be more than is shown."""
        return total(self._record, self._name, self._viewer)

    def head(self, limit: int) -> tuple[Sequence[Record], bool]:
        """Look the records up and give the first."""
        records = shown(self._record, self._name, self._viewer)
        return (records[:limit], True) if len(records) > limit else (records, False)

    def opened(self) -> Records:
        """Look the records up, to page through them from anywhere."""
        return Records(shown(self._record, self._name, self._viewer))


def _shown(name: str) -> Connector:
    return lambda record, _args, execution: Shown(record, name, execution.viewer)


def _nothing(_record: Record, _args: Arguments, _execution: Execution) -> Listing:
    return NOTHING


def _reviews(record: Record, args: Arguments, execution: Execution) -> Listing:
    author, states = args.get("author"), args.get("states")
    if author is None and not states:
        return Shown(record, "reviews", execution.viewer)
    return Records(
        [
            review
            for review in shown(record, "reviews", execution.viewer)
            if (not states or review["state"] in states)
            and (author is None or (review["author"] or {}).get("login") == author)
        ]
    )


def _latest_reviews(record: Record, _args: Arguments, execution: Execution) -> Listing:
    return Records(_last_by_author(shown(record, "reviews", execution.viewer)))


def _latest_opinions(record: Record, _args: Arguments, execution: Execution) -> Listing:
    reviews = shown(record, "reviews", execution.viewer)
    return Records(_last_by_author([review for review in reviews if review["state"] in OPINIONS]))


def _last_by_author(reviews: Sequence[Record]) -> list[Record]:
    latest: dict[str, Record] = {}
    for review in reviews:
        if review["author"] is not None and review["state"] != "PENDING":
            latest[review["author"]["id"]] = review
    return list(latest.values())


def _comments(record: Record, args: Arguments, execution: Execution) -> Listing:
    order = args.get("orderBy")
    if order is None:
        return Shown(record, "comments", execution.viewer)
    return Records(_ordered(shown(record, "comments", execution.viewer), "updatedAt", order["direction"]))


def _thread_comments(record: Record, args: Arguments, execution: Execution) -> Listing:
    skipped = args.get("skip")
    if not skipped:
        return Shown(record, "comments", execution.viewer)
    return Records(shown(record, "comments", execution.viewer)[skipped:])


def _labels(record: Record, args: Arguments, execution: Execution) -> Listing:
    order, query = args["orderBy"], args.get("query")
    if query is None and (order is None or (order["field"], order["direction"]) == ("CREATED_AT", "ASC")):
        return Shown(record, "labels", execution.viewer)
    found = [
        label
        for label in shown(record, "labels", execution.viewer)
        if query is None or query.lower() in label["name"].lower()
    ]
    if order is None:
        return Records(found)
    return Records(_ordered(found, "name" if order["field"] == "NAME" else "createdAt", order["direction"]))


def _milestones(record: Record, args: Arguments, execution: Execution) -> Listing:
    states = args.get("states")
    found = [each for each in shown(record, "milestones", execution.viewer) if not states or each["state"] in states]
    order = args.get("orderBy")
    fields = {"CREATED_AT": "createdAt", "UPDATED_AT": "updatedAt", "NUMBER": "number", "DUE_DATE": "dueOn"}
    return Records(found if order is None else _ordered(found, fields[order["field"]], order["direction"]))


def _ordered(records: Sequence[Record], field: str, direction: str) -> list[Record]:
    """Order by a field, records without it first; equal ones keep their order."""
    return sorted(records, key=lambda each: (each[field] is not None, each[field]), reverse=direction == "DESC")


def _languages(record: Record, _args: Arguments, _execution: Execution) -> Listing:
    language = record["primaryLanguage"]
    return NOTHING if language is None else Records([language])


_RAW: Final[dict[str, Mapping[str, Connector]]] = {
    "PullRequest": {
        "reviews": _reviews,
        "latestReviews": _latest_reviews,
        "latestOpinionatedReviews": _latest_opinions,
        "comments": _comments,
        "labels": _labels,
        "reactions": _nothing,
        "timelineItems": pull_request_timeline,
        **{
            name: _shown(name)
            for name in (
                "reviewThreads",
                "commits",
                "files",
                "assignees",
                "reviewRequests",
                "participants",
                "closingIssuesReferences",
            )
        },
    },
    "Issue": {
        "comments": _comments,
        "labels": _labels,
        "assignees": _shown("assignees"),
        "participants": _shown("participants"),
        "reactions": _nothing,
        "timelineItems": issue_timeline,
    },
    "PullRequestReview": {"comments": _shown("comments"), "reactions": _nothing},
    "PullRequestReviewThread": {"comments": _thread_comments},
    "PullRequestReviewComment": {"reactions": _nothing},
    "IssueComment": {"reactions": _nothing},
    "Commit": {"authors": _shown("authors"), "parents": _shown("parents")},
    "Repository": {
        "assignableUsers": _shown("assignableUsers"),
        "labels": _labels,
        "milestones": _milestones,
        "languages": _languages,
        "stargazers": _nothing,
        "watchers": _nothing,
    },
}

CONNECTIONS: Final[Mapping[str, Mapping[str, Connector]]] = MappingProxyType(_RAW)
