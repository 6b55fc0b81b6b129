"""`pc serve` and `pc worker` as processes of one installation; what they are to do there is the test's."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import update

from progressive_capture.domain.scope import stamp
from progressive_capture.github.clock import utc_now
from progressive_capture.store.tables import JOBS
from progressive_capture.wiring import Wired
from tests.support.inngest_servers import Listened
from tests.support.offices import rows
from tests.support.program import Program

APP: Final = "app"
LOOK_EVERY: Final = 0.1
BEHIND: Final = timedelta(seconds=5)

Commands = Mapping[str, tuple[str, ...]]
"""The words of each process, by the name that a test calls it; the app's is `APP`."""


async def _told_nobody(_address: str) -> None:
    """Nobody calls the app."""


@dataclass
class Stage:
    """The processes, which end with the test."""

    wired: Wired
    program: Program
    commands: Commands
    app_is_up: Callable[[str], Awaitable[None]] = _told_nobody
    """Hears where the app serves, also when it does so again."""
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What one process alone is told, by its name."""
    running: dict[str, Listened] = field(default_factory=dict)
    hearing: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    address: str = ""

    async def start(self, name: str) -> None:
        """Start a process; the app serves where it did before."""
        port = self.address.rpartition(":")[2] or "0"
        words = (*self.commands[name], "--port", port) if name == APP else self.commands[name]
        own = {**self.program.settings, **self.settings.get(name, {})}
        process = Listened(replace(self.program, settings=own).start(*words))
        self.running[name] = process
        self.hearing[id(process)] = asyncio.create_task(process.hear())
        ready = "Serving " if name == APP else "worker started"
        await self.until(lambda: process.said(ready) is not None)
        if name == APP:
            self.address = (process.said("Serving ") or "").partition("Serving ")[2].partition(": ")[0]
            await self.app_is_up(self.address)

    async def stop(self, name: str) -> Listened:
        """Ask a process to end, and wait for that."""
        ended = self.running.pop(name)
        ended.process.terminate()
        await self.gone(ended)
        return ended

    async def gone(self, ended: Listened) -> None:
        """Wait for the end of a process."""
        await self.hearing.pop(id(ended))
        await asyncio.to_thread(ended.process.communicate)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Look again and again while all processes live."""
        while not await asyncio.to_thread(holds):
            for name, each in self.running.items():
                if each.process.poll() is not None:
                    await self.hearing[id(each)]  # what it said last may still be on its way
                    raise AssertionError(name, each.process.returncode, "".join(each.lines))
            await asyncio.sleep(LOOK_EVERY)

    @asynccontextmanager
    async def performing(self) -> AsyncIterator[None]:
        """Run all processes."""
        try:
            for name in self.commands:
                await self.start(name)
            yield
        finally:
            for each in self.running.values():
                each.process.terminate()
            for each in self.running.values():
                await self.gone(each)

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs."""
        return rows(self.wired.database, "progressive_capture_jobs")

    def hurry(self) -> None:
        """Have jobs that came back in line tried again now, also by a clock that is a little behind this one."""
        due = stamp(utc_now() - BEHIND)
        with self.wired.database.transaction() as connection:
            connection.execute(update(JOBS).where(JOBS.c.status == "pending").values(run_at=due))

    def ended_once(self) -> None:
        """Every job ended once, and nobody holds any of it."""
        jobs = self.jobs()
        assert {job["status"] for job in jobs} == {"completed"}
        events = rows(self.wired.database, "job_events")
        ends = Counter(event["job_id"] for event in events if event["event"] == "completed")
        assert ends == dict.fromkeys((job["id"] for job in jobs), 1)
        assert len(rows(self.wired.database, "job_metrics")) == len(jobs)
        assert {shard["claimed_by"] for shard in rows(self.wired.database, "job_shards")} == {None}


@dataclass
class Killing(Stage):
    """Processes that are killed at any moment and begun anew."""

    async def kill(self, name: str) -> None:
        """Kill a process, and put back what it left here, without the wait for the next sweep."""
        killed = self.running.pop(name)
        killed.process.send_signal(signal.SIGKILL)
        await self.gone(killed)
        await asyncio.to_thread(replace(self.wired.upkeep(), random=lambda: 0.0).sweep)

    async def settle(self, count: int) -> None:
        """Wait for the last job; what a dispatcher left unsaid when it died is asked after before its time."""
        while self.completed() < count:
            long_ago = stamp(utc_now() - timedelta(seconds=5))
            unsaid = (JOBS.c.status == "dispatched", JOBS.c.engine_run_ref.is_(None), JOBS.c.dispatched_at < long_ago)
            with self.wired.database.transaction() as connection:
                connection.execute(update(JOBS).where(*unsaid).values(dispatch_deadline=stamp(utc_now())))
            self.hurry()
            asked = await asyncio.to_thread(self.program.run, "engines", "reconcile")
            assert asked.returncode == 0, asked.stderr

    def completed(self) -> int:
        """How many have ended well."""
        return sum(job["status"] == "completed" for job in self.jobs())


def by_lane(jobs: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str | None]]:
    """How many jobs were routed where, and run by what."""
    return Counter((job["processor_type"], job["engine"]) for job in jobs)
