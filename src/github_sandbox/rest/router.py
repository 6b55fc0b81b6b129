"""Which handler answers which path; redirects and refusals that hold for every route of a repository."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from github_sandbox.http.answers import DOCS, message, not_found
from github_sandbox.http.messages import Response

if TYPE_CHECKING:
    from github_sandbox.rest.call import Call
    from github_sandbox.tokens import Viewer
    from github_sandbox.world.repository import Repository
    from github_sandbox.world.state import World

Handle = Callable[["Call"], Response]
H = TypeVar("H")
H_co = TypeVar("H_co", covariant=True)
NUMERIC = ("_number", "_id")
LONGEST_ID = 19
NO_ID = "0"
UNDER_REPOSITORY = "/repos/{owner}/{repo}"


class AnsweredError(Exception):
    """A handler's early end: the answer is already known."""

    def __init__(self, response: Response) -> None:
        """Carry `response`."""
        super().__init__(response.status)
        self.response = response


@dataclass(frozen=True, slots=True)
class Route(Generic[H_co]):
    """One route: `template` as the documentation writes it; `resource` is the budget it is charged to."""

    method: str
    template: str
    handle: H_co
    resource: str = "core"

    @property
    def parts(self) -> tuple[str, ...]:
        """Give the template's steps."""
        return tuple(self.template.split("/")[1:])


@dataclass(frozen=True, slots=True)
class Found(Generic[H_co]):
    """A route that a path led to, with the values of its placeholders; `path` is what follows the repository."""

    route: Route[H_co]
    params: dict[str, str]


class Router(Generic[H]):
    """Routes by their number of steps, whatever their handlers are."""

    def __init__(self, routes: tuple[Route[H], ...]) -> None:
        """Know `routes`; of two that fit, the earlier wins."""
        self._by_length: dict[int, list[Route[H]]] = {}
        for route in routes:
            self._by_length.setdefault(len(route.parts), []).append(route)

    def find(self, method: str, path: str) -> Found[H] | None:
        """Give the route for `path`; /repositories/ID leads where /repos/OWNER/NAME does. HEAD counts as GET."""
        steps = path.split("/")[1:]
        numbered = {}
        if steps[:1] == ["repositories"] and len(steps) > 1:
            numbered = {"repository_id": steps[1] if _is_id(steps[1]) else NO_ID}
            steps = ["repos", "", "", *steps[2:]]
        wanted = "GET" if method == "HEAD" else method
        for route in self._by_length.get(len(steps), ()):
            params = None if route.method != wanted else _fit(route.parts, steps)
            if params is not None:
                under = route.template.startswith(UNDER_REPOSITORY)
                rest = "/" + "/".join(steps[3:] if under else steps)
                return Found(route, {**params, **numbered, "path": rest if rest != "/" else ""})
        return None


def _fit(parts: tuple[str, ...], steps: list[str]) -> dict[str, str] | None:
    params = {}
    for part, step in zip(parts, steps, strict=True):
        if not part.startswith("{"):
            if part != step:
                return None
            continue
        name = part[1:-1]
        if name.endswith(NUMERIC) and not _is_id(step):
            return None
        params[name] = step
    return params


def _is_id(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) <= LONGEST_ID


def visible(repository: Repository, viewer: Viewer) -> bool:
    """Tell whether `viewer` may know that the repository exists."""
    principal = viewer.principal
    named = repository.access == "private" and repository.record["nameWithOwner"].lower() in principal.private
    return named or repository.visible_to(principal.login)


def open_repository(world: World, viewer: Viewer, found: Found[Handle], base: str, query: str) -> Repository:
    """Give the repository that a path names, or raise AnsweredError with 301, 404 or 451."""
    params = found.params
    if "repository_id" in params:
        repository, moved = world.repository_by_id(int(params["repository_id"])), False
    else:
        named = world.find(params["owner"], params["repo"])
        repository, moved = (None, False) if named is None else named
    if repository is None or not visible(repository, viewer):
        raise AnsweredError(not_found())
    if moved:
        raise AnsweredError(_moved(f"{base}/repositories/{repository.database_id}{params['path']}", query))
    if repository.access == "blocked":
        raise AnsweredError(_blocked(repository))
    return repository


def _moved(address: str, query: str) -> Response:
    """Answer 301 (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api)."""
    address = f"{address}?{query}" if query else address
    docs = f"{DOCS}/guides/best-practices-for-using-the-rest-api#follow-redirects"
    response = message(301, "Moved Permanently", docs, url=address)
    response.headers["location"] = address
    return response


def _blocked(repository: Repository) -> Response:
    html = f"https://github.com/github/dmca/blob/master/{repository.name}.md"
    block = {"reason": "dmca", "created_at": repository.blocked_at, "html_url": html}
    return message(451, "Repository access blocked", block=block)
