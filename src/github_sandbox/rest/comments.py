"""Lists of comments over a whole repository: sorted, `since`, cut to a page before any record is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.rest.filters import chosen, direction, since
from github_sandbox.world.records import Record, seconds_of, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from github_sandbox.http.messages import Response
    from github_sandbox.rest.call import Call
    from github_sandbox.rest.indexes import Mark
    from github_sandbox.world.repository import Repository

    Index = Callable[[Repository, int], list[Mark]]


def all_comments(call: Call, index: Index, write: Callable[[Record], object]) -> Response:
    """Answer with a page of the comments that `index` finds.

    https://docs.github.com/en/rest/pulls/comments#list-review-comments-in-a-repository
    """
    query = call.request.query
    after = since(query)
    marks = index(call.repository, 0 if after is None else seconds_of(after))
    if chosen(query, "sort", ("created", "created_at", "updated"), "created") == "updated":
        marks = sorted(marks, key=lambda mark: (mark.updated, mark.id))
    if "sort" in query and direction(query, "desc") == "desc":
        marks = marks[::-1]
    return call.listing(marks, lambda mark: write(record_at(call.repository, mark, call.login)))


def record_at(repository: Repository, mark: Mark, viewer: str) -> Record:
    """Give the comment that `mark` stands for."""
    for record in _candidates(repository, mark.number, viewer):
        if record["fullDatabaseId"] == str(mark.id):
            return record
    raise LookupError(mark)


def _candidates(repository: Repository, number: int, viewer: str) -> Iterable[Record]:
    pull = repository.pulls.by_number(number)
    if pull is not None:
        yield from pull.review_comments(viewer)
        yield from pull.shown("comments", viewer)
    elif (issue := repository.issue(number)) is not None:
        yield from shown(issue, "comments", viewer)
