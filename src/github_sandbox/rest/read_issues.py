"""Handlers under /repos/OWNER/NAME/issues, where pull requests are issues too."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.rest.comments import all_comments
from github_sandbox.rest.events import events_of, timeline_of
from github_sandbox.rest.filters import chosen, direction, last_modified, since
from github_sandbox.rest.indexes import Ordered
from github_sandbox.rest.router import UNDER_REPOSITORY, AnsweredError, Route
from github_sandbox.world.records import Record, connection, seconds_of, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from github_sandbox.http.messages import Response
    from github_sandbox.rest.call import Call
    from github_sandbox.world.pulls import OrderField
    from github_sandbox.world.repository import Repository

_SORTS: dict[str, OrderField] = {"created": "CREATED_AT", "updated": "UPDATED_AT", "comments": "COMMENTS"}
_FILTERS = ("labels", "creator", "assignee", "milestone")
NEWEST_EVENTS = 1_000


def issue_at(repository: Repository, number: int) -> Record | None:
    """Give the record of the pull request or issue with this number."""
    pull = repository.pulls.by_number(number)
    return repository.issue(number) if pull is None else pull.record


def _issue_of(call: Call) -> Record:
    """Give the record that the path names; raise AnsweredError with 410 for an issue that is gone, else with 404.

    https://docs.github.com/en/rest/issues/issues#get-an-issue
    """
    number = call.number("issue_number")
    record = issue_at(call.repository, number)
    if record is not None:
        return record
    if not call.repository.has_issues:
        raise AnsweredError(message(410, "Issues are disabled for this repo"))
    if number in call.repository.deleted_issues:
        raise AnsweredError(message(410, "This issue was deleted"))
    raise AnsweredError(not_found())


def list_issues(call: Call) -> Response:
    """List issues and pull requests: https://docs.github.com/en/rest/issues/issues#list-repository-issues ."""
    query, write = call.request.query, call.shapes.issues.issue
    state = chosen(query, "state", ("open", "closed", "all"), "open")
    keys = call.indexes.issues(call.repository, _SORTS[chosen(query, "sort", tuple(_SORTS), "created")], state)
    numbers: Sequence[int] = Ordered(keys, descending=direction(query, "desc") == "desc")
    if (after := since(query)) is not None:
        updated = call.indexes.issues(call.repository, "UPDATED_AT", state)
        recent = {number for _, number in updated[bisect_left(updated, (seconds_of(after), 0)) :]}
        numbers = [number for number in numbers if number in recent]
    if wanted := tuple((name, query[name].lower()) for name in _FILTERS if query.get(name)):
        fitting = call.indexes.chosen_issues(call.repository, wanted, lambda: _fitting(call.repository, dict(wanted)))
        numbers = [number for number in numbers if number in fitting]
    return call.listing(numbers, lambda number: write(_known(call.repository, number)))


def _fitting(repository: Repository, wanted: dict[str, str]) -> frozenset[int]:
    """Give the numbers of all issues and pull requests that the filters let through."""
    numbers = (*repository.pulls.numbers(), *repository.issue_numbers())
    return frozenset(number for number in numbers if _fits(_known(repository, number), wanted))


def _known(repository: Repository, number: int) -> Record:
    record = issue_at(repository, number)
    assert record is not None
    return record


def _fits(record: Record, wanted: dict[str, str]) -> bool:
    names = {label["name"].lower() for label in connection(record, "labels")}
    labels = {name.strip() for name in wanted.get("labels", "").split(",") if name.strip()}
    author = (record["author"]["_restLogin"] if record["author"] else "ghost").lower()
    return (
        labels <= names
        and wanted.get("creator", author) == author
        and _assigned(record, wanted.get("assignee", ""))
        and _in_milestone(record, wanted.get("milestone", ""))
    )


def _assigned(record: Record, wanted: str) -> bool:
    logins = {each["login"].lower() for each in connection(record, "assignees")}
    return {"": True, "*": bool(logins), "none": not logins}.get(wanted, wanted in logins)


def _in_milestone(record: Record, wanted: str) -> bool:
    own = record["milestone"]
    known = {"": True, "*": own is not None, "none": own is None}
    return known.get(wanted, own is not None and str(own["number"]) == wanted)


def get_issue(call: Call) -> Response:
    """Give one issue or pull request."""
    record = _issue_of(call)
    issues = call.shapes.issues
    return json_answer({**issues.issue(record), "closed_by": issues.closed_by(record)}, headers=last_modified(record))


def list_comments(call: Call) -> Response:
    """List the comments of one issue, oldest first; `since` by their `updated_at`."""
    records = shown(_issue_of(call), "comments", call.login)
    if (after := since(call.request.query)) is not None:
        records = [each for each in records if each["updatedAt"] >= after]
    return call.listing(records, call.shapes.issues.comment)


def list_all_comments(call: Call) -> Response:
    """List comments of the whole repository, on issues and pull requests alike."""
    return all_comments(call, "IssueComment", call.shapes.issues.comment)


def get_comment(call: Call) -> Response:
    """Give one comment."""
    wanted = call.params["comment_id"]
    pull = call.repository.pulls.holding("IssueComment", int(wanted))
    places = [pull.record] if pull else [_known(call.repository, each) for each in call.repository.commented_issues()]
    for record in (each for place in places for each in shown(place, "comments", call.login)):
        if record["fullDatabaseId"] == wanted:
            return json_answer(call.shapes.issues.comment(record))
    return not_found()


def list_events(call: Call) -> Response:
    """List the events of one issue."""
    return call.listing(events_of(_issue_of(call), call.shapes), lambda event: event)


def list_all_events(call: Call) -> Response:
    """List the events of the issues that changed last, newest first."""
    rows: list[dict[str, object]] = []
    for number in Ordered(call.indexes.issues(call.repository, "UPDATED_AT", "all"), descending=True):
        record = _known(call.repository, number)
        issue = call.shapes.issues.issue(record)
        rows += [{**event, "issue": issue} for event in events_of(record, call.shapes)]
        if len(rows) >= NEWEST_EVENTS:
            break
    return call.listing(sorted(rows, key=lambda row: str(row["created_at"]), reverse=True), lambda row: row)


def list_timeline(call: Call) -> Response:
    """List what happened to one issue."""
    return call.listing(timeline_of(_issue_of(call), call.shapes, call.login), lambda row: row)


def list_issue_labels(call: Call) -> Response:
    """List the labels of one issue."""
    return call.listing(connection(_issue_of(call), "labels"), call.shapes.repositories.label)


def list_reactions(call: Call) -> Response:
    """List reactions: the sandbox knows none."""
    return call.listing([], lambda row: row)


_ISSUE = UNDER_REPOSITORY + "/issues/{issue_number}"
ROUTES = (
    Route("GET", UNDER_REPOSITORY + "/issues", list_issues),
    Route("GET", UNDER_REPOSITORY + "/issues/comments", list_all_comments),
    Route("GET", UNDER_REPOSITORY + "/issues/events", list_all_events),
    Route("GET", UNDER_REPOSITORY + "/issues/comments/{comment_id}", get_comment),
    Route("GET", _ISSUE, get_issue),
    Route("GET", _ISSUE + "/comments", list_comments),
    Route("GET", _ISSUE + "/events", list_events),
    Route("GET", _ISSUE + "/timeline", list_timeline),
    Route("GET", _ISSUE + "/labels", list_issue_labels),
    Route("GET", _ISSUE + "/reactions", list_reactions),
    Route("GET", UNDER_REPOSITORY + "/issues/comments/{comment_id}/reactions", list_reactions),
    Route("GET", UNDER_REPOSITORY + "/pulls/comments/{comment_id}/reactions", list_reactions),
)
