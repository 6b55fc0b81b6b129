"""What one REST answer means: status, headers and body into an outcome; nothing is sent, no clock is read."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Generic, TypeVar

from progressive_capture.github.answer import Answer, linked_page
from progressive_capture.github.limits import Refusals
from progressive_capture.github.outcomes import Broken, Moved, NotModified, Outcome, Page
from progressive_capture.github.payload import Shape, UnreadableError
from progressive_capture.github.refusals import REDIRECTS, brief, refusal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RestPage(Generic[T]):
    """One page of a list, or one object."""

    body: T
    next_page: int | None
    """None at the end of the list; UNNUMBERED where it goes on, and GitHub names no page."""
    last_page: int | None
    """None on the last page, and where there is only one or GitHub does not tell."""


def decode_rest(
    answer: Answer, shape: Shape[T], now: datetime, refusals: Refusals, *, empty: T | None = None
) -> Outcome[RestPage[T]]:
    """Read a REST answer. `now` is the server's time; `empty` stands for a 204 where the operation allows one."""
    if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        return _page(answer, shape)
    if answer.status == HTTPStatus.NO_CONTENT and empty is not None:
        return Page(RestPage(empty, None, None))
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return NotModified()
    if answer.status in REDIRECTS:
        return _moved(answer)
    if answer.status >= HTTPStatus.BAD_REQUEST:
        return refusal(answer, now, refusals)
    return Broken(f"GitHub answered {answer.status}, which this request does not expect.", retryable=False)


def _page(answer: Answer, shape: Shape[T]) -> Outcome[RestPage[T]]:
    try:
        body = shape.read(answer.body)
    except UnreadableError as problem:
        return Broken(f"GitHub's answer cannot be read: {brief(str(problem))}", retryable=True)
    return Page(RestPage(body, linked_page(answer.headers, "next"), linked_page(answer.headers, "last")))


def _moved(answer: Answer) -> Outcome[RestPage[T]]:
    location = answer.headers.get("location")
    if not location:
        return Broken(f"GitHub answered {answer.status} without saying where to.", retryable=True)
    return Moved(location, permanent=answer.status in {301, 308})
