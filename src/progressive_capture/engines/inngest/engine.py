"""Inngest as the queue sees it: shards are handed over as events; what became of them is read in our own rows."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from progressive_capture.domain.jobs import EngineName, JobState, Shard, ShardState
from progressive_capture.domain.priority import HIGHEST
from progressive_capture.domain.scope import moment
from progressive_capture.engines.inngest.api import InngestApi
from progressive_capture.engines.inngest.events import JobCancelled, handed_over
from progressive_capture.queue.engine import (
    EngineRefused,
    EngineUnreachable,
    EngineUsage,
    Handover,
    Reachable,
    RunRef,
    RunState,
)
from progressive_capture.store import jobs
from progressive_capture.store.database import Database

LONGEST_STEP: Final = timedelta(hours=2)
"""How long Inngest waits for the answer of a step. https://www.inngest.com/docs/usage-limits/inngest"""

_OF_SHARD: Final = {
    ShardState.COMPLETED: RunState.SUCCEEDED,
    ShardState.FAILED: RunState.FAILED,
    ShardState.DEAD: RunState.FAILED,
    ShardState.CANCELLED: RunState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class InngestEngine:
    """Hands shards over as events whose ids rise with attempt and part, so that none is dropped as a repetition.

    Inngest keeps runs by ids of its own, and drops them after days: a run's reference is ours, `JOB_ID:ATTEMPT`.
    """

    api: InngestApi
    database: Database
    clock: Callable[[], datetime]
    head_start: timedelta
    """By which the most urgent run goes before the least urgent one."""

    @property
    def name(self) -> EngineName:
        """Inngest."""
        return EngineName.INNGEST

    @property
    def unknown_for(self) -> timedelta:
        """As long as a step may last: who works on a shard renews its lease, and a wait leaves one beyond its end."""
        return LONGEST_STEP

    @property
    def queued_for(self) -> timedelta:
        """Inngest's own line is not seen from here: a run in it is of unknown state."""
        return LONGEST_STEP

    @property
    def meters_itself(self) -> bool:
        """Each step books itself."""
        return True

    @property
    def runs_for_small(self) -> int | None:
        """Each shard has a run of its own."""
        return None

    async def dispatch(self, handovers: Sequence[Handover]) -> RunRef | None:
        """Hand over shards of one job; see `Engine.dispatch`."""
        await self.api.send([handed_over(each, self.head_start, HIGHEST) for each in handovers])
        return f"{handovers[0].job_id}:{handovers[0].attempt}" if handovers else None

    async def status(self, ref: RunRef, handover: Handover) -> RunState:
        """Read what became of a shard: who works on it holds its lease; without one, nobody here can say."""
        return await asyncio.to_thread(self._status, ref, handover)

    async def cancel(self, ref: RunRef) -> None:
        """Ask Inngest to stop the runs of an attempt, between two steps; see `Engine.cancel`."""
        job_id, _, attempt = ref.rpartition(":")
        await self.api.send([JobCancelled(job_id=job_id, attempt=int(attempt))])

    async def usage(self, ref: RunRef) -> EngineUsage | None:
        """Sum the executions that the steps of a job have booked, over all of its attempts."""
        return await asyncio.to_thread(self._usage, ref.rpartition(":")[0])

    async def ping(self) -> Reachable:
        """Ask the event API, to which shards are handed."""
        try:
            await self.api.healthy()
        except (EngineRefused, EngineUnreachable) as error:
            return Reachable(answers=False, why=str(error))
        return Reachable(answers=True, why="Inngest answers.")

    def _status(self, ref: RunRef, handover: Handover) -> RunState:
        with self.database.reading() as connection:
            job = jobs.get(connection, handover.job_id)
            shards = [each for each in jobs.shards(connection, handover.job_id) if each.k == handover.k]
        attempt = int(ref.rpartition(":")[2])
        if job.attempt != attempt or not shards:
            return RunState.GONE
        if job.state is JobState.CANCELLED:
            return RunState.CANCELLED
        return self._of(shards[0], attempt)

    def _of(self, shard: Shard, attempt: int) -> RunState:
        settled = _OF_SHARD.get(shard.state)
        if settled is not None:
            return settled
        leased = shard.lease_until is not None and moment(shard.lease_until) > self.clock()
        return RunState.RUNNING if leased and shard.attempt == attempt else RunState.UNKNOWN

    def _usage(self, job_id: str) -> EngineUsage:
        with self.database.reading() as connection:
            resources = jobs.used_by(connection, job_id).resources
        return EngineUsage(runner_minutes=resources.runner_minutes, executions=resources.executions)
