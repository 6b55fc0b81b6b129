"""The app, the worker and whoever hands over killed at random among 200 jobs of both lanes: each ends once, no gap."""

import random
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.scope import Scope
from tests.support.capturing import Desk
from tests.support.forking import Spawner
from tests.support.inngest_servers import server_of
from tests.support.killing import program_for
from tests.support.program import TOKEN
from tests.support.stages import Commands, Killing, by_lane
from tests.support.stand_ins import Start
from tests.support.two_lanes import TwoLanes

pytestmark = [pytest.mark.faults, pytest.mark.anyio, pytest.mark.timeout(900)]

NAME: Final = "many/jobs"
COUNT: Final = 200
KILLS: Final = 16
COMMANDS: Final[Commands] = {"app": ("serve", "--no-worker"), "worker": ("worker", "--realtime", "0", "--bulk", "2")}
"""Both hand over what is meant for Inngest; the app is what it calls, the worker runs the bulk lane here."""


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
        for place, pull_request in enumerate(desk.pull_requests(NAME)):
            # Each pull request by itself, every other one in bulk.
            lanes.ask_in(list(Processor)[place % 2], wired, NAME, Scope(numbers=(pull_request["number"],)))
        program = program_for(desk, tmp_path, spawner)
        pace = {"INNGEST_DEV": server.url, "PC_INNGEST_STARTS_PER_MINUTE": "0"}
        stage = Killing(wired, replace(program, settings=program.settings | pace), COMMANDS, server.app_is_up)
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
