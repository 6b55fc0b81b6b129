"""Lists of comments over a whole repository: ordered and cut to a page by marks, before any record is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.rest.filters import chosen, direction, since
from github_sandbox.world.marks import in_order, updated_since
from github_sandbox.world.records import Record, seconds_of, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from github_sandbox.http.messages import Response
    from github_sandbox.rest.call import Call
    from github_sandbox.world.marks import Mark, MarkKind, MarkOrder
    from github_sandbox.world.repository import Repository

_SORTS: dict[str, MarkOrder] = {"created": "created", "created_at": "created", "updated": "updated", "": "id"}


def all_comments(call: Call, kind: MarkKind, write: Callable[[Record], object]) -> Response:
    """Answer with a page of all comments of `kind`; without `sort` by id, and then `direction` counts for nothing.

    https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository
    https://docs.github.com/en/rest/pulls/comments#list-review-comments-in-a-repository
    """
    query = call.request.query
    order = _SORTS[chosen(query, "sort", tuple(_SORTS), "created") if "sort" in query else ""]
    marks = _marks(call, kind, order)
    if order != "id" and direction(query, "desc") == "desc":
        marks = marks[::-1]
    page = call.page()
    written = [write(record) for record in records_at(call.repository, kind, page.of(marks), call.login)]
    return call.sliced(written, page, len(marks))


def _marks(call: Call, kind: MarkKind, order: MarkOrder) -> Sequence[Mark]:
    """Give the marks of those updated at or after `since`, if that is asked for."""
    after = since(call.request.query)
    if after is None:
        return call.indexes.comments(call.repository, kind, order)
    recent = updated_since(call.indexes.comments(call.repository, kind, "updated"), seconds_of(after))
    return recent if order == "updated" else in_order(recent, order)


def records_at(repository: Repository, kind: MarkKind, marks: Sequence[Mark], viewer: str) -> list[Record]:
    """Give the comments that `marks` stand for; makes the children of those pull requests, and of no others."""
    held = {
        number: {int(each["fullDatabaseId"]): each for each in _held(repository, kind, number, viewer)}
        for number in dict.fromkeys(mark.number for mark in marks)
    }
    return [held[mark.number][mark.id] for mark in marks]


def _held(repository: Repository, kind: MarkKind, number: int, viewer: str) -> Iterable[Record]:
    pull = repository.pulls.by_number(number)
    if pull is not None:
        return pull.shown("comments", viewer) if kind == "IssueComment" else pull.review_comments(viewer)
    issue = repository.issue(number)
    return () if issue is None else shown(issue, "comments", viewer)
