"""Captures within the test's process, by the program's own wiring, against a sandbox that runs as a process."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import httpx
from sqlalchemy import select

from progressive_capture.capture.plan import Plan, plan_repository
from progressive_capture.capture.report import Progress
from progressive_capture.capture.run import Captured
from progressive_capture.capture.verify import Verification, verify_repository
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.settings import Settings
from progressive_capture.store.database import Database
from progressive_capture.store.tables import METADATA
from progressive_capture.wiring import Overrides, Wired, wire
from tests.support.given import settings_of
from tests.support.stand_ins import Running
from tests.support.truth import differences
from tests.support.truth_world import repository_id_of
from tests.support.virtual_time import VirtualTime

T = TypeVar("T")


@dataclass
class Told:
    """What a capture told while it ran."""

    notes: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    steps: list[Progress] = field(default_factory=list)
    on_step: Callable[[Progress], None] = lambda _: None

    def progress(self, step: Progress) -> None:
        """Keep it, and let the test act between two pages."""
        self.steps.append(step)
        self.on_step(step)

    def waiting(self, until: object, why: str) -> None:
        """Keep it."""
        self.waits.append(f"{until}: {why}")

    def note(self, text: str) -> None:
        """Keep it."""
        self.notes.append(text)


@dataclass
class Desk:
    """One sandbox, one database, and everything that is done with both."""

    sandbox: Running
    database_url: str
    tokens: str = "captor"
    settings: dict[str, Any] = field(default_factory=dict)
    truths: dict[str, list[bytes]] | None = None
    """Truths that were read, where no test changes them; None: each is read anew."""

    def __post_init__(self) -> None:
        """Open the way to the sandbox's control routes."""
        self.control = self.sandbox.client()
        self.time = VirtualTime(self.control)
        self.told = Told()

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection to the sandbox."""
        self.control.close()

    @property
    def own_settings(self) -> Settings:
        """What the environment would say, without pacing."""
        mine = {
            "PC_GITHUB_API_URL": self.sandbox.url,
            "PC_GITHUB_TOKENS": self.tokens,
            "DATABASE_URL": self.database_url,
            "PC_REST_PER_MINUTE": 0,
            "PC_GRAPHQL_PER_MINUTE": 0,
        }
        return settings_of({name: value for name, value in (mine | self.settings).items() if value != ""})

    def capture(self, name: str, source: str = "auto", **scope: Any) -> Captured:
        """Capture to the end; what came of it."""
        return self._with(lambda wired: wired.capture(name, Scope(source=SourceChoice(source), **scope)))

    def plan(self, name: str, source: str = "auto", **scope: Any) -> Plan:
        """Forecast a capture."""

        async def work(wired: Wired) -> Plan:
            async with wired.tools(name) as tools:
                return await plan_repository(tools[0], name, Scope(source=SourceChoice(source), **scope))

        return self._with(work)

    def verify(self, name: str, *, live: bool = False) -> Verification:
        """Recount what is stored; live, ask GitHub's counts again."""

        async def work(wired: Wired) -> Verification:
            async with wired.tools(name) as tools:
                return await verify_repository(tools[0], name, live=live)

        return self._with(work)

    def _with(self, work: Callable[[Wired], Awaitable[T]]) -> T:
        async def run() -> T:
            chance = random.Random(7)  # noqa: S311 - spreads retries, no secret
            overrides = Overrides(clock=self.time.now, random=chance.random, transport=self.time.transport)
            async with wire(
                self.own_settings,
                create=True,
                reporter=self.told,
                pause=self.time.pause_here,
                stopping=lambda: False,
                overrides=overrides,
            ) as wired:
                return await work(wired)

        try:
            return asyncio.run(run())
        finally:
            self.time.settle()

    def truth(self, name: str) -> list[bytes]:
        """What a perfect capture would hold now."""
        if self.truths is not None and name in self.truths:
            return self.truths[name]
        answer = self.control.get(f"/_sandbox/truth/{name}", timeout=120)
        lines = answer.raise_for_status().content.splitlines()
        if self.truths is not None:
            self.truths[name] = lines
        return lines

    def pull_requests(self, name: str) -> list[dict[str, Any]]:
        """The truth's lines of pull requests as they are now."""
        rows = map(json.loads, self.truth(name))
        return [row for row in rows if row["kind"] == "pullRequest"]

    def differences(self, name: str, source: str = "auto", **options: Any) -> list[str]:
        """In what the database differs from the truth as it is now."""
        lines = self.truth(name)
        identity = repository_id_of(lines)
        return differences(self.database_url, self.sandbox.url, identity, lines, source, **options)

    def change(self, *changes: dict[str, Any]) -> None:
        """Change what the sandbox holds."""
        self._post("changes", {"changes": list(changes)})

    def spoil(self, *rules: dict[str, Any]) -> None:
        """Put faults in force, instead of those before."""
        self._post("faults", {"faults": list(rules)})

    def stats(self) -> dict[str, Any]:
        """What the sandbox counted."""
        found: dict[str, Any] = self.control.get("/_sandbox/stats").raise_for_status().json()
        return found

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """Stored rows, also those that GitHub no longer shows."""
        columns = METADATA.tables[table].c
        database = Database.open(self.database_url, create=False)
        try:
            with database.reading() as connection:
                query = select(*columns).where(*(columns[name] == value for name, value in where.items()))
                return [dict(row) for row in connection.execute(query).mappings()]
        finally:
            database.close()

    def add_row(self, table: str, row: dict[str, Any]) -> None:
        """Store a row that no capture brought."""
        database = Database.open(self.database_url, create=False)
        try:
            with database.transaction() as connection:
                connection.execute(METADATA.tables[table].insert().values(row))
        finally:
            database.close()

    def served(self) -> int:
        """Requests to either API that the sandbox counted."""
        stats = self.stats()
        return int(stats["graphql"]["requests"] + stats["rest"]["requests"])

    def reset_stats(self) -> None:
        """Let the sandbox count from zero."""
        self._post("reset-stats", {})

    def _post(self, route: str, body: object) -> None:
        answer = self.control.post(f"/_sandbox/{route}", json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
