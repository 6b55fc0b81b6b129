"""Handing jobs to an engine elsewhere: which are due, whose budget they use, what happens when it takes none."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from progressive_capture.domain.breaker import Phase
from progressive_capture.domain.errors import CaptureFailed
from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.routing import SHARDS_IN_FLIGHT
from progressive_capture.domain.scope import stamp
from progressive_capture.queue.breaker import Breakers
from progressive_capture.queue.engine import Engine, EngineRefused, EngineUnreachable, Handover, RunRef
from progressive_capture.queue.splitting import cut
from progressive_capture.queue.staying import ask_again
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs, runs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.errors import StoreError
from progressive_capture.store.jobs import Among, DispatchedJob, JobLine
from progressive_capture.store.runs import UnbookedRun

AT_ONCE: Final = 20
"""Jobs that one look hands over at most: the next one decides anew."""

MOST_WAITING: Final = 50
"""Jobs that an engine has and has not begun, at most: those in our own line can still change their order and lane."""

TO_CONFIRM: Final = timedelta(minutes=5)
"""How long a job may stand dispatched without anybody's knowing that the engine has it: whoever was to hand it over may
have died. Beyond every wait for an answer."""

TO_BEGIN: Final = timedelta(hours=1)
"""How long a job that the engine has may stand there before somebody asks after it."""

TO_ACCOUNT: Final = timedelta(minutes=2)
"""When an engine is asked for the first time what a run has used: none is done before."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Hands the jobs of one lane to its engine; several processes may do so at once."""

    database: Database
    terms: Terms
    lane: Processor
    engine: Engine
    breakers: Breakers
    principals: Callable[[str], Awaitable[Sequence[str]]]
    """Whose budgets work on a repository may use."""
    clock: Callable[[], datetime]
    random: Callable[[], float]
    holder: str

    async def dispatch(self) -> int:
        """Hand over what is due, the first in line first; how many jobs the engine took.

        What it does not take goes back in line, for a short random while, and so does what it may have taken without
        saying so: the next attempt shuts out the runs of this one. An engine that gives no answer is left alone for a
        while; what is in line for it then goes where it may, or waits and is told.

        Raises:
            StoreError: the database refused.
        """
        phase = await self._phase()
        if phase is not Phase.CLOSED and self.terms.local_steps_in:
            return 0
        taken = 0
        chosen = await asyncio.to_thread(self._choose, phase)
        for place, job in enumerate(chosen):
            if place and await asyncio.to_thread(self.breakers.may_try, self.engine.name) is Phase.OPEN:
                await asyncio.to_thread(self._take_back, job, f"{self.engine.name.called} gives no answer.")
            else:
                taken += await self.hand_over(job)
        return taken

    async def hand_over(self, job: DispatchedJob) -> bool:
        """Give one dispatched job to the engine, which may have it already; False when it went back in line.

        Raises:
            StoreError: the database refused.
        """
        log = structlog.stdlib.get_logger(__name__).bind(job_id=job.job.id, engine=self.engine.name.value)
        try:
            principal = await self._principal(job.job)
            ref = await self.engine.dispatch(self._handovers(job, principal))
        except (EngineRefused, EngineUnreachable, CaptureFailed) as error:
            log.warning("not dispatched", error=str(error))
            await asyncio.to_thread(self._take_back, job, str(error))
            await asyncio.to_thread(self._hear_of, error)
            return False
        except StoreError:
            raise
        except Exception as error:
            # A mistake of ours at one job must not keep all others from their engine.
            log.exception("broken")
            why = f"The program failed ({type(error).__name__}); its log tells where."
            await asyncio.to_thread(self._take_back, job, why)
            return False
        await asyncio.to_thread(self._note, job, ref, principal)
        log.info("dispatched", attempt=job.attempt, shards=len(job.shards))
        return True

    async def _phase(self) -> Phase:
        """Whether the engine may be given something; one that was silent is only asked whether it is there."""
        phase = await asyncio.to_thread(self.breakers.may_try, self.engine.name)
        if phase is not Phase.HALF_OPEN:
            return phase
        answer = await self.engine.ping()
        if not answer.answers:
            await asyncio.to_thread(self.breakers.unreachable, self.engine.name, answer.why)
            return Phase.OPEN
        await asyncio.to_thread(self.breakers.is_there, self.engine.name)
        return Phase.CLOSED

    def _hear_of(self, error: Exception) -> None:
        if isinstance(error, EngineUnreachable):
            self.breakers.unreachable(self.engine.name, str(error))
        elif isinstance(error, EngineRefused):
            self.breakers.answered(self.engine.name)

    async def _principal(self, job: JobLine) -> str | None:
        """Share jobs out over the principals: the same one takes the same job at each attempt."""
        known = await self.principals(job.repository_name)
        return known[zlib.crc32(job.id.encode()) % len(known)] if known else None

    def _handovers(self, job: DispatchedJob, principal: str | None) -> list[Handover]:
        most = SHARDS_IN_FLIGHT[self.lane]
        return [handover_of(job.job, k, job.attempt, principal) for k in job.shards[:most]]

    def _choose(self, phase: Phase) -> list[DispatchedJob]:
        now = self.clock()
        with self.database.transaction() as connection:
            # While the engine is silent none is taken: all that are due go elsewhere, or are held.
            room = MOST_WAITING - runs.count_waiting(connection, self.engine.name) if phase is Phase.CLOSED else AT_ONCE
            n = max(0, min(AT_ONCE, room))
            most = self.engine.runs_for_small
            if most is None or phase is not Phase.CLOSED:
                return self._dispatch(connection, now, Among(), n)
            few = max(0, most - runs.count_small(connection, self.engine.name))
            small = self._dispatch(connection, now, Among(is_small=True), min(n, few))
            return small + self._dispatch(connection, now, Among(is_small=False), n - len(small))

    def _dispatch(self, connection: Connection, now: datetime, among: Among, n: int) -> list[DispatchedJob]:
        return jobs.dispatch_jobs(
            connection,
            self.lane,
            self.engine.name,
            who=self.holder,
            now=now,
            deadline=now + TO_CONFIRM,
            n=n,
            decide=ask_again(connection, self.terms, self.lane, now),
            split=cut,
            among=among,
        ).jobs

    def _note(self, job: DispatchedJob, ref: RunRef | None, principal: str | None) -> None:
        now, engine = self.clock(), self.engine
        with self.database.transaction() as connection:
            jobs.await_beginning(connection, job.job.id, attempt=job.attempt, deadline=now + TO_BEGIN)
            if ref is not None:
                jobs.note_run(connection, job.job.id, attempt=job.attempt, ref=ref, principal=principal)
                if not engine.meters_itself:
                    self._remember(connection, job, ref, now)
        self.breakers.answered(engine.name)

    def _remember(self, connection: Connection, job: DispatchedJob, ref: RunRef, now: datetime) -> None:
        """Keep a run that the engine is to account for."""
        run = UnbookedRun(job.job.id, job.attempt, self.engine.name, ref, stamp(now))
        runs.remember(connection, run, now + TO_ACCOUNT)

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


def handover_of(job: JobLine, k: int, attempt: int, principal: str | None) -> Handover:
    """One shard of a job as an engine gets it for the first time."""
    return Handover(
        job_id=job.id,
        k=k,
        attempt=attempt,
        part=0,
        principal=principal,
        job_type=job.job_type,
        repository_name=job.repository_name,
        host_id=job.host_id,
        priority=job.priority,
    )
