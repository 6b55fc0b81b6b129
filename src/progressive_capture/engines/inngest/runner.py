"""What a step of a capture function does, as plain functions that know nothing of the SDK: work, fail, hand on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypedDict

import structlog

from progressive_capture.capture.advance import advance
from progressive_capture.capture.results import Advanced, Done, More, Stopped, WaitUntil
from progressive_capture.capture.run import asked, must
from progressive_capture.capture.session import Tools
from progressive_capture.domain.errors import CaptureFailed, ErrorClass, Interrupted
from progressive_capture.domain.jobs import JobState, Processor, Resources, ShardState
from progressive_capture.domain.routing import SHARDS_IN_FLIGHT
from progressive_capture.domain.scope import stamp
from progressive_capture.engines.inngest.events import ShardHandedOver, data_of
from progressive_capture.engines.run import Bench
from progressive_capture.store import jobs, repositories
from progressive_capture.store.database import Connection
from progressive_capture.store.errors import StoreError
from progressive_capture.store.jobs import Settling

MORE: Final = "more"
WAIT: Final = "wait"
ENDED: Final = "ended"

AT_WORK: Final = frozenset({JobState.DISPATCHED, JobState.PROCESSING})
IN_FLIGHT: Final = SHARDS_IN_FLIGHT[Processor.INNGEST] or 1

NEXT_TRY: Final = timedelta(minutes=10)
"""When a job is handed over again whose credentials GitHub refused: somebody has to give others meanwhile."""


class Became(StrEnum):
    """What became of a job of which a shard could not go on."""

    BACK = "put back in line"
    FAILED = "failed"
    """The shard has; others of the job go on."""
    SETTLED = "failed, and the job is settled"
    NOTHING = "nothing to settle"
    """It was no longer this run's."""


class StepAnswer(TypedDict):
    """What a step came to, as Inngest keeps it: no row of GitHub's, no error beyond one sentence."""

    outcome: str
    """`more`: another step; `wait`: another step after `until`; `ended`: nothing is left for this run."""
    until: str | None
    why: str | None
    hand_on: list[dict[str, Any]]
    """Events of shards that are to be worked on next."""


@dataclass(frozen=True, slots=True)
class ShardRunner:
    """Works on shards that were handed over; `bench.tools` is opened with the holder as its part."""

    bench: Bench
    step: timedelta
    """How long one step works."""

    async def advance(self, handed: ShardHandedOver, executions: int) -> StepAnswer:
        """Work on the shard for the length of a step.

        Args:
            handed: the shard.
            executions: what Inngest counted since the step before, this step included.

        Raises:
            StoreError: the database refused; Inngest repeats the step.
        """
        with structlog.contextvars.bound_contextvars(job_id=handed.job_id, shard=handed.k, part=handed.part):
            owner_name = await asyncio.to_thread(self._begin, handed, executions)
            if owner_name is None:
                return ended("The job is no longer this run's.")
            return await self._told(handed, await self._work(handed, owner_name))

    async def give_up(self, handed: ShardHandedOver, why: str) -> StepAnswer:
        """Settle a shard on which Inngest gave up, whether or not its run had begun it; `why` says what became of it.

        Raises:
            StoreError: the database refused.
        """
        stopped = Stopped(why, retryable=True, error_class=ErrorClass.UNKNOWN)
        became = await asyncio.to_thread(self._stop, handed, stopped)
        return ended(became, await self._following(handed, became))

    async def _work(self, handed: ShardHandedOver, owner_name: str) -> Advanced:
        try:
            async with self.bench.tools(owner_name, handed.holder) as every:
                tools = await of_principal(every, handed.principal)
                return await advance(tools, handed.job_id, handed.k, handed.attempt, tools.clock() + self.step)
        except Interrupted:
            return More()
        except CaptureFailed as failed:
            return Stopped(str(failed), failed.error_class.retryable, failed.error_class)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the job must not stay at work
            structlog.stdlib.get_logger(__name__).exception("broken")
            why = f"The program failed ({type(error).__name__}); its log tells where."
            return Stopped(why, retryable=True, error_class=ErrorClass.UNKNOWN)

    async def _told(self, handed: ShardHandedOver, answer: Advanced) -> StepAnswer:
        match answer:
            case More():
                return StepAnswer(outcome=MORE, until=None, why=None, hand_on=[])
            case WaitUntil():
                return StepAnswer(outcome=WAIT, until=stamp(answer.until), why=answer.why, hand_on=[])
            case Done():
                return ended(None, [] if answer.job_settled else await asyncio.to_thread(self._next, handed))
            case Stopped(error_class=ErrorClass.LOST):
                return ended(answer.error)
            case Stopped(error_class=ErrorClass.CREDENTIALS):
                # What is wrong is not the job: it waits for somebody to give other credentials.
                structlog.stdlib.get_logger(__name__).error("credentials refused", why=answer.error)
                await asyncio.to_thread(self._park, handed, answer.error)
                return ended(answer.error)
            case Stopped():
                became = await asyncio.to_thread(self._stop, handed, answer)
                structlog.stdlib.get_logger(__name__).warning("failed", error=answer.error, became=became)
                return ended(answer.error, await self._following(handed, became))

    async def _following(self, handed: ShardHandedOver, became: Became) -> list[dict[str, Any]]:
        """What is to be worked on after a shard that was stopped."""
        return await asyncio.to_thread(self._next, handed) if became is Became.FAILED else []

    def _begin(self, handed: ShardHandedOver, executions: int) -> str | None:
        """Book the step; the repository's name as it was seen last, None once the job is no longer this run's."""
        with self.bench.database.transaction() as connection:
            self._book(connection, handed, executions)
            job = jobs.get(connection, handed.job_id)
            if job.state not in AT_WORK or job.attempt != handed.attempt:
                return None
            stored = repositories.find_numbered(connection, job.host_id, job.repository_id)
        return job.repository_name if stored is None else stored.owner_name

    def _book(self, connection: Connection, handed: ShardHandedOver, executions: int) -> None:
        settling = self.bench.settling()
        used = replace(settling, resources=settling.resources + Resources(executions=executions))
        jobs.book(connection, handed.job_id, handed.k, used, self.bench.clock())

    def _stop(self, handed: ShardHandedOver, stopped: Stopped) -> Became:
        """Record that the shard cannot go on."""
        now, settling = self.bench.clock(), self.bench.settling()
        with self.bench.database.transaction() as connection:
            if self._take_back(connection, handed, stopped.error, settling):
                # Nothing of ours ever ran: that is no failure of the job.
                return Became.BACK
            settled = jobs.fail_shard(
                connection,
                handed.job_id,
                handed.k,
                attempt=handed.attempt,
                holder=handed.holder,
                error=stopped.error,
                error_class=stopped.error_class,
                retryable=stopped.retryable,
                now=now,
                settling=replace(settling, resources=Resources()),  # what it used is booked by now
            )
        if settled is None:
            return Became.NOTHING
        return Became.SETTLED if settled else Became.FAILED

    def _park(self, handed: ShardHandedOver, why: str) -> None:
        now, settling = self.bench.clock(), self.bench.settling()
        with self.bench.database.transaction() as connection:
            parked = jobs.park(
                connection,
                handed.job_id,
                attempt=handed.attempt,
                holder=handed.holder,
                until=now + NEXT_TRY,
                now=now,
                why=why,
                k=handed.k,
                settling=settling,
            )
            if not parked:
                # No shard had begun.
                self._take_back(connection, handed, why, settling)

    def _take_back(self, connection: Connection, handed: ShardHandedOver, why: str, settling: Settling) -> bool:
        """Put the job back in line if no shard of it has begun; what this process used since is booked on it."""
        now, random = self.bench.clock(), settling.random
        jobs.book(connection, handed.job_id, handed.k, settling, now)
        return jobs.take_back(
            connection, handed.job_id, attempt=handed.attempt, now=now, who=handed.holder, why=why, random=random
        )

    def _next(self, handed: ShardHandedOver) -> list[dict[str, Any]]:
        """The shards that may begin now that this one has ended: no more of a job are under way than its lane allows.

        One that another run hands on at the same time is dropped by its event id, or, were it not, by its lease.
        """
        with self.bench.database.transaction() as connection:
            job = jobs.get(connection, handed.job_id)
            if job.state is not JobState.PROCESSING or job.attempt != handed.attempt:
                return []
            shards = jobs.shards(connection, handed.job_id)
            room = IN_FLIGHT - sum(shard.state is ShardState.PROCESSING for shard in shards)
            following = [shard.k for shard in shards if shard.state is ShardState.PENDING][: max(room, 0)]
            if following:
                # Handing on is a step of its own.
                self._book(connection, handed, 1)
        return [data_of(handed.on(k=k, part=0)) for k in following]


def ended(why: str | None, hand_on: list[dict[str, Any]] | None = None) -> StepAnswer:
    """Nothing is left for this run."""
    return StepAnswer(outcome=ENDED, until=None, why=why, hand_on=hand_on or [])


async def of_principal(every: Sequence[Tools], principal: str) -> Tools:
    """Choose the tools whose budget is the one that the run was given; the first ones where none is.

    Raises:
        CaptureFailed: GitHub does not say whose a token is.
    """
    for each in every if len(every) > 1 else ():
        found = must(await asked(each, each.api.principal), "asking whose token it is")
        await each.api.finish()
        if found == principal:
            return each
    return every[0]
