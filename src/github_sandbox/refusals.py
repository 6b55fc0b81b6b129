"""Every form in which GitHub was seen refusing for a limit, and the rotation between them; never counts anything.

Seen forms: status 200 with `RATE_LIMITED` or `RATE_LIMIT`, 403 and 429, with and without Retry-After
(https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api,
https://github.com/octokit/plugin-throttling.js/issues/848).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from github_sandbox.http.answers import graphql_errors, html_page, json_answer, message
from github_sandbox.http.messages import Response

DOCS = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
_SECONDARY_TEXT = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to "
    "GitHub Support for help, please include the request ID {id}."
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a refusal tells: who asked, which request it was, and how long to wait in seconds."""

    database_id: int
    request_id: str
    wait: int


Form = Callable[[Context], Response]


def _primary_rate_limited(context: Context) -> Response:
    text = f"API rate limit exceeded for user ID {context.database_id}."
    return graphql_errors([{"type": "RATE_LIMITED", "message": text}], with_data=False)


def _primary_rate_limit(context: Context) -> Response:
    text = f"API rate limit already exceeded for user ID {context.database_id}."
    error: dict[str, object] = {"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": text}
    return graphql_errors([error], with_data=False)


def _primary(status: int) -> Form:
    def form(context: Context) -> Response:
        who = f"user ID {context.database_id}" if context.database_id else "127.0.0.1"
        return message(status, f"API rate limit exceeded for {who}.", DOCS)

    return form


def _secondary(status: int, *, retry_after: bool) -> Form:
    def form(context: Context) -> Response:
        answer = message(status, _SECONDARY_TEXT.format(id=context.request_id), DOCS)
        if retry_after:
            answer.headers["retry-after"] = str(context.wait)
        return answer

    return form


def _secondary_in_200(context: Context) -> Response:
    text = _SECONDARY_TEXT.format(id=context.request_id)
    return graphql_errors([{"type": "RATE_LIMITED", "message": text}], with_data=False)


def _too_quickly(context: Context) -> Response:
    return json_answer(
        {"message": f"Request {context.request_id} was submitted too quickly", "documentation_url": DOCS}, 403
    )


GRAPHQL_PRIMARY: dict[str, Form] = {
    "primary-200-rate-limited": _primary_rate_limited,
    "primary-200-rate-limit": _primary_rate_limit,
}
REST_PRIMARY: dict[str, Form] = {"primary-403": _primary(403), "primary-429": _primary(429)}
REST_SECONDARY: dict[str, Form] = {
    "secondary-403-retry-after": _secondary(403, retry_after=True),
    "secondary-403": _secondary(403, retry_after=False),
    "secondary-429-retry-after": _secondary(429, retry_after=True),
    "secondary-429": _secondary(429, retry_after=False),
}
GRAPHQL_SECONDARY: dict[str, Form] = {"secondary-200": _secondary_in_200, **REST_SECONDARY}
FORMS: dict[str, Form] = {
    **GRAPHQL_PRIMARY,
    **REST_PRIMARY,
    **GRAPHQL_SECONDARY,
    "secondary-403-too-quickly": _too_quickly,
}


TIMEOUT_FORMS = (502, 504, None)  # None: 502 as an HTML page


class Rotation:
    """Takes the forms of each family in turn, beginning where the seed says, so that a client meets each of them."""

    def __init__(self, seed: int) -> None:
        """Begin at `seed`."""
        self._seed = seed
        self._taken: Counter[tuple[str, ...]] = Counter()

    def take(self, family: dict[str, Form]) -> Form:
        """Give the next form of `family`."""
        names = tuple(family)
        turn = self._seed + self._taken[names]
        self._taken[names] += 1
        return family[names[turn % len(names)]]


def timed_out(context: Context, turn: int) -> Response:
    """Answer that a GraphQL query ran into the 10 s limit: 502 with JSON, 504 with JSON, or 502 with HTML, in turn."""
    status = TIMEOUT_FORMS[turn % len(TIMEOUT_FORMS)]
    if status is None:
        return html_page(502)
    text = (
        "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub "
        f"bug. Please include `{context.request_id}` when reporting this issue."
    )
    return json_answer({"data": None, "errors": [{"message": text}]}, status)
