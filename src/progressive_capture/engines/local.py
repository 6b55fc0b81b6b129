"""The worker: slots of each lane that claim jobs and run them here, until asked to stop or nothing is due."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import structlog

from progressive_capture.capture.session import LEASE
from progressive_capture.domain.errors import CredentialsRefused
from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.engines.run import Bench, Ended, JobRun
from progressive_capture.engines.tending import TEND_SECONDS, tend
from progressive_capture.queue.claiming import take
from progressive_capture.queue.schedule import Schedule
from progressive_capture.queue.terms import Terms
from progressive_capture.store import duties, jobs
from progressive_capture.store.errors import StoreError
from progressive_capture.store.jobs import ClaimedJob

POLL_SECONDS: Final = 1.0
"""How long an idle slot waits before it looks for work again."""

TROUBLE_SECONDS: Final = 5.0
"""How long a slot waits after the database refused."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a worker, which runs one job at a time."""

    lane: Processor
    part: str
    """Its part of the holder's text."""


@dataclass(slots=True)
class Served:
    """What a worker has done."""

    jobs: int = 0
    """Jobs that it ran to their end, or to somebody else's."""
    parked: int = 0
    """Times that it put a job back in line."""
    ill: dict[str, JobState] = field(default_factory=dict)
    """Those that failed (and await their retry) or are dead, by id, as it left them last."""
    handed_over: int = 0
    """Times that an engine elsewhere took a job from the same process."""

    def count(self, state: JobState) -> int:
        """How many it left failed, or dead."""
        return sum(left is state for left in self.ill.values())


@dataclass(slots=True)
class Worker:
    """Runs jobs of the lanes that have slots; several workers may share a database."""

    bench: Bench
    terms: Terms
    slots: Mapping[Processor, int]
    holder: Callable[[str], str]
    """Names this process, with a part of it, as the holder of leases."""
    pause: Callable[[float], Awaitable[None]]
    """Sleeps for seconds, and wakes at once when asked to stop."""
    random: Callable[[], float]
    schedule: Schedule
    tend_seconds: float = TEND_SECONDS
    """How often it says that it lives, and looks whether a duty is due."""
    served: Served = field(default_factory=Served)
    idle: set[str] = field(default_factory=set)
    """Slots that have found nothing since any of them last had something to do."""
    done: int = 0
    """Rises whenever a slot had something to do: what was looked for before does not tell of what is there after."""
    is_drained: bool = False
    """Whether all slots were idle at once: with `drain`, none of them looks again."""
    refused: str | None = None
    """Why GitHub refuses the credentials: no slot takes another job."""

    async def run(self, *, drain: bool = False) -> Served:
        """Work until asked to stop; with `drain`, only until no job of its lanes is due and none is at work here.

        A job at work when a stop is asked for goes back in line after its page.

        Raises:
            CredentialsRefused: GitHub does not accept them; jobs at work are back in line, none counts as failed.
            StoreError: the database cannot be used, and waiting would not help.
        """
        log = structlog.stdlib.get_logger(__name__)
        lanes = {lane.value: count for lane, count in self.slots.items()}
        await asyncio.to_thread(self._seen, lanes)
        log.info("worker started", **lanes)
        over = asyncio.Event()
        beat = partial(self._seen, lanes)
        tending = asyncio.create_task(tend(self.schedule, beat, over, every=self.tend_seconds))
        try:
            async with asyncio.TaskGroup() as group:
                for lane, count in self.slots.items():
                    for number in range(count):
                        group.create_task(self._serve(Slot(lane, f"{lane.value}-{number + 1}"), drain=drain))
                if not self.slots and not drain:
                    group.create_task(self._stay())
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        finally:
            over.set()
            await tending
            await asyncio.to_thread(self._left)
        log.info("worker stopped", jobs=self.served.jobs, parked=self.served.parked)
        if self.refused is not None:
            raise CredentialsRefused(f"The worker stopped, and its jobs are back in line. {self.refused}")
        return self.served

    async def _stay(self) -> None:
        """See to the duties alone: all lanes run elsewhere."""
        while not self._is_over():
            await self.pause(POLL_SECONDS * (0.5 + self.random()))

    def _is_over(self) -> bool:
        return self.refused is not None or self.bench.stopping()

    async def _serve(self, slot: Slot, *, drain: bool) -> None:
        log = structlog.stdlib.get_logger(__name__)
        while not self._is_over() and not (drain and self.is_drained):
            done = self.done
            try:
                if await self._served_one(slot):
                    continue
            except StoreError as error:
                if not error.retryable:
                    raise
                log.warning("database", error=str(error), slot=slot.part)
                await self.pause(TROUBLE_SECONDS * (0.5 + self.random()))
                continue
            if done == self.done:
                self.idle.add(slot.part)
            self.is_drained = len(self.idle) == sum(self.slots.values())
            if drain and self.is_drained:
                return
            await self.pause(POLL_SECONDS * (0.5 + self.random()))

    async def _served_one(self, slot: Slot) -> bool:
        """Look for a job and run it; False when there was nothing to do."""
        now, holder = self.bench.clock(), self.holder(slot.part)
        look = partial(take, self.bench.database, self.terms, slot.lane, holder=holder, now=now, lease=LEASE)
        taken = await asyncio.to_thread(look)
        if taken.moved:
            self._begin_anew()
            structlog.stdlib.get_logger(__name__).info("not taken: moved or held", jobs=taken.moved, slot=slot.part)
        if taken.job is None:
            return bool(taken.moved)
        self._begin_anew()
        await self._run(slot, taken.job)
        # What it settled may have opened a successor, in any lane.
        self._begin_anew()
        return True

    def _begin_anew(self) -> None:
        self.done += 1
        self.idle.clear()

    async def _run(self, slot: Slot, claimed: ClaimedJob) -> None:
        job = claimed.job
        with structlog.contextvars.bound_contextvars(job_id=job.id, slot=slot.part):
            log = structlog.stdlib.get_logger(__name__)
            attempt = claimed.claim.attempt
            log.info("claimed", repository=job.repository_name, job_type=job.job_type.value, attempt=attempt)
            ending = await JobRun(replace(self.bench, stopping=self._is_over), claimed, slot.part).finish()
            if isinstance(ending, Ended):
                self.served.jobs += 1
                await asyncio.to_thread(self._note, claimed)
                return
            self.served.parked += 1
            if ending.is_refused:
                self.refused = ending.why
                log.error("credentials refused", why=ending.why)
            else:
                log.info("parked", until=stamp(ending.until), why=ending.why)

    def _note(self, claimed: ClaimedJob) -> None:
        """Log how a job ended, as loudly as somebody has to look after it."""
        log = structlog.stdlib.get_logger(__name__)
        with self.bench.database.reading() as connection:
            job = jobs.get(connection, claimed.job.id)
        self.served.ill.pop(job.id, None)
        if job.attempt == claimed.claim.attempt and job.state in {JobState.FAILED, JobState.DEAD}:
            self.served.ill[job.id] = job.state
        if self.served.ill.get(job.id) is JobState.DEAD:
            log.error("dead", repository=job.repository_name, error=job.error)
        else:
            log.info("ended", state=job.state.value)

    def _seen(self, lanes: Mapping[str, int]) -> None:
        with self.bench.database.transaction() as connection:
            duties.beat(connection, self.holder("worker"), lanes, self.bench.clock())

    def _left(self) -> None:
        self.schedule.resign()
        with self.bench.database.transaction() as connection:
            duties.say_goodbye(connection, self.holder("worker"), self.bench.clock())
