"""Workers as processes, killed again and again: every job ends once, and nothing is missing."""

import asyncio
import random
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from progressive_capture.domain.requests import Queued
from progressive_capture.wiring import Wired
from tests.support.capturing import Desk
from tests.support.forking import Spawner
from tests.support.killing import program_for
from tests.support.offices import rows
from tests.support.program import Program
from tests.support.stand_ins import Start
from tests.support.two_lanes import HISTORY, RECENT, TwoLanes

pytestmark = pytest.mark.faults

REPOSITORIES = 20
KILLS = 15
ROUNDS = 40


@pytest.mark.parametrize("seed", [1, 2])
def test_every_job_ends_once_however_often_workers_are_killed(
    serve: Start, database_url: str, tmp_path: Path, spawner: Spawner, seed: int
) -> None:
    names = [f"kills/r{number:02}" for number in range(REPOSITORIES)]
    sandbox = serve(*(part for name in names for part in ("--repo", f"{name}=generate:30")))
    with Desk(sandbox, database_url) as desk:
        lanes = TwoLanes(sandbox, desk.control, database_url, names)
        asyncio.run(_all_of_it(lanes, program_for(desk, tmp_path, spawner), random.Random(seed)))  # noqa: S311 - moments


async def _all_of_it(lanes: TwoLanes, program: Program, chance: random.Random) -> None:
    async with lanes.wired() as wired:
        await lanes.know(wired)
        for name in lanes.names:
            for scope in (RECENT, HISTORY):
                assert isinstance(lanes.ask(wired, name, scope), Queued)
        for _ in range(KILLS):
            _run_and_kill(program, chance)
            _sweep(wired)
        for _ in range(ROUNDS):
            ran = program.run("worker", "--drain")
            assert ran.returncode == 0, ran.stderr
            if {job["status"] for job in lanes.jobs(wired)} == {"completed"}:
                break
            _sweep(wired)
        await _ended_once(lanes, wired)


def _run_and_kill(program: Program, chance: random.Random) -> None:
    """Let a worker claim some jobs, if there are as many, and kill it in the middle of one."""
    worker = program.start("worker", "--drain")
    claims = chance.randint(1, 4)
    for line in worker.stderr:
        claims -= "event=claimed" in line
        if not claims:
            break
    worker.send_signal(signal.SIGKILL)
    worker.communicate()


def _sweep(wired: Wired) -> None:
    """Put back what the dead left, without the wait that is meant for jobs that kill their workers."""
    replace(wired.upkeep(), random=lambda: 0.0).sweep()


async def _ended_once(lanes: TwoLanes, wired: Wired) -> None:
    jobs = lanes.jobs(wired)
    assert {job["status"] for job in jobs} == {"completed"}
    assert len(jobs) == 2 * REPOSITORIES
    ends = Counter(event["job_id"] for event in rows(wired.database, "job_events") if event["event"] == "completed")
    assert ends == dict.fromkeys((job["id"] for job in jobs), 1)
    assert len(rows(wired.database, "job_metrics")) == len(jobs)
    for name in lanes.names:
        assert (await wired.verify(name, live=False)).gap_count == 0
