"""All of REST behind one call: route, repository, handler; charges nothing and sends nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.rest import read_issues, read_people, read_pulls, read_repository
from github_sandbox.rest.call import Call, Shapes
from github_sandbox.rest.indexes import Indexes
from github_sandbox.rest.router import UNDER_REPOSITORY, AnsweredError, Found, Handle, Route, Router, open_repository

if TYPE_CHECKING:
    from github_sandbox.http.messages import Request, Response
    from github_sandbox.tokens import Viewer
    from github_sandbox.world.state import World

DOT_COM = "https://api.github.com"
ENTERPRISE = "/api/v3"
SHAPES_KEPT = 16
ROUTES: tuple[Route[Handle], ...] = (
    *read_people.ROUTES,
    *read_repository.ROUTES,
    *read_pulls.ROUTES,
    *read_issues.ROUTES,
)


class RestApi:
    """REST over one world."""

    def __init__(self, world: World, more: tuple[Route[Handle], ...] = ()) -> None:
        """Serve `world`, by these routes and `more`."""
        self._world = world
        self._indexes = Indexes(world)
        self._router = Router((*ROUTES, *more))
        self._shapes: dict[tuple[str, str], Shapes] = {}

    def find(self, method: str, path: str) -> Found[Handle] | None:
        """Give the route that answers `path` (without /api/v3)."""
        return self._router.find(method, path)

    def answer(self, request: Request, found: Found[Handle], viewer: Viewer, base: str, version: str) -> Response:
        """Answer by the route found. `base` is the address that the client used; under /api/v3 objects carry it too."""
        api = base if base.endswith(ENTERPRISE) else DOT_COM
        call = Call(
            request=request,
            world=self._world,
            indexes=self._indexes,
            viewer=viewer,
            shapes=self._shapes_for(api, version),
            base=base,
            now=self._world.now(),
            version=version,
            params=found.params,
        )
        try:
            if found.route.template.startswith(UNDER_REPOSITORY):
                _, _, query = request.target.partition("?")
                call.target = open_repository(self._world, viewer, found, base, query)
            return found.route.handle(call)
        except AnsweredError as answered:
            return answered.response

    def _shapes_for(self, api: str, version: str) -> Shapes:
        if (api, version) not in self._shapes and len(self._shapes) >= SHAPES_KEPT:
            self._shapes.clear()
        return self._shapes.setdefault((api, version), Shapes(api, version))
