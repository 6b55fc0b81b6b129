"""An installation that Inngest calls, within the test's process: office, app and a little Inngest, tied together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from progressive_capture.domain.jobs import JobType, Processor
from progressive_capture.domain.requests import Queued
from progressive_capture.domain.scope import Scope
from progressive_capture.engines.inngest.api import InngestApi
from progressive_capture.engines.inngest.engine import InngestEngine
from progressive_capture.queue.engine import Handover
from progressive_capture.web.app import application, mount_inngest
from progressive_capture.wiring import Wired
from tests.support.little_inngest import EVENT_KEY, KEY, LittleInngest
from tests.support.offices import BY_REST, Office, rows

PRODUCTION = {"INNGEST_EVENT_KEY": EVENT_KEY, "INNGEST_SIGNING_KEY": KEY, "PC_INNGEST_ENGINE": "local"}


@dataclass
class Served:
    """Everything at hand for one test."""

    wired: Wired
    api: InngestApi
    engine: InngestEngine
    inngest: LittleInngest
    office: Office

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        return rows(self.wired.database, table)

    def job(self) -> dict[str, Any]:
        """The only job."""
        (job,) = self.rows("progressive_capture_jobs")
        return job

    async def hand_over(self, scope: Scope = BY_REST) -> Handover:
        """Ask for work, and give it to Inngest."""
        answer = await self.office.ask(scope)
        assert isinstance(answer, Queued)
        return await self.dispatch()

    async def cancel(self, job_id: str) -> None:
        """Cancel a job, as an operator does."""
        await asyncio.to_thread(self.wired.control().cancel, job_id, who="ann", reason="no")

    async def dispatch(self) -> Handover:
        """Give what is in line to Inngest; how the shard was handed over that it began with."""
        before = len(self.inngest.sent)
        for lane in Processor:
            await self.wired.elsewhere().dispatcher(self.engine, lane).dispatch()
        data = self.inngest.sent[before]["data"]
        (job,) = [row for row in self.rows("progressive_capture_jobs") if row["id"] == data["job_id"]]
        return Handover(
            job_id=data["job_id"],
            k=data["k"],
            attempt=data["attempt"],
            part=data["part"],
            principal=data["principal"],
            job_type=JobType(data["job_type"]),
            repository_name=job["repository_name"],
            host_id=job["host_id"],
            priority=job["priority"],
        )


@asynccontextmanager
async def served(office: Office) -> AsyncIterator[Served]:
    """Put an installation together, and let Inngest know its functions."""
    inngest = LittleInngest()

    def sleep(until: datetime) -> None:
        office.github.now = max(office.github.now, until)

    inngest.sleep = sleep
    office.settings = PRODUCTION | office.settings
    office.inngest = inngest.transport
    async with office.wired() as wired, wired.inngest_api() as api:
        inngest.app = application(wired.database)
        functions = wired.inngest_app(api.client).functions()
        mount_inngest(inngest.app, api.client, functions)
        # The SDK keeps an HTTP client of its own, which it lets nobody replace.
        api.client._http_client._http_client._transport = inngest.transport()
        (await inngest.register()).raise_for_status()
        engine = InngestEngine(api, wired.database, wired.clock.now, timedelta(minutes=5))
        yield Served(wired, api, engine, inngest, office)
