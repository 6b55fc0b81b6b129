"""A few pull requests behind a transport within the process, by REST, with a clock that only tests move; no server."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from progressive_capture.capture.report import Progress
from progressive_capture.capture.run import Captured
from progressive_capture.capture.verify import Verification, verify_repository
from progressive_capture.domain.scope import Scope, SourceChoice, github_time
from progressive_capture.github.answer import Answer
from progressive_capture.github.transport import Received, Request
from progressive_capture.wiring import Overrides, wire
from tests.support.given import settings_of
from tests.unit.github.bodies import rest_pull_request

NAME = "o/r"
START = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
PAGE = 3
FULL = 100
LIST = re.compile(r"/repos/o/r/pulls$")
ONE = re.compile(r"/repos/o/r/pulls/(\d+)$")

REPOSITORY = {
    "id": 9, "node_id": "R_9", "name": "r", "full_name": NAME, "owner": {"login": "o", "id": 6, "type": "User"},
    "private": False, "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
}  # fmt: skip


@dataclass
class LittleGitHub:
    """Serves lists in which three take a hundred places; `before` runs at each request.

    A page holds all that it touches: of a hundred places three, of fewer as many, or one more at its edges.
    """

    now: datetime = START
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    """Counted, and left out of the list."""
    below: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What hangs on pull requests, by path; lists that are not here are empty."""
    asked: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None

    @classmethod
    def of(cls, count: int) -> "LittleGitHub":
        """Pull requests 1 to `count`, quiet for months."""
        github = cls()
        for number in range(1, count + 1):
            github.change(number, START - timedelta(days=90 - number))
        return github

    def change(self, number: int, updated_at: datetime, **more: Any) -> None:
        """Open a pull request, or let it be updated."""
        stamp = github_time(updated_at)
        known = self.pulls.get(number) or rest_pull_request(number, created_at=stamp)
        self.pulls[number] = known | {"updated_at": stamp} | more

    async def send(self, request: Request) -> Received:
        """Answer as GitHub's REST API does."""
        target = urlsplit(request.url)
        self.asked.append(f"{target.path}?{target.query}")
        self.before(target.path)
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        status, body, link = self._answer(target.path, query)
        headers = {"date": format_datetime(self.now, usegmt=True), "link": link}
        content = json.dumps(body).encode()
        return Received(Answer(status, headers, content), len(content))

    async def close(self) -> None:
        """Hold nothing."""

    def _answer(self, path: str, query: dict[str, str]) -> tuple[int, Any, str]:
        if path == "/user":
            return 200, {"login": "ann", "id": 7}, ""
        if path == "/repos/o/r":
            return 200, REPOSITORY, ""
        if LIST.search(path):
            return self._list(path, query)
        if one := ONE.search(path):
            found = self.pulls.get(int(one[1]))
            return (200, found, "") if found else (404, {"message": "Not Found"}, "")
        return 200, *self._page(path, self.below.get(path, []), int(query.get("page", "1")))

    def _list(self, path: str, query: dict[str, str]) -> tuple[int, Any, str]:
        if query["per_page"] == "1":
            return 200, [{}], f'<https://x{path}?page={len(self.pulls)}>; rel="last"'
        newest_first = query["sort"] == "updated"
        shown = [pull for number, pull in sorted(self.pulls.items()) if number not in self.hidden]
        if newest_first:
            shown.sort(key=lambda pull: pull["updated_at"], reverse=True)
        return 200, *self._page(path, shown, int(query["page"]), int(query["per_page"]))

    def _page(self, path: str, items: list[Any], page: int, size: int = FULL) -> tuple[list[Any], str]:
        begin, end = (page - 1) * size * PAGE // FULL, -(-page * size * PAGE // FULL)
        link = f'<https://x{path}?page={page + 1}>; rel="next"' if end < len(items) else ""
        return items[begin:end], link

    def pages(self, word: str) -> list[str]:
        """The pages of the list that were asked for in an order."""
        return [each for each in self.asked if f"sort={word}" in each]


@dataclass
class Visitor:
    """Captures the little GitHub into one database, each time as a new process would."""

    github: LittleGitHub
    database_url: str
    stop_when: Callable[[], bool] = lambda: False
    """When somebody asks to stop."""
    steps: list[Progress] = field(default_factory=list)

    async def capture(self, **scope: Any) -> Captured:
        """Capture by REST alone."""
        settings = settings_of({"PC_GITHUB_TOKENS": "t", "DATABASE_URL": self.database_url, "PC_REST_PER_MINUTE": 0})
        overrides = Overrides(clock=lambda: self.github.now, random=lambda: 0.5, transport=lambda _: self.github)
        self.steps.clear()
        async with wire(
            settings, create=True, reporter=self, pause=self._pause, stopping=self._stopping, overrides=overrides
        ) as wired:
            return await wired.capture(NAME, Scope(**{"source": SourceChoice.REST, **scope}))

    async def verify(self) -> Verification:
        """Recount what is stored."""
        settings = settings_of({"PC_GITHUB_TOKENS": "t", "DATABASE_URL": self.database_url})
        overrides = Overrides(clock=lambda: self.github.now, random=lambda: 0.5, transport=lambda _: self.github)
        async with (
            wire(
                settings, create=False, reporter=self, pause=self._pause, stopping=self._stopping, overrides=overrides
            ) as wired,
            wired.tools(NAME) as tools,
        ):
            return await verify_repository(tools[0], NAME, live=False)

    def progress(self, step: Progress) -> None:
        """Keep it."""
        self.steps.append(step)

    def waiting(self, until: datetime, why: str) -> None:
        """Nothing limits here."""
        raise AssertionError(f"{until}: {why}")

    def note(self, text: str) -> None:
        """Nothing is amiss here."""
        raise AssertionError(text)

    def _stopping(self) -> bool:
        return self.stop_when()

    async def _pause(self, seconds: float) -> None:
        self.github.now += timedelta(seconds=seconds)
