"""Whoever hands over, and runs of workflows, killed at random among small bulk jobs that share runs: each ends once."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
import pytest
from sqlalchemy import or_, update

from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.scope import Scope, stamp
from progressive_capture.github.clock import utc_now
from progressive_capture.store.tables import JOB_SHARDS, JOBS
from tests.support import services
from tests.support.capturing import Desk
from tests.support.forking import Spawner
from tests.support.jobs_repository import SMALL, TOKENS, JobsRepository, jobs_repository
from tests.support.program import Program
from tests.support.stages import BEHIND, Commands, Killing, by_lane
from tests.support.stand_ins import Start
from tests.support.two_lanes import TwoLanes

pytestmark = [pytest.mark.faults, pytest.mark.anyio, pytest.mark.timeout(900)]

COUNT: Final = 20
KILLS: Final = 6
DISPATCHER: Final = "dispatcher"
COMMANDS: Final[Commands] = {DISPATCHER: ("worker", "--realtime", "0")}


@dataclass
class KillingRuns(Killing):
    """Runs are killed too, by GitHub's own means."""

    repository: JobsRepository = field(kw_only=True)
    killed_runs: set[int] = field(default_factory=set)

    async def kill_run(self, chance: random.Random) -> None:
        """End a run that is under way at once, where there is one, and let the time pass in which it may be silent."""
        listed = await asyncio.to_thread(self.repository.http.get, "runs", params={"status": "in_progress"})
        under_way = [each["id"] for each in listed.json()["workflow_runs"]]
        if not under_way:
            return
        run_id = chance.choice(under_way)
        await asyncio.to_thread(self.repository.http.post, f"runs/{run_id}/force-cancel")
        await asyncio.to_thread(self.repository.ended, run_id)
        self.killed_runs.add(run_id)
        self.forget(run_id)

    def forget(self, run_id: int) -> None:
        """End the leases of a run that is over, and the patience with jobs that it has not begun."""
        long_ago = stamp(utc_now() - BEHIND)
        held = or_(JOB_SHARDS.c.claimed_by.like(f"%#run-{run_id}"), JOB_SHARDS.c.claimed_by.like(f"%#run-{run_id}-%"))
        with self.wired.database.transaction() as connection:
            connection.execute(update(JOB_SHARDS).where(held).values(lease_until=long_ago))
            waiting = (JOBS.c.status == "dispatched", JOBS.c.engine_run_ref == str(run_id))
            connection.execute(update(JOBS).where(*waiting).values(dispatch_deadline=long_ago))


@pytest.fixture
def repository(
    serve: Start, tmp_path: Path, pg_server: services.Server, pg_admin: psycopg.Connection
) -> Iterator[JobsRepository]:
    with jobs_repository(serve, tmp_path, pg_server, pg_admin, COUNT) as made:
        yield made


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_bulk_job_ends_once_whoever_is_killed(
    repository: JobsRepository, tmp_path: Path, spawner: Spawner, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments, no secret
    program = Program(tmp_path, spawner, repository.environment, measured=False)
    with Desk(repository.sandbox, repository.database_url, TOKENS[0]) as desk:
        lanes = TwoLanes(repository.sandbox, desk.control, repository.database_url, [SMALL])
        async with lanes.wired() as wired:
            await lanes.know(wired)
            for pull_request in desk.pull_requests(SMALL):
                lanes.ask_in(Processor.GITHUB_ACTIONS, wired, SMALL, Scope(numbers=(pull_request["number"],)))
            stage = KillingRuns(wired, program, COMMANDS, repository=repository)
            async with stage.performing():
                for kill in range(KILLS):
                    few = (kill + chance.random()) * COUNT * 0.8 / KILLS
                    await stage.until(lambda few=few: stage.completed() >= few)  # type: ignore[misc] # a bound default
                    if kill % 2:
                        await stage.kill(DISPATCHER)
                        await stage.start(DISPATCHER)
                    else:
                        await stage.kill_run(chance)
                assert stage.completed() < COUNT
                await stage.settle(COUNT)
            assert stage.killed_runs
            stage.ended_once()
            assert by_lane(stage.jobs()) == {("github_actions", "github_actions"): COUNT}
            assert (await wired.verify(SMALL, live=False)).gap_count == 0
