"""Handing jobs to an engine elsewhere: which are due, whose budget they use, what happens when it takes none."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from progressive_capture.domain.errors import CaptureFailed
from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.routing import SHARDS_IN_FLIGHT
from progressive_capture.queue.engine import Engine, EngineRefused, EngineUnreachable, Handover, RunRef
from progressive_capture.queue.splitting import cut
from progressive_capture.queue.staying import ask_again
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import DispatchedJob, JobLine

AT_ONCE: Final = 20
"""Jobs that one look hands over at most: the next one decides anew."""

TO_BEGIN: Final = timedelta(hours=1)
"""How long a job may stand dispatched before somebody asks after it."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Hands the jobs of one lane to its engine; several processes may do so at once."""

    database: Database
    terms: Terms
    lane: Processor
    engine: Engine
    principals: Callable[[str], Awaitable[Sequence[str]]]
    """Whose budgets work on a repository may use."""
    clock: Callable[[], datetime]
    random: Callable[[], float]
    holder: str

    async def dispatch(self) -> int:
        """Hand over what is due, the first in line first; how many jobs the engine took.

        What it does not take goes back in line, for a short random while, and so does what it may have taken without
        saying so: the next attempt shuts out the runs of this one.

        Raises:
            StoreError: the database refused.
        """
        taken = 0
        for job in await asyncio.to_thread(self._choose):
            taken += await self._hand_over(job)
        return taken

    async def _hand_over(self, job: DispatchedJob) -> bool:
        log = structlog.stdlib.get_logger(__name__).bind(job_id=job.job.id, engine=self.engine.name.value)
        try:
            principal = await self._principal(job.job)
            ref = await self.engine.dispatch(self._handovers(job, principal))
        except (EngineRefused, EngineUnreachable, CaptureFailed) as error:
            log.warning("not dispatched", error=str(error))
            await asyncio.to_thread(self._take_back, job, str(error))
            return False
        if ref is not None:
            await asyncio.to_thread(self._note, job, ref, principal)
        log.info("dispatched", attempt=job.attempt, shards=len(job.shards))
        return True

    async def _principal(self, job: JobLine) -> str | None:
        """Share jobs out over the principals: the same one takes the same job at each attempt."""
        known = await self.principals(job.repository_name)
        return known[zlib.crc32(job.id.encode()) % len(known)] if known else None

    def _handovers(self, job: DispatchedJob, principal: str | None) -> list[Handover]:
        most = SHARDS_IN_FLIGHT[self.lane]
        return [
            Handover(
                job_id=job.job.id,
                k=k,
                attempt=job.attempt,
                part=0,
                principal=principal,
                job_type=job.job.job_type,
                repository_name=job.job.repository_name,
                host_id=job.job.host_id,
                priority=job.job.priority,
            )
            for k in job.shards[:most]
        ]

    def _choose(self) -> list[DispatchedJob]:
        now = self.clock()
        with self.database.transaction() as connection:
            return jobs.dispatch_jobs(
                connection,
                self.lane,
                self.engine.name,
                who=self.holder,
                now=now,
                deadline=now + TO_BEGIN,
                n=AT_ONCE,
                decide=ask_again(connection, self.terms, self.lane, now),
                split=cut,
            ).jobs

    def _note(self, job: DispatchedJob, ref: RunRef, principal: str | None) -> None:
        with self.database.transaction() as connection:
            jobs.note_run(connection, job.job.id, attempt=job.attempt, ref=ref, principal=principal)

    def _take_back(self, job: DispatchedJob, why: str) -> None:
        with self.database.transaction() as connection:
            jobs.take_back(
                connection,
                job.job.id,
                attempt=job.attempt,
                now=self.clock(),
                who=self.holder,
                why=why,
                random=self.random(),
            )
