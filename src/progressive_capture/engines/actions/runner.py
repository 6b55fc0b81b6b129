"""What `pc run` does on a runner: takes what it was dispatched for, and works on it as far as its time goes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from progressive_capture.domain.holders import called
from progressive_capture.domain.jobs import UNSETTLED, Held
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.engines.actions.beginning import Beginning, Begun, Nothing
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.engines.run import Bench, Ended, Ending, JobRun, Parked, Share
from progressive_capture.store import jobs
from progressive_capture.store.jobs import ClaimedJob

PATIENCE: Final = timedelta(minutes=2)
"""Longer waits are not paid for: the run ends, and the job is dispatched again at their end."""

TO_DRAIN: Final = timedelta(minutes=3)
"""How much of its time a run must have left to take a further job: what it cannot finish, another run has to begin."""


@dataclass(frozen=True, slots=True)
class Order:
    """What one run is to do."""

    key: RunKey
    only: frozenset[int] | None = None
    """Its shards; None: the whole job."""
    drains: bool = False
    """Whether it takes further small jobs in line, once its own is done: each run bills its begun minute."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of it."""

    key: RunKey
    ending: Ending | Nothing
    shards_left: tuple[int, ...] = ()
    """Shards of the job that are not settled."""
    drained: tuple["Ran", ...] = ()
    """What became of further jobs."""


@dataclass(frozen=True, slots=True)
class Runner:
    """One run on one machine."""

    bench: Bench
    beginning: Beginning
    part: str
    """Names the run within the holder."""
    pause: Callable[[float], Awaitable[None]]
    end: datetime
    """When it has to be done."""

    async def run(self, order: Order) -> Ran:
        """Work on what was ordered until it is done, has to wait, or time or patience is over.

        Raises:
            NoSuchJob: there is no such job.
            StoreError: the database refused; what was stored stays.
        """
        begun = await self._begin(order)
        if isinstance(begun, ClaimedJob):
            key = RunKey(begun.job.id, begun.claim.attempt)
            ending = await self._work(begun, order.only)
            drained = await self._drain() if order.drains and isinstance(ending, Ended) else []
            return Ran(key, ending, await asyncio.to_thread(self._left, begun.job.id), tuple(drained))
        if isinstance(begun, Held):
            begun = Nothing(f"{called(begun.holder)} is at work on it; its lease lasts until {begun.until}.")
        return Ran(order.key, begun, await asyncio.to_thread(self._left, order.key.job_id))

    async def _begin(self, order: Order) -> Begun:
        """Take it, outlasting the lease of somebody who may have died: one who lives renews it meanwhile."""
        bound = self.bench.clock() + PATIENCE
        while True:
            begun = await asyncio.to_thread(self.beginning.begin, order.key, order.only)
            if not isinstance(begun, Held) or moment(begun.until) > bound or self.bench.stopping():
                return begun
            log = structlog.stdlib.get_logger(__name__)
            log.info("waiting", until=begun.until, why=f"{called(begun.holder)} held it last")
            await self.pause(max(0.0, (moment(begun.until) - self.bench.clock()).total_seconds()))

    async def _drain(self) -> list[Ran]:
        """Run small jobs in line one after the other; one that has to wait says that others would have to, too."""
        drained: list[Ran] = []
        while self.bench.clock() + TO_DRAIN <= self.end and not self.bench.stopping():
            claimed = await asyncio.to_thread(self.beginning.begin_small)
            if claimed is None:
                break
            ending = await self._work(claimed, None)
            left = await asyncio.to_thread(self._left, claimed.job.id)
            drained.append(Ran(RunKey(claimed.job.id, claimed.claim.attempt), ending, left))
            if isinstance(ending, Parked):
                break
        return drained

    async def _work(self, claimed: ClaimedJob, only: frozenset[int] | None) -> Ending:
        job, attempt = claimed.job, claimed.claim.attempt
        with structlog.contextvars.bound_contextvars(job_id=job.id, run=self.part):
            log = structlog.stdlib.get_logger(__name__)
            log.info("begun", repository=job.repository_name, job_type=job.job_type.value, attempt=attempt)
            ending = await JobRun(self.bench, claimed, self.part, Share(self.end, only)).finish()
            match ending:
                case Ended():
                    log.info("ended")
                case Parked():
                    log.info("checkpointed", until=stamp(ending.until), why=ending.why)
            return ending

    def _left(self, job_id: str) -> tuple[int, ...]:
        with self.bench.database.reading() as connection:
            return tuple(shard.k for shard in jobs.shards(connection, job_id) if shard.state in UNSETTLED)
