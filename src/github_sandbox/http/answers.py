"""Answers that need no data: JSON bodies, GitHub's error shapes, HTML error pages; never chooses between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.http.encoding import JSON_TYPE, dumps
from github_sandbox.http.messages import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCS = "https://docs.github.com/rest"


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with `value` as JSON."""
    return Response(status, {"content-type": JSON_TYPE, **(headers or {})}, dumps(value))


def message(status: int, text: str, docs: str = DOCS, **more: object) -> Response:
    """Answer with REST's error shape: a message, a link to the documentation, the status as text."""
    return json_answer({"message": text, **more, "documentation_url": docs, "status": str(status)}, status)


def not_found() -> Response:
    """Answer that there is no such thing, or none that the asker may see."""
    return message(404, "Not Found")


def invalid(resource: str, field: str, code: str = "invalid") -> Response:
    """Answer that a parameter cannot be taken (422)."""
    return message(422, "Validation Failed", errors=[{"resource": resource, "field": field, "code": code}])


def graphql_errors(errors: list[dict[str, object]], *, data: object = None, with_data: bool = True) -> Response:
    """Answer GraphQL's way: status 200 with errors."""
    return json_answer({"data": data, "errors": errors} if with_data else {"errors": errors})


def html_page(status: int) -> Response:
    """Answer with the page that GitHub's front servers show when what is behind them does not answer."""
    page = (
        "<!DOCTYPE html>\n<html>\n  <head><title>Unicorn! &middot; GitHub</title></head>\n"
        "  <body><p><strong>We had issues producing the response to your request.</strong></p></body>\n</html>\n"
    )
    return Response(status, {"content-type": "text/html; charset=utf-8"}, page.encode())
