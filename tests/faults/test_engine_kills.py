"""The app, the worker and whoever hands over killed at random among 200 jobs of both lanes: each ends once, no gap."""

import asyncio
import random
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

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
from tests.support.inngest_servers import server_of
from tests.support.killing import program_for
from tests.support.program import TOKEN
from tests.support.stages import Commands, Stage, by_lane
from tests.support.stand_ins import Start
from tests.support.two_lanes import TwoLanes

pytestmark = [pytest.mark.faults, pytest.mark.anyio, pytest.mark.timeout(900)]

NAME: Final = "many/jobs"
COUNT: Final = 200
KILLS: Final = 16
COMMANDS: Final[Commands] = {"app": ("serve", "--no-worker"), "worker": ("worker", "--realtime", "0", "--bulk", "2")}
"""Both hand over what is meant for Inngest; the app is what it calls, the worker runs the bulk lane here."""


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
        stage = Killing(wired, replace(program, settings=program.settings | pace), server, COMMANDS)
        async with stage.performing():
            for kill in range(KILLS):
                few = (kill + chance.random()) * COUNT * 0.8 / KILLS
                await stage.until(lambda few=few: stage.completed() >= few)  # type: ignore[misc] # a bound default
                name = chance.choice(sorted(COMMANDS))
                await stage.kill(name)
                await stage.start(name)
            assert stage.completed() < COUNT
            await stage.settle(COUNT)
        await ended_once(stage)


async def ended_once(stage: Killing) -> None:
    """Every job ended once, by what its lane is run by, and nothing is missing."""
    jobs = stage.jobs()
    assert len(jobs) == COUNT
    assert by_lane(jobs) == {("inngest", "inngest"): COUNT // 2, ("github_actions", "local"): COUNT // 2}
    stage.ended_once()
    # Inngest gives a run up that lost its process twice, and that spends an attempt; on this machine none does.
    assert {job["failures"] for job in jobs if job["engine"] == "local"} == {0}
    assert (await stage.wired.verify(NAME, live=False)).gap_count == 0
