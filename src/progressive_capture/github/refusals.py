"""What refusals mean that both APIs send in the same form: statuses and REST-shaped error bodies; never a success."""

from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec

from progressive_capture.github.answer import Answer
from progressive_capture.github.limits import Refusals, throttled
from progressive_capture.github.outcomes import Broken, Denied, DeniedReason, Failure, Missing
from progressive_capture.github.payload import Shape, UnreadableError
from progressive_capture.github.secrets import redact

LONGEST_MESSAGE: Final = 300
REDIRECTS: Final = frozenset({301, 302, 307, 308})
OVERLOADED: Final = "A query attribute must be specified"
"""A well-formed query was answered so while GitHub was overloaded."""


class Block(msgspec.Struct):
    """Why GitHub closed a repository."""

    reason: str | None = None


class FieldError(msgspec.Struct):
    """One reason of a 422."""

    resource: str | None = None
    field: str | None = None
    code: str | None = None
    message: str | None = None


class ErrorBody(msgspec.Struct):
    """REST's error form; every part may be missing.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    """

    message: str | None = None
    errors: list[FieldError | str] | str | None = None
    block: Block | None = None

    @property
    def text(self) -> str:
        """All that it says, in one line."""
        parts = [self.message or ""]
        if isinstance(self.errors, str):
            parts.append(self.errors)
        for error in self.errors if isinstance(self.errors, list) else ():
            if isinstance(error, str):
                parts.append(error)
            else:
                parts.append(" ".join(filter(None, (error.resource, error.field, error.code, error.message))))
        return brief("; ".join(filter(None, parts)))


_ERROR_BODY: Final = Shape[ErrorBody](ErrorBody)


def error_body(body: bytes) -> ErrorBody:
    """Read an error's body; one that cannot be read (HTML, nothing, half of it) says nothing."""
    try:
        return _ERROR_BODY.read(body)
    except UnreadableError:
        return ErrorBody()


def brief(text: str) -> str:
    """A foreign text as one short line without secrets."""
    line = " ".join(redact(text).split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1] + "…"


def said(status: int, text: str) -> str:
    """What GitHub answered, for people."""
    return f"GitHub answered {status}" + (f" ({text})." if text else ".")


def refusal(answer: Answer, now: datetime, refusals: Refusals) -> Failure:
    """The meaning of an answer with a status from 400, but for what GraphQL alone says in its own form."""
    body = error_body(answer.body)
    texts = [body.message] if body.message else []
    limit = throttled(answer, texts, now, refusals)
    if limit is not None:
        return limit
    match answer.status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN | HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
            return _denial(answer, body)
        case HTTPStatus.NOT_FOUND:
            return Missing(said(answer.status, body.text), permanent=False)
        case HTTPStatus.GONE:
            return Missing(said(answer.status, body.text), permanent=True)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
            return Broken(said(status, body.text), retryable=True)
        case status:
            return Broken(said(status, body.text), retryable=False)


def _denial(answer: Answer, body: ErrorBody) -> Denied:
    text = body.text
    if answer.status == HTTPStatus.UNAUTHORIZED:
        expired = "expired" in text.lower()
        return Denied(_credentials(text), DeniedReason.EXPIRED if expired else DeniedReason.CREDENTIALS)
    is_legal = answer.status == HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS
    if is_legal or body.block is not None or "access blocked" in text.lower():
        return blocked(body.block.reason if body.block and body.block.reason else "")
    if "x-github-sso" in answer.headers or "saml" in text.lower():
        return Denied(single_sign_on(text), DeniedReason.SAML)
    return Denied(not_permitted(text), DeniedReason.PERMISSION)


def blocked(reason: str) -> Denied:
    """A repository that GitHub closed: `dmca`, `tos` or nothing told."""
    why = f" ({reason})" if reason else ""
    return Denied(f"GitHub has blocked this repository{why}; nobody can read it by the API.", DeniedReason.BLOCKED)


def _credentials(text: str) -> str:
    if "requires authentication" in text.lower():
        return "GitHub wants a token for this, and none was sent: set GITHUB_TOKEN."
    reason = text or "no reason given"
    return f"GitHub does not accept the token ({reason}): it is wrong, expired or revoked; give a new one."


def single_sign_on(text: str) -> str:
    """The sentence for a token that an organisation's single sign-on keeps out."""
    remedy = "authorise it in GitHub's token settings"
    return f"The organisation wants single sign-on (SAML) for this token: {remedy}. ({text})"


def not_permitted(text: str) -> str:
    """The sentence for a token without the permission."""
    reason = text or "GitHub gave no reason"
    return f"The token may not read this ({reason}): give it read access to pull requests, issues and contents."
