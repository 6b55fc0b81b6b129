"""Forty small repositories behind a sandbox, both lanes on this machine; some of them may be made to fail."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from sqlalchemy import update

from progressive_capture.capture.report import Silent
from progressive_capture.capture.run import look_up
from progressive_capture.capture.session import Tools
from progressive_capture.domain.gates import RepositoryFacts, decide
from progressive_capture.domain.jobs import JobType, Processor, Trigger
from progressive_capture.domain.requests import JobRequest, Queued, Submitted
from progressive_capture.domain.rollout import RolloutRow
from progressive_capture.domain.scope import Scope
from progressive_capture.engines.local import Served, Worker
from progressive_capture.github.answer import Answer
from progressive_capture.github.transport import Received, Request
from progressive_capture.store.tables import JOBS
from progressive_capture.wiring import Overrides, Wired, wire
from tests.support.given import settings_of
from tests.support.offices import rows, until_news
from tests.support.stand_ins import Running
from tests.support.virtual_time import VirtualTime

RECENT = Scope(since_days=1)
HISTORY = Scope()


class Broken:
    """A GitHub that is out of order."""

    async def send(self, _request: Request) -> Received:
        """Answer as it does then."""
        return Received(Answer(500, {}, b"{}"), 2)

    async def close(self) -> None:
        """Hold nothing."""


@dataclass
class TwoLanes:
    """One installation over one sandbox."""

    sandbox: Running
    control: httpx.Client
    database_url: str
    names: list[str]
    failing: set[str] = field(default_factory=set)
    begins: Callable[[str], None] = lambda _: None
    """Hears of each job that a slot begins, after its claim."""
    ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin at the present."""
        self.time = VirtualTime(self.control)

    @asynccontextmanager
    async def wired(self, **overrides: Any) -> AsyncIterator[Wired]:
        """Put it together."""
        settings = settings_of(
            {
                "PC_GITHUB_API_URL": self.sandbox.url,
                "PC_GITHUB_TOKENS": "one,two,three",
                "DATABASE_URL": self.database_url,
                "PC_REST_PER_MINUTE": 0,
                "PC_GRAPHQL_PER_MINUTE": 0,
            }
        )
        chance = random.Random(7)  # noqa: S311 - spreads retries, no secret
        world = Overrides(clock=self.time.now, random=chance.random, **{"transport": self.time.transport} | overrides)
        async with wire(
            settings,
            create=True,
            reporter=Silent(),
            pause=self._pause,
            stopping=lambda: False,
            overrides=world,
        ) as wired:
            yield wired

    async def _pause(self, seconds: float) -> None:
        """Let virtual time pass, and a moment for the request that another slot waits for: else it asks on and on."""
        await self.time.pause_here(seconds)
        await asyncio.sleep(0.01)

    async def know(self, wired: Wired) -> None:
        """Look every repository up, as tracking does."""
        for name in self.names:
            async with wired.tools(name) as tools:
                self.ids[name] = (await look_up(tools[0], name, HISTORY)).row.id

    def eligible(self, wired: Wired, percentage: float) -> set[str]:
        """The repositories that a percentage lets use both lanes, by the rule alone."""
        configuration = wired.rollout().in_force(RolloutRow(rollout_percentage=percentage))
        return {name for name in self.names if decide(configuration, RepositoryFacts(self.ids[name])).eligible}

    def ask(self, wired: Wired, name: str, scope: Scope) -> Submitted:
        """Ask for work on one repository."""
        recent = scope.since_days is not None
        return wired.queue().submit(
            JobRequest(
                host_id=wired.host_id,
                repository_id=self.ids[name],
                repository_name=name,
                job_type=JobType.RECENT_PRS if recent else JobType.HISTORICAL_PR_SYNC,
                scope=scope,
                trigger=Trigger.WEBHOOK,
                who="test",
            )
        )

    def ask_in(self, lane: Processor, wired: Wired, name: str, scope: Scope) -> None:
        """Ask for work on one repository, in a lane of the test's choice."""
        answer = self.ask(wired, name, scope)
        assert isinstance(answer, Queued)
        with wired.database.transaction() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == answer.job_id).values(processor_type=lane.value))

    @asynccontextmanager
    async def worker(self, wired: Wired) -> AsyncIterator[Worker]:
        """A worker whose failing repositories find GitHub out of order; idle slots move no clock."""
        async with self.wired(transport=lambda _: Broken()) as broken:
            worker = wired.worker()

            def tools(owner_name: str, part: str) -> AbstractAsyncContextManager[tuple[Tools, ...]]:
                self.begins(part)
                return (broken if owner_name in self.failing else wired).tools_of_slot(owner_name, part)

            worker.bench = replace(worker.bench, tools=tools)
            worker.pause = until_news(worker)
            # The test says when duties are due: a virtual hour may pass within any job.
            worker.schedule = replace(worker.schedule, duties=[])
            yield worker

    async def drain(self, wired: Wired) -> Served:
        """Run what is due."""
        async with self.worker(wired) as worker:
            return await worker.run(drain=True)

    def jobs(self, wired: Wired) -> list[dict[str, Any]]:
        """All jobs."""
        return rows(wired.database, "progressive_capture_jobs")
