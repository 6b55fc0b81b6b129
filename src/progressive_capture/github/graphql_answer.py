"""What one GraphQL answer means: status, headers and body into an outcome; nothing is sent, no clock is read."""

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar

import msgspec

from progressive_capture.github.answer import Answer
from progressive_capture.github.limits import PRIMARY_TYPES, Refusals, throttled
from progressive_capture.github.mending import mend
from progressive_capture.github.outcomes import (
    Broken,
    Denied,
    DeniedReason,
    Failure,
    Missing,
    Outcome,
    Page,
    Partial,
    QueryError,
    TooHeavy,
)
from progressive_capture.github.payload import Shape, UnreadableError
from progressive_capture.github.refusals import (
    OVERLOADED,
    REDIRECTS,
    blocked,
    brief,
    not_permitted,
    refusal,
    said,
    single_sign_on,
)

T = TypeVar("T")

HEAVY_TYPES: Final = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"})
HEAVY_TEXTS: Final = ("Something went wrong while executing your query", "We couldn't respond to your request in time")
"""Time-outs of GitHub's own carry no type.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#timeouts"""

SAML: Final = "SAML"

PASSING_TYPES: Final = frozenset({"SERVICE_UNAVAILABLE", "INTERNAL", "INTERNAL_ERROR"})


class Extensions(msgspec.Struct):
    """What an error says besides."""

    code: str | None = None
    saml_failure: bool | None = None


class ErrorEntry(msgspec.Struct):
    """One error as it stands in the body; none of its parts is sure to be there."""

    message: str | None = None
    type: str | None = None
    code: str | None = None
    path: list[str | int] | None = None
    extensions: Extensions | None = None

    @property
    def kind(self) -> str:
        """Its type, or the code that stands in its place."""
        return self.type or self.code or (self.extensions.code if self.extensions else None) or ""

    @property
    def is_primary_limit(self) -> bool:
        """Whether it says that the hour's points are spent."""
        return self.kind in PRIMARY_TYPES or "graphql_rate_limit" in {self.code, self.kind}

    @property
    def is_saml(self) -> bool:
        """Whether single sign-on is in the way."""
        return bool(self.extensions and self.extensions.saml_failure) or "SAML" in (self.message or "")

    def outward(self) -> QueryError:
        """Return it as the outcome's value."""
        kind = SAML if self.is_saml else self.kind
        return QueryError(brief(self.message or self.kind), kind, tuple(self.path or ()))


class Envelope(msgspec.Struct, Generic[T]):
    """The whole body: GraphQL's form, or REST's error form, which is sent as well."""

    data: T | None = None
    errors: list[ErrorEntry | None] | None = None
    message: str | None = None


class GraphQLShape(Generic[T]):
    """The type of a query's `data`; made once for each query."""

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - a type expression, which no type describes
        """Prepare the decoders: of the whole body, and of one whose data has another form."""
        self.data = kind
        self.whole: Shape[Envelope[T]] = Shape(Envelope[kind])


_LOOSE: Final = Shape[Envelope[Any]](Envelope[Any])


def decode_graphql(answer: Answer, shape: GraphQLShape[T], now: datetime, refusals: Refusals) -> Outcome[T]:
    """Read a GraphQL answer; `now` is the server's time.

    Errors may come with any status, and data with errors: 200 is no proof of success, nor 403 of a refusal for good.
    """
    problem = ""
    envelope: Envelope[Any]
    try:
        envelope = shape.whole.read(answer.body)
    except UnreadableError as unreadable:
        problem = brief(str(unreadable))
        envelope = _loose(answer.body)
    entries = [error for error in envelope.errors or () if error is not None]
    failure = _failure(answer, entries, envelope.message, now, refusals)
    if failure is not None:
        return failure
    errors = tuple(entry.outward() for entry in entries)
    if any(not error.path for error in errors) or (errors and envelope.data is None):
        return meaning(errors)
    if envelope.data is None:
        return Broken(
            f"GitHub answered without data ({problem or brief(envelope.message or 'empty')}).", retryable=True
        )
    if problem:
        return _mended(envelope.data, shape, errors, problem)
    return Partial(envelope.data, errors) if errors else Page(envelope.data)


def _loose(body: bytes) -> Envelope[Any]:
    """A body whose data does not fit the query: its errors may still say why."""
    try:
        return _LOOSE.read(body)
    except UnreadableError:
        return Envelope()


def _mended(data: object, shape: GraphQLShape[T], errors: tuple[QueryError, ...], problem: str) -> Outcome[T]:
    try:
        mended, holes = mend(data, shape.data)
    except UnreadableError:
        return meaning(errors) if errors else Broken(f"GitHub's answer cannot be read: {problem}", retryable=True)
    found = [QueryError("GitHub's answer does not fit its schema here.", "", hole) for hole in holes]
    return Partial(mended, (*errors, *found))


def _failure(
    answer: Answer, errors: Sequence[ErrorEntry], message: str | None, now: datetime, refusals: Refusals
) -> Failure | None:
    """Limits, overload and time-outs: what makes the whole answer worthless, data or not."""
    texts = [text for text in (message, *(error.message for error in errors)) if text]
    primary = any(error.is_primary_limit for error in errors)
    limit = throttled(answer, texts, now, refusals, primary=primary)
    if limit is not None:
        return limit
    for error in errors:
        if error.kind in HEAVY_TYPES:
            return TooHeavy(brief(error.message or error.kind))
    for text in texts:
        if text.startswith(HEAVY_TEXTS):
            return TooHeavy(brief(text))
    if any(text.startswith(OVERLOADED) for text in texts):
        return Broken(said(answer.status, brief(texts[0])), retryable=True)
    return None if answer.status == HTTPStatus.OK else _by_status(answer, now, refusals)


def _by_status(answer: Answer, now: datetime, refusals: Refusals) -> Failure:
    if answer.status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}:
        return TooHeavy(f"GitHub answered {answer.status}: the query took too long.")
    if answer.status in REDIRECTS:
        return Broken(f"The GraphQL address answered {answer.status}: check the API address.", retryable=False)
    return refusal(answer, now, refusals)


def meaning(errors: Sequence[QueryError]) -> Failure:
    """What errors say that speak of all that was asked for: the first of them counts."""
    first = errors[0]
    message = first.message
    if "access blocked" in message.lower():
        return blocked("")
    match first.type:
        case "SAML":
            return Denied(single_sign_on(message), DeniedReason.SAML)
        case "NOT_FOUND":
            return Missing(message, permanent=False)
        case "FORBIDDEN":
            return Denied(not_permitted(message), DeniedReason.PERMISSION)
        case "INSUFFICIENT_SCOPES":
            return Denied(message, DeniedReason.SCOPES)
        case kind:
            lost = kind == "INVALID_CURSOR_ARGUMENTS" or "valid cursor" in message
            passing = (not kind and not lost) or kind in PASSING_TYPES
            return Broken(f"{message} ({kind})" if kind else message, retryable=passing, cursor_lost=lost)
