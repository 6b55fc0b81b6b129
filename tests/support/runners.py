"""Runs as a workflow has them, within the test's process: what was dispatched, and what `pc run` makes of it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.requests import Queued
from progressive_capture.domain.scope import Scope
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.engines.actions.runner import Order, Ran
from progressive_capture.run_wiring import runner
from progressive_capture.store import jobs
from progressive_capture.store.database import Connection
from progressive_capture.store.tables import JOBS
from tests.support.offices import BY_REST, Office

RUN_ID = 4_711


@dataclass
class Runners:
    """Runners of one office, one after the other."""

    office: Office

    def __post_init__(self) -> None:
        """Be on GitHub's machines."""
        self.office.settings = {"GITHUB_RUN_ID": RUN_ID} | self.office.settings

    def dispatch(self, scope: Scope = BY_REST, **fields: Any) -> RunKey:
        """Ask for work, and hand it over as the dispatcher of the bulk lane does."""
        return asyncio.run(self._dispatch(scope, fields))

    async def _dispatch(self, scope: Scope, fields: dict[str, Any]) -> RunKey:
        answer = await self.office.ask(scope, **fields)
        assert isinstance(answer, Queued)
        async with self.office.wired() as wired:
            with wired.database.transaction() as connection:
                connection.execute(JOBS.update().values(processor_type=Processor.GITHUB_ACTIONS.value))
                return hand_over(connection, self.office.github.now)

    def again(self) -> RunKey:
        """Hand over what is in line once more."""

        async def act() -> RunKey:
            async with self.office.wired() as wired:
                with wired.database.transaction() as connection:
                    return hand_over(connection, self.office.github.now)

        return asyncio.run(act())

    def run(self, key: RunKey, *only: int, minutes: float = 60) -> Ran:
        """Do what `pc run` does."""
        return asyncio.run(self._run(Order(key, frozenset(only) or None), minutes))

    async def _run(self, order: Order, minutes: float) -> Ran:
        async with self.office.wired() as wired:
            return await runner(wired, turn=min(order.only or [0]), minutes=minutes).run(order)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        return self.office.rows(table)

    def job(self) -> dict[str, Any]:
        """The only job."""
        (job,) = self.rows("progressive_capture_jobs")
        return job

    def shards(self) -> dict[int, dict[str, Any]]:
        """Shards of the only job by their number."""
        return {row["k"]: row for row in self.rows("job_shards")}


def hand_over(connection: Connection, now: datetime) -> RunKey:
    """Dispatch the first job in line of the bulk lane."""
    (sent,) = jobs.dispatch_jobs(
        connection,
        Processor.GITHUB_ACTIONS,
        EngineName.GITHUB_ACTIONS,
        who="test",
        now=now,
        deadline=now + timedelta(hours=1),
        n=1,
    ).jobs
    return RunKey(sent.job.id, sent.attempt)
