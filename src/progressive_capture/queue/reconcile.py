"""Asking engines elsewhere after jobs of which nobody has heard, and after what runs have used; rules are elsewhere."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import structlog

from progressive_capture.domain.breaker import Phase
from progressive_capture.domain.jobs import EngineName, Resources
from progressive_capture.domain.scope import moment
from progressive_capture.queue.breaker import Breakers
from progressive_capture.queue.dispatch import Dispatcher, handover_of
from progressive_capture.queue.engine import Engine, EngineRefused, EngineUnreachable, EngineUsage, RunState
from progressive_capture.queue.judging import Limits, Verdict, judge, of_job, told
from progressive_capture.store import jobs, runs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.jobs import DispatchedJob, Settling, Silent
from progressive_capture.store.runs import UnbookedRun

AT_ONCE: Final = 100
"""Jobs, and runs, that one look asks after: the next one goes on."""

LOOK_AGAIN: Final = timedelta(minutes=5)
"""When an engine is asked again after a job that it has not begun, or a run that has not ended."""

ASKED_FOR: Final = timedelta(days=7)
"""How long an engine is asked what a run has used. GitHub's longest job takes five days.
https://docs.github.com/en/actions/reference/limits"""


BOOKED: Final = "booked"
HANDED_OVER: Final = "handed over"
"""What else a look can come to, beside verdicts."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one look came to."""

    asked: int
    """Jobs of which nobody had heard."""
    handed_over: int
    """Those that were handed over again, since nobody knew whether they had been."""
    left: int
    """Those that somebody has, or may have."""
    back: int
    """Those that are in line again."""
    failed: int
    """Those whose attempt has failed."""
    booked: int
    """Runs whose use was told."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Settles what engines elsewhere left unsaid; several processes may do so at once."""

    database: Database
    breakers: Breakers
    dispatchers: Sequence[Dispatcher]
    """Of the lanes that run elsewhere."""
    engines: Mapping[EngineName, Engine]
    """All that can be reached from here."""
    clock: Callable[[], datetime]
    settling: Callable[[], Settling]

    async def reconcile(self) -> Reconciled:
        """Ask after everything that is due.

        Raises:
            StoreError: the database refused.
        """
        look = _Look(self, await asyncio.to_thread(self._left_alone))
        for silent in await asyncio.to_thread(self._silent):
            await look.at(silent)
        for run in await asyncio.to_thread(self._unbooked):
            await look.book(run)
        done = look.done
        return Reconciled(
            asked=done.total() - done[BOOKED],
            handed_over=done[HANDED_OVER],
            left=done[Verdict.LEFT],
            back=done[Verdict.BACK] + done[Verdict.STOPPED],
            failed=done[Verdict.FAILED],
            booked=done[BOOKED],
        )

    def _left_alone(self) -> set[EngineName]:
        return {name for name in self.engines if self.breakers.phase(name) is not Phase.CLOSED}

    def _silent(self) -> list[Silent]:
        with self.database.reading() as connection:
            return jobs.silent_jobs(connection, self.clock(), AT_ONCE)

    def _unbooked(self) -> list[UnbookedRun]:
        with self.database.reading() as connection:
            return runs.unbooked(connection, self.clock(), AT_ONCE)


@dataclass(slots=True)
class _Look:
    """One look: an engine that gives no answer is asked no further in it."""

    works: Reconciler
    left_alone: set[EngineName]
    """Engines that give no answer."""
    done: Counter[str] = field(default_factory=Counter)

    async def at(self, silent: Silent) -> None:
        """Ask after one job, and do what follows from the answer."""
        name = silent.job.engine
        assert name is not None, "only jobs of engines elsewhere are asked after"
        if silent.is_unconfirmed:
            done = await self._hand_over(silent, name)
        else:
            done = await self._judge(silent, name)
        self.done[done] += 1
        structlog.stdlib.get_logger(__name__).info("reconciled", job_id=silent.job.id, engine=name.value, done=done)

    async def book(self, run: UnbookedRun) -> None:
        """Ask what one run has used, and add it to its job."""
        now = self.works.clock()
        used = await self._ask(run.engine, lambda engine: engine.usage(run.ref))
        if isinstance(used, EngineUsage):
            self.done[BOOKED] += await asyncio.to_thread(self._book, run, used)
            return
        is_given_up = now - moment(run.handed_over_at) >= ASKED_FOR
        at = None if is_given_up else now + LOOK_AGAIN
        await asyncio.to_thread(self._write, lambda connection: runs.ask_later(connection, run, at))

    async def _hand_over(self, silent: Silent, name: EngineName) -> str:
        """Hand a job over that may have been, or not; it goes back in line where that cannot be done now."""
        dispatchers = [
            each
            for each in self.works.dispatchers
            if each.engine.name is name and each.lane is silent.job.processor and name not in self.left_alone
        ]
        for dispatcher in dispatchers:
            again = DispatchedJob(silent.job, silent.job.attempt, list(silent.left))
            return HANDED_OVER if await dispatcher.hand_over(again) else Verdict.BACK
        why = "Nobody knows whether it was handed over."
        return await asyncio.to_thread(self._settle, silent, Verdict.BACK, why)

    async def _judge(self, silent: Silent, name: EngineName) -> str:
        engine = self.works.engines.get(name)
        state = RunState.UNKNOWN if engine is None else await self._state(silent, name)
        if state is None:
            return await asyncio.to_thread(self._settle, silent, Verdict.LEFT, "")
        limits = Limits() if engine is None else Limits(engine.unknown_for, engine.queued_for)
        verdict = judge(state, self.works.clock() - silent.since, limits)
        if verdict is Verdict.STOPPED:
            await self._ask(name, lambda engine: engine.cancel(silent.run_ref))
        return await asyncio.to_thread(self._settle, silent, verdict, told(state, name.called))

    async def _state(self, silent: Silent, name: EngineName) -> RunState | None:
        """Ask for each shard that was at work, until one may be; None where the engine gives no answer."""
        states = []
        for k in silent.shards:
            state = await self._ask(name, partial(_status, silent=silent, k=k))
            if state is None:
                return None
            states.append(state)
            if state in {RunState.RUNNING, RunState.QUEUED}:
                break
        return of_job(states)

    async def _ask(self, name: EngineName, question: Callable[[Engine], Awaitable[T]]) -> T | None:
        """Ask an engine, unless it is left alone; None without an answer."""
        engine = self.works.engines.get(name)
        if engine is None or name in self.left_alone:
            return None
        try:
            return await question(engine)
        except EngineUnreachable as error:
            self.left_alone.add(name)
            await asyncio.to_thread(self.works.breakers.unreachable, name, str(error))
        except EngineRefused as error:
            structlog.stdlib.get_logger(__name__).warning("engine refuses", engine=name.value, error=str(error))
        return None

    def _settle(self, silent: Silent, verdict: Verdict, why: str) -> Verdict:
        """Do what was decided, if nothing was heard of the job meanwhile; what was done."""
        works = self.works
        now, settling = works.clock(), works.settling()
        end = jobs.fail_silent if verdict is Verdict.FAILED else jobs.send_back
        with works.database.transaction() as connection:
            if verdict is not Verdict.LEFT and end(connection, silent, now, why=why, settling=settling):
                return verdict
            later = now + LOOK_AGAIN
            jobs.await_beginning(connection, silent.job.id, attempt=silent.job.attempt, deadline=later)
        return Verdict.LEFT

    def _book(self, run: UnbookedRun, used: EngineUsage) -> bool:
        resources = Resources(runner_minutes=used.runner_minutes, executions=used.executions)
        now, settling = self.works.clock(), replace(self.works.settling(), resources=resources)
        with self.works.database.transaction() as connection:
            if not runs.close(connection, run, runner_minutes=used.runner_minutes, executions=used.executions):
                return False
            jobs.book(connection, run.job_id, 0, settling, now)
        return True

    def _write(self, change: Callable[[Connection], None]) -> None:
        with self.works.database.transaction() as connection:
            change(connection)


async def _status(engine: Engine, *, silent: Silent, k: int) -> RunState:
    return await engine.status(silent.run_ref, handover_of(silent.job, k, silent.job.attempt, None))
