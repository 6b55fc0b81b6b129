"""The queue and its worker within the test's process, over a little GitHub or a sandbox; no process is started."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
from sqlalchemy import select

from progressive_capture.capture.report import Silent
from progressive_capture.capture.run import look_up
from progressive_capture.domain.jobs import JobType, Processor, Trigger
from progressive_capture.domain.requests import JobRequest, Submitted
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.engines.local import Served, Worker
from progressive_capture.github.answer import Answer
from progressive_capture.github.transport import Received, Request
from progressive_capture.store.database import Database
from progressive_capture.store.tables import METADATA
from progressive_capture.wiring import Overrides, Wired, wire
from tests.support.given import settings_of
from tests.support.little_github import NAME, LittleGitHub

REPOSITORY = 9
BY_REST = Scope(source=SourceChoice.REST)


@dataclass
class MoodyGitHub(LittleGitHub):
    """Answers some paths otherwise, as long as a test wants."""

    moods: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """Status and headers by a part of the path."""
    after: Callable[[], None] = lambda: None
    """Runs when an answer is made and not received yet: what changes now is not in it."""

    async def send(self, request: Request) -> Received:
        """Answer as the mood is, else as ever."""
        for part, (status, headers) in self.moods.items():
            if part in request.url:
                self.asked.append(request.url)
                dated = {"date": format_datetime(self.now, usegmt=True)} | headers
                return Received(Answer(status, dated, b'{"message": "moody"}'), 20)
        received = await super().send(request)
        self.after()
        return received


@dataclass
class Office:
    """One installation, in the time of its little GitHub."""

    github: MoodyGitHub
    database_url: str
    settings: dict[str, Any] = field(default_factory=dict)
    stop: Callable[[], bool] = lambda: False
    inngest: Callable[[], httpx.AsyncBaseTransport] = httpx.AsyncHTTPTransport

    @asynccontextmanager
    async def wired(self) -> AsyncIterator[Wired]:
        """Put it together, as a new process would."""
        fixed = {"PC_GITHUB_TOKENS": "t", "DATABASE_URL": self.database_url, "PC_REST_PER_MINUTE": 0}
        overrides = Overrides(
            clock=lambda: self.github.now,
            random=lambda: 0.5,
            transport=lambda _: self.github,
            inngest_transport=self.inngest,
        )
        async with wire(
            settings_of(fixed | self.settings),
            create=True,
            reporter=Silent(),
            pause=self._pause,
            stopping=self.stop,
            overrides=overrides,
        ) as wired:
            yield wired

    async def know(self) -> None:
        """Store the repository, as tracking it does."""
        async with self.wired() as wired, wired.tools(NAME) as (tools, *_):
            await look_up(tools, NAME, BY_REST)

    async def ask(self, scope: Scope = BY_REST, trigger: Trigger = Trigger.WEBHOOK, **fields: Any) -> Submitted:
        """Submit a request."""
        async with self.wired() as wired:
            return await asyncio.to_thread(wired.queue().submit, wish(wired, scope, trigger, **fields))

    async def work(self, slots: Mapping[Processor, int] | None = None) -> Served:
        """Run a worker until nothing is due."""
        async with self.wired() as wired:
            return await self.drain(wired, slots)

    async def drain(self, wired: Wired, slots: Mapping[Processor, int] | None = None) -> Served:
        """Run a worker of an installation that is at hand until nothing is due; idle slots move no clock."""
        worker = wired.worker(slots)
        worker.pause = until_news(worker)
        return await worker.run(drain=True)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        database = Database.open(self.database_url)
        try:
            return rows(database, table)
        finally:
            database.close()

    async def _pause(self, seconds: float) -> None:
        self.github.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


def wish(wired: Wired, scope: Scope = BY_REST, trigger: Trigger = Trigger.WEBHOOK, **fields: Any) -> JobRequest:
    """Make a request for work on the little repository."""
    values: dict[str, Any] = {"job_type": JobType.HISTORICAL_PR_SYNC, "who": "test"} | fields
    return JobRequest(
        host_id=wired.host_id,
        repository_id=REPOSITORY,
        repository_name=NAME,
        scope=scope,
        trigger=trigger,
        **values,
    )


def until_news(worker: Worker) -> Callable[[float], Awaitable[None]]:
    """Let an idle slot look again once another has begun or ended something; looks that find nothing take long."""

    async def pause(_seconds: float) -> None:
        done = worker.done
        for _ in range(100):
            if worker.done != done or worker.is_drained:
                return
            await asyncio.sleep(0.01)

    return pause


def office_of_seven(database_url: str) -> Office:
    """Know a repository of seven pull requests: three pages."""
    office = Office(MoodyGitHub(pulls=LittleGitHub.of(7).pulls), database_url)
    asyncio.run(office.know())
    office.github.asked.clear()
    return office


def rows(database: Database, table: str) -> list[dict[str, Any]]:
    """All rows of a table, by the columns that are stored."""
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(select(METADATA.tables[table])).mappings()]
