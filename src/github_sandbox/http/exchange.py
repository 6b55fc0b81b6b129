"""One exchange on its way through the service: what it asks, by whom, on which budget; never how it is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from github_sandbox.faults import Asked, cursor_in, is_cursor
from github_sandbox.http.encoding import Json, loads

if TYPE_CHECKING:
    from github_sandbox.app_auth import App
    from github_sandbox.http.app_routes import AppHandle
    from github_sandbox.http.messages import Request
    from github_sandbox.rest.router import Found, Handle
    from github_sandbox.tokens import Viewer

ENTERPRISE = "/api/v3"
GRAPHQL_PATHS = frozenset(("/graphql", "/api/graphql"))
_NAMED = re.compile(r"\b(?:query|mutation)\s+([_A-Za-z]\w*)")


@dataclass(slots=True)
class Exchange:
    """One request with what was found out about it."""

    request: Request
    request_id: str
    viewer: Viewer
    version: str
    base: str
    path: str
    found: Found[Handle] | None = None
    app_found: Found[AppHandle] | None = None
    app: App | None = None
    document: Json = None
    operation: str | None = None
    fault: str | None = None
    asked: Asked = field(init=False)

    @property
    def is_graphql(self) -> bool:
        """Tell which API is meant."""
        return self.request.path in GRAPHQL_PATHS

    @property
    def api(self) -> str:
        """Name the API as secondary limits tell them apart."""
        return "graphql" if self.is_graphql else "rest"

    @property
    def resource(self) -> str:
        """Name the budget that the request is charged to."""
        if self.is_graphql:
            return "graphql"
        return "core" if self.found is None else self.found.route.resource

    @property
    def route(self) -> str:
        """Give the route's template, for faults and counters."""
        if self.is_graphql:
            return "/graphql"
        found = self.app_found or self.found
        return "unknown" if found is None else found.route.template

    def describe(self) -> None:
        """Fill in `document`, `operation` and `asked`."""
        cursor = None
        if self.is_graphql:
            self.document = _document(self.request.body)
            self.operation, cursor = _operation(self.document), _cursor(self.document)
        variables = self.document.get("variables") if isinstance(self.document, dict) else None
        method, target = self.request.method, self.request.target
        self.asked = Asked(method, self.route, self.operation, self.viewer.token, cursor, target, variables)


def _document(body: bytes) -> Json:
    try:
        return loads(body)
    except ValueError:
        return None


def _operation(document: Json) -> str | None:
    if not isinstance(document, dict):
        return None
    name, query = document.get("operationName"), document.get("query")
    if isinstance(name, str):
        return name
    found = _NAMED.search(query) if isinstance(query, str) else None
    return found[1] if found else None


def _cursor(document: Json) -> str | None:
    """Give the first cursor among a query's variables or, where it has none, in its text."""
    if not isinstance(document, dict):
        return None
    variables, query = document.get("variables"), document.get("query")
    named = variables.items() if isinstance(variables, dict) else ()
    found = next((str(each) for name, each in named if is_cursor(name, each)), None)
    return found or (cursor_in(query) if isinstance(query, str) else None)
