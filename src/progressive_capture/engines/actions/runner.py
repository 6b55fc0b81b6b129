"""What `pc run` does on a runner: takes what it was dispatched for, and works on it as far as its time goes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from progressive_capture.domain.jobs import UNSETTLED, Held
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.engines.actions.beginning import Beginning, Begun, Nothing
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.engines.run import Bench, Ended, Ending, JobRun, Parked, Share
from progressive_capture.store import jobs
from progressive_capture.store.jobs import ClaimedJob

PATIENCE: Final = timedelta(minutes=2)
"""Longer waits are not paid for: the run ends, and the job is dispatched again at their end."""

MARGIN: Final = timedelta(minutes=5)
"""How long before GitHub's limit a run ends by itself, with time for the steps after it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What one run is to do."""

    key: RunKey
    only: frozenset[int] | None = None
    """Its shards; None: the whole job."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of it."""

    key: RunKey
    ending: Ending | Nothing
    shards_left: tuple[int, ...] = ()
    """Shards of the job that are not settled."""


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
            return Ran(key, ending, await asyncio.to_thread(self._left, begun.job.id))
        if isinstance(begun, Held):
            begun = Nothing(f"{begun.holder} is at work on it; its lease lasts until {begun.until}.")
        return Ran(order.key, begun, await asyncio.to_thread(self._left, order.key.job_id))

    async def _begin(self, order: Order) -> Begun:
        """Take it, outlasting the lease of somebody who may have died: one who lives renews it meanwhile."""
        bound = self.bench.clock() + PATIENCE
        while True:
            begun = await asyncio.to_thread(self.beginning.begin, order.key, order.only)
            if not isinstance(begun, Held) or moment(begun.until) > bound or self.bench.stopping():
                return begun
            log = structlog.stdlib.get_logger(__name__)
            log.info("waiting", until=begun.until, why=f"{begun.holder} held it last")
            await self.pause(max(0.0, (moment(begun.until) - self.bench.clock()).total_seconds()))

    async def _work(self, claimed: ClaimedJob, only: frozenset[int] | None) -> Ending:
        job, attempt = claimed.job, claimed.claim.attempt
        with structlog.contextvars.bound_contextvars(job_id=job.id, run=self.part):
            log = structlog.stdlib.get_logger(__name__)
            log.info("begun", repository=job.repository_name, job_type=job.job_type.value, attempt=attempt)
            is_asked = self.beginning.run_id is not None
            ending = await JobRun(self.bench, claimed, self.part, Share(self.end, only, is_asked)).finish()
            match ending:
                case Ended():
                    log.info("ended")
                case Parked():
                    log.info("checkpointed", until=stamp(ending.until), why=ending.why)
            return ending

    def _left(self, job_id: str) -> tuple[int, ...]:
        with self.bench.database.reading() as connection:
            return tuple(shard.k for shard in jobs.shards(connection, job_id) if shard.state in UNSETTLED)
