"""One REST call on its way through a handler, and the writers that it shares; never a socket or a limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from github_sandbox.http.answers import json_answer
from github_sandbox.rest.commits import Commits
from github_sandbox.rest.issues import Issues
from github_sandbox.rest.paging import Page, link, page_of
from github_sandbox.rest.people import People
from github_sandbox.rest.pulls import Pulls
from github_sandbox.rest.repositories import Repositories

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from github_sandbox.http.messages import Request, Response
    from github_sandbox.rest.indexes import Indexes
    from github_sandbox.tokens import Viewer
    from github_sandbox.world.repository import Repository
    from github_sandbox.world.state import World

T = TypeVar("T")


class Shapes:
    """The writers for one API address (`api`) and API version."""

    def __init__(self, api: str, version: str) -> None:
        """Make the writers; what they wrote is kept until it changes."""
        self.api = api
        self.people = People(api)
        self.repositories = Repositories(api, self.people, version)
        self.issues = Issues(self.people, self.repositories)
        self.commits = Commits(self.people, self.repositories)
        self.pulls = Pulls(self.people, self.repositories, version)


@dataclass(slots=True)
class Call:
    """What a handler works with. `base` is the address that the client used, before the route's own path."""

    request: Request
    world: World
    indexes: Indexes
    viewer: Viewer
    shapes: Shapes
    base: str
    now: float
    version: str
    params: dict[str, str] = field(default_factory=dict)
    target: Repository | None = None

    @property
    def repository(self) -> Repository:
        """Give the repository that the route is under."""
        assert self.target is not None
        return self.target

    @property
    def login(self) -> str:
        """Give the viewer's login, for what only its author sees."""
        return self.viewer.principal.login

    def number(self, name: str) -> int:
        """Give a numeric part of the path."""
        return int(self.params[name])

    def page(self) -> Page:
        """Give the page that is asked for."""
        return page_of(self.request.query)

    def address(self) -> str:
        """Give this call's own address as Link writes it: under /repositories/ID for what belongs to a repository."""
        if self.target is None:
            return self.base + self.params["path"]
        return f"{self.base}/repositories/{self.target.database_id}{self.params['path']}"

    def listing(self, items: Sequence[T], write: Callable[[T], object]) -> Response:
        """Answer with one page of `items`, each written by `write`, and the Link header."""
        page = self.page()
        return self.sliced([write(item) for item in page.of(items)], page, len(items))

    def sliced(self, written: list[object], page: Page, total: int) -> Response:
        """Answer with a page that is already cut and written, out of `total` items."""
        _, _, query = self.request.target.partition("?")
        return json_answer(written, headers=link(self.address(), query, page, total))
