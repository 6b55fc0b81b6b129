"""One claimed job, or some of its shards, as far as they come here; claiming and looping over jobs stand elsewhere."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from progressive_capture.capture.advance import advance
from progressive_capture.capture.results import Advanced, Done, Stopped, WaitUntil
from progressive_capture.capture.run import Team, together
from progressive_capture.capture.session import Tools
from progressive_capture.domain.errors import CaptureFailed, Delayed, ErrorClass, Interrupted
from progressive_capture.domain.jobs import UNSETTLED, JobState, Shard
from progressive_capture.domain.routing import SHARDS_IN_FLIGHT
from progressive_capture.store import jobs, repositories
from progressive_capture.store.database import Database
from progressive_capture.store.errors import StoreError
from progressive_capture.store.jobs import ClaimedJob, Settling

SLICE: Final = timedelta(seconds=60)
"""How long a job is worked on before others of its lane are looked at; longer waits give the slot away."""


NEXT_TRY: Final = timedelta(minutes=10)
"""When a run is begun again whose credentials GitHub refused: somebody has to give others meanwhile."""

STEP_ASIDE: Final = timedelta(seconds=1)
"""How long a job that has had its slice lets others of its lane be claimed first."""

AFTER_STOP: Final = timedelta(minutes=2)
"""When a job goes on in another run whose run was told to stop: time to cancel the job, too, if that was meant."""

STOPPED: Final = "the worker was asked to stop"
RUN_STOPPED: Final = "its run was told to stop; `pc cancel` is what ends a job"
TIME_OVER: Final = "its run's time is over"


class OpenTools(Protocol):
    """Opens one set of tools for each credential that may be used for a repository."""

    def __call__(self, owner_name: str, part: str) -> AbstractAsyncContextManager[tuple[Tools, ...]]:
        """Make them; the first one's holder is the process with this part."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """What running a job needs from outside."""

    database: Database
    tools: OpenTools
    clock: Callable[[], datetime]
    stopping: Callable[[], bool]
    settling: Callable[[], Settling]
    """Prices, randomness, and what this process used since it last told."""


@dataclass(frozen=True, slots=True)
class Parked:
    """The job waits; it is pending again."""

    until: datetime
    why: str
    k: int
    """The shard that waits."""
    holder: str
    """Who worked on it."""
    is_refused: bool = False
    """Whether GitHub refuses the credentials: no other job can be done with them either."""
    is_stopped: bool = False
    """Whether somebody asked to stop."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing of the job is left to do here: it is settled, or somebody else's."""

    is_settled: bool = False
    """Whether the last of its work was done here, which settled it."""


Ending = Parked | Ended


@dataclass(frozen=True, slots=True)
class Share:
    """What of a job a run elsewhere does, and how long it has; other runs may do the rest at the same time."""

    end: datetime
    """When its time is over."""
    only: frozenset[int] | None = None
    """Its shards; None: all that the job has, or will have."""


@dataclass(frozen=True, slots=True)
class JobRun:
    """A claimed job, worked on by one slot of a worker, or by a run elsewhere."""

    bench: Bench
    claimed: ClaimedJob
    part: str
    """The slot, or the run."""
    share: Share | None = None
    """Of a run; a slot does the whole job, and gives way to others of its lane."""

    async def finish(self) -> Ending:
        """Work on the job until it is settled, has to wait, is lost to somebody else, or a stop is asked for.

        Raises:
            StoreError: the database refused; the job's lease runs out, and it is taken up again.
        """
        try:
            async with self.bench.tools(await asyncio.to_thread(self._owner_name), self.part) as tools:
                ending = await self._with(await _team(tools))
        except Interrupted:
            ending = self._halted(self.claimed.claim.k, self.claimed.claim.holder)
        except Delayed as delayed:
            ending = Parked(delayed.until, str(delayed), self.claimed.claim.k, self.claimed.claim.holder)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the job must not stay at work
            # No shard had begun: the failure is recorded on the one that was claimed.
            claim = self.claimed.claim
            ended = await self._stopped(claim.k, claim.holder, _stopped_by(error))
            ending = ended if isinstance(ended, Parked) else Ended()
        await asyncio.to_thread(self._let_go, ending)
        return ending

    async def _with(self, team: Team) -> Ending:
        most = SHARDS_IN_FLIGHT[self.claimed.job.processor]
        if self._only is not None:
            # The budgets of the others are for the runs beside this one.
            most = 1
        while unsettled := await asyncio.to_thread(self._unsettled):
            waiting = deque([shard.k for shard in unsettled] if unsettled[0].k else [0])
            tools = await team.one_for_each_principal()
            runners = tools[: min(len(waiting), most or len(waiting))]
            endings = await together([self._run_shards(team, each, waiting) for each in runners])
            parked = [ending for ending in endings if isinstance(ending, Parked)]
            if parked:
                return min(parked, key=lambda ending: (not ending.is_refused, ending.until))
            ended = [ending for ending in endings if isinstance(ending, Ended)]
            if ended:
                return max(ended, key=lambda ending: ending.is_settled)
        return Ended()

    async def _run_shards(self, team: Team, tools: Tools, waiting: deque[int]) -> Ending | None:
        """Run shards one after the other; None when none is left to begin, or others go on without these tools."""
        while waiting:
            ending = await self._run_shard(tools, waiting.popleft())
            if isinstance(ending, Parked) and ending.is_refused:
                # The shard is still unsettled: it has its turn again once the others are through with theirs.
                return None if team.leave_out(tools, ending.why, ErrorClass.CREDENTIALS) else ending
            if ending is not None:
                return ending
        return None

    async def _run_shard(self, tools: Tools, k: int) -> Ending | None:
        """Run a shard until it is settled, by its end or by a failure; else how the work on the job ends."""
        while True:
            answer = await self._advance(tools, k)
            if isinstance(answer, Done):
                return Ended(is_settled=True) if answer.job_settled else None
            if isinstance(answer, WaitUntil):
                return Parked(answer.until, answer.why, k, tools.holder)
            if isinstance(answer, Stopped):
                return await self._stopped(k, tools.holder, answer)
            if self.bench.stopping():
                return self._halted(k, tools.holder)
            if self.share is not None:
                return Parked(self.bench.clock(), TIME_OVER, k, tools.holder)
            if await asyncio.to_thread(self._others_wait):
                return Parked(self.bench.clock() + STEP_ASIDE, "others are in line", k, tools.holder)

    def _halted(self, k: int, holder: str) -> Parked:
        if self.share is None:
            return Parked(self.bench.clock(), STOPPED, k, holder, is_stopped=True)
        return Parked(self.bench.clock() + AFTER_STOP, RUN_STOPPED, k, holder, is_stopped=True)

    async def _advance(self, tools: Tools, k: int) -> Advanced:
        claim = self.claimed.claim
        try:
            deadline = tools.clock() + SLICE if self.share is None else self.share.end
            return await advance(tools, claim.job_id, k, claim.attempt, deadline)
        except (StoreError, Interrupted):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the shard must not stay at work
            return _stopped_by(error)

    async def _stopped(self, k: int, holder: str, stopped: Stopped) -> Ending | None:
        """How a shard that cannot go on ends the work on its job; None when other shards have their turn."""
        if stopped.error_class is ErrorClass.CREDENTIALS:
            until = self.bench.clock() + (timedelta() if self.share is None else NEXT_TRY)
            return Parked(until, stopped.error, k, holder, is_refused=True)
        return None if await self._fail(k, holder, stopped) else Ended()

    async def _fail(self, k: int, holder: str, stopped: Stopped) -> bool:
        """Record that a shard cannot go on; False when the job is no longer ours."""
        log = structlog.stdlib.get_logger(__name__)
        if stopped.error_class is ErrorClass.LOST:
            log.info("lost", shard=k, why=stopped.error)
            return False
        ours = await asyncio.to_thread(self._record_failure, k, holder, stopped)
        log.warning("failed", shard=k, error=stopped.error, error_class=stopped.error_class.value, recorded=ours)
        return ours

    def _record_failure(self, k: int, holder: str, stopped: Stopped) -> bool:
        claim = self.claimed.claim
        with self.bench.database.transaction() as connection:
            settled = jobs.fail_shard(
                connection,
                claim.job_id,
                k,
                attempt=claim.attempt,
                holder=holder,
                error=stopped.error,
                error_class=stopped.error_class,
                retryable=stopped.retryable,
                now=self.bench.clock(),
                settling=self.bench.settling(),
            )
        return settled is not None

    def _let_go(self, ending: Ending) -> None:
        """Put the job back in line, or leave it to those who go on with it."""
        parked = ending if isinstance(ending, Parked) else None
        if self._only is not None:
            self._leave(parked)
        elif parked is not None:
            self._park(parked)

    def _leave(self, parked: Parked | None) -> None:
        """Leave the job to the runs of its other shards; the last one puts it back in line, if not all are settled."""
        claim, now = self.claimed.claim, self.bench.clock()
        with self.bench.database.transaction() as connection:
            jobs.leave(
                connection,
                claim.job_id,
                attempt=claim.attempt,
                holder=claim.holder,
                until=None if parked is None else parked.until,
                now=now,
                why="its runs ended" if parked is None else parked.why,
                k=claim.k if parked is None else parked.k,
                settling=self.bench.settling(),
            )

    def _park(self, parked: Parked) -> None:
        claim = self.claimed.claim
        with self.bench.database.transaction() as connection:
            jobs.park(
                connection,
                claim.job_id,
                k=parked.k,
                attempt=claim.attempt,
                holder=parked.holder,
                until=parked.until,
                now=self.bench.clock(),
                why=parked.why,
                settling=self.bench.settling(),
            )

    @property
    def _only(self) -> frozenset[int] | None:
        return None if self.share is None else self.share.only

    def _unsettled(self) -> list[Shard]:
        """The shards that are left to do; none once the job is no longer ours."""
        claim = self.claimed.claim
        with self.bench.database.reading() as connection:
            job = jobs.get(connection, claim.job_id)
            if job.state is not JobState.PROCESSING or job.attempt != claim.attempt:
                return []
            found = [shard for shard in jobs.shards(connection, claim.job_id) if shard.state in UNSETTLED]
        return [shard for shard in found if self._only is None or shard.k in self._only]

    def _others_wait(self) -> bool:
        """Whether a job of this lane is due that is at least as urgent."""
        mine = self.claimed.job
        with self.bench.database.reading() as connection:
            first = jobs.in_line(connection, mine.processor, 1, due_at=self.bench.clock())
        return any(other.priority >= mine.priority for other in first)

    def _owner_name(self) -> str:
        """The repository's name as it was seen last: it may have moved since the job was asked for."""
        job = self.claimed.job
        with self.bench.database.reading() as connection:
            stored = repositories.find_numbered(connection, job.host_id, job.repository_id)
        return job.repository_name if stored is None else stored.owner_name


async def _team(tools: Sequence[Tools]) -> Team:
    """The credentials that GitHub accepts, each knowing how many of them work side by side."""
    team = Team(tools)
    found = await team.one_for_each_principal()
    return Team([replace(each, runners=len(found)) for each in team.accepted])


def _stopped_by(error: Exception) -> Stopped:
    """The failure of one job, not of its worker: also where the mistake is ours."""
    if isinstance(error, CaptureFailed):
        return Stopped(str(error), error.error_class.retryable, error.error_class)
    structlog.stdlib.get_logger(__name__).error("broken", exc_info=error)
    why = f"The program failed ({type(error).__name__}); its log tells where."
    return Stopped(why, retryable=True, error_class=ErrorClass.UNKNOWN)
