"""Who may use the Actions of a repository, and for what; never answers a route by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.http.encoding import loads
from github_sandbox.rest.paging import link
from github_sandbox.rest.router import AnsweredError
from github_sandbox.tokens import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from github_sandbox.actions.service import Actions
    from github_sandbox.actions.workflows import Folder
    from github_sandbox.http.encoding import Json
    from github_sandbox.http.messages import Response
    from github_sandbox.rest.call import Call

T = TypeVar("T")
Area = Literal["actions", "secrets", "variables"]
Level = Literal["read", "write"]
_LEVELS = ("read", "write")


def folder_of(actions: Actions, call: Call) -> Folder:
    """Give the workflow files of the call's repository; 404 for one that has no Actions here."""
    found = actions.folders.get(call.repository.database_id)
    if found is None:
        raise AnsweredError(not_found())
    return found


def demand(actions: Actions, call: Call, area: Area, level: Level) -> Folder:
    """Give the workflow files for one who may use `area` at `level`; answer 401 or 403 for others.

    https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
    """
    found = folder_of(actions, call)
    principal = call.viewer.principal
    public = area == "actions" and level == "read"
    if not public and not call.viewer.authenticated:
        raise AnsweredError(message(401, "Requires authentication"))
    if principal.kind is Kind.INSTALLATION and not public:
        granted = principal.permissions.get(area) or principal.permissions.get(f"actions_{area}", "")
        if granted not in _LEVELS[_LEVELS.index(level) :]:
            raise AnsweredError(message(403, "Resource not accessible by integration"))
    return found


def body_of(call: Call) -> dict[str, Json]:
    """Give the object that the call carries; 400 where it carries none."""
    try:
        body = loads(call.request.body) if call.request.body else {}
    except ValueError:
        raise AnsweredError(message(400, "Problems parsing JSON")) from None
    if not isinstance(body, dict):
        raise AnsweredError(message(400, "Body should be a JSON object"))
    return body


def wrapped(call: Call, name: str, items: Sequence[T], write: Callable[[T], object]) -> Response:
    """Answer with one page of `items` under `name`, and how many there are."""
    page = call.page()
    _, _, query = call.request.target.partition("?")
    rows = [write(item) for item in page.of(items)]
    return json_answer({"total_count": len(items), name: rows}, headers=link(call.address(), query, page, len(items)))
