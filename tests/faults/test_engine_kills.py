"""The app, the worker and whoever hands over killed at random among 200 jobs of both lanes: each ends once, no gap."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import update

from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.requests import Queued
from progressive_capture.domain.scope import Scope, stamp
from progressive_capture.github.clock import utc_now
from progressive_capture.store.tables import JOBS
from progressive_capture.wiring import Wired
from tests.support.capturing import Desk
from tests.support.forking import Spawner
from tests.support.inngest_servers import InngestServer, Listened, server_of
from tests.support.killing import program_for
from tests.support.offices import rows
from tests.support.program import TOKEN, Program
from tests.support.stand_ins import Start
from tests.support.two_lanes import TwoLanes

pytestmark = [pytest.mark.faults, pytest.mark.anyio, pytest.mark.timeout(900)]

NAME: Final = "many/jobs"
COUNT: Final = 200
KILLS: Final = 16
LOOK_EVERY: Final = 0.1
COMMANDS: Final = {"app": ("serve", "--no-worker"), "worker": ("worker", "--realtime", "0", "--bulk", "2")}
"""Both hand over what is meant for Inngest; the app is what it calls, the worker runs the bulk lane here."""


@dataclass
class Stage:
    """The processes of an installation, each killed and begun anew."""

    wired: Wired
    program: Program
    server: InngestServer
    running: dict[str, Listened] = field(default_factory=dict)
    hearing: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    port: str = "0"

    async def start(self, name: str) -> None:
        """Start a process; the app serves where it did before."""
        words = COMMANDS[name] if name == "worker" else (*COMMANDS[name], "--port", self.port)
        process = Listened(self.program.start(*words))
        self.running[name] = process
        self.hearing[id(process)] = asyncio.create_task(process.hear())
        ready = "Serving " if name == "app" else "worker started"
        await self.until(lambda: process.said(ready) is not None)
        if name == "app":
            address = (process.said("Serving ") or "").partition("Serving ")[2].partition(": ")[0]
            self.port = address.rpartition(":")[2]
            await self.server.app_is_up(address)

    async def kill(self, name: str) -> None:
        """Kill a process, and put back what it left here, without the wait for the next sweep."""
        killed = self.running.pop(name)
        killed.process.send_signal(signal.SIGKILL)
        await self.gone(killed)
        await asyncio.to_thread(replace(self.wired.upkeep(), random=lambda: 0.0).sweep)

    async def gone(self, ended: Listened) -> None:
        """Wait for the end of a process."""
        await self.hearing.pop(id(ended))
        await asyncio.to_thread(ended.process.communicate)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Look again and again while all processes live."""
        while not await asyncio.to_thread(holds):
            for name, each in self.running.items():
                assert each.process.poll() is None, (name, "".join(each.lines))
            await asyncio.sleep(LOOK_EVERY)

    async def settle(self, count: int) -> None:
        """Wait for the last job; what a dispatcher left unsaid when it died is asked after before its time."""
        while self.completed() < count:
            long_ago = stamp(utc_now() - timedelta(seconds=5))
            unsaid = (JOBS.c.status == "dispatched", JOBS.c.engine_run_ref.is_(None), JOBS.c.dispatched_at < long_ago)
            with self.wired.database.transaction() as connection:
                connection.execute(update(JOBS).where(*unsaid).values(dispatch_deadline=stamp(utc_now())))
                connection.execute(update(JOBS).where(JOBS.c.status == "pending").values(run_at=stamp(utc_now())))
            asked = await asyncio.to_thread(self.program.run, "engines", "reconcile")
            assert asked.returncode == 0, asked.stderr

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs."""
        return rows(self.wired.database, "progressive_capture_jobs")

    def completed(self) -> int:
        """How many have ended well."""
        return sum(job["status"] == "completed" for job in self.jobs())


def queue(lanes: TwoLanes, wired: Wired, desk: Desk) -> None:
    """Ask for each pull request by itself, every other one in bulk."""
    for place, pull_request in enumerate(desk.pull_requests(NAME)):
        answer = lanes.ask(wired, NAME, Scope(numbers=(pull_request["number"],)))
        assert isinstance(answer, Queued)
        lane = list(Processor)[place % 2]
        with wired.database.transaction() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == answer.job_id).values(processor_type=lane.value))


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_job_of_both_lanes_ends_once_whoever_is_killed(
    serve: Start, database_url: str, tmp_path: Path, spawner: Spawner, seed: int
) -> None:
    sandbox = serve("--repo", f"{NAME}=generate:{COUNT}")
    chance = random.Random(seed)  # noqa: S311 - moments, no secret
    async with AsyncExitStack() as stack:
        desk = stack.enter_context(Desk(sandbox, database_url, TOKEN))
        lanes = TwoLanes(sandbox, desk.control, database_url, [NAME])
        server = await stack.enter_async_context(server_of("little", tmp_path))
        wired = await stack.enter_async_context(lanes.wired())
        await lanes.know(wired)
        queue(lanes, wired, desk)
        program = program_for(desk, tmp_path, spawner)
        pace = {"INNGEST_DEV": server.url, "PC_INNGEST_STARTS_PER_MINUTE": "0"}
        stage = Stage(wired, replace(program, settings=program.settings | pace), server)
        async with performing(stage):
            for kill in range(KILLS):
                few = (kill + chance.random()) * COUNT * 0.8 / KILLS
                await stage.until(lambda few=few: stage.completed() >= few)  # type: ignore[misc] # a bound default
                name = chance.choice(sorted(COMMANDS))
                await stage.kill(name)
                await stage.start(name)
            assert stage.completed() < COUNT
            await stage.settle(COUNT)
        await ended_once(stage)


@asynccontextmanager
async def performing(stage: Stage) -> Any:
    """Run both processes; they end with the test."""
    try:
        for name in COMMANDS:
            await stage.start(name)
        yield
    finally:
        for each in stage.running.values():
            each.process.terminate()
        for each in stage.running.values():
            await stage.gone(each)


async def ended_once(stage: Stage) -> None:
    """Every job ended once, by what its lane is run by, and nothing is missing."""
    jobs = stage.jobs()
    assert len(jobs) == COUNT
    by_lane = Counter((job["processor_type"], job["engine"], job["status"]) for job in jobs)
    assert by_lane == {
        ("inngest", "inngest", "completed"): COUNT // 2,
        ("github_actions", "local", "completed"): COUNT // 2,
    }
    events = rows(stage.wired.database, "job_events")
    ends = Counter(event["job_id"] for event in events if event["event"] == "completed")
    assert ends == dict.fromkeys((job["id"] for job in jobs), 1)
    # Inngest gives a run up that lost its process twice, and that spends an attempt; on this machine none does.
    assert {job["failures"] for job in jobs if job["engine"] == "local"} == {0}
    assert len(rows(stage.wired.database, "job_metrics")) == COUNT
    assert {shard["claimed_by"] for shard in rows(stage.wired.database, "job_shards")} == {None}
    assert (await stage.wired.verify(NAME, live=False)).gap_count == 0
