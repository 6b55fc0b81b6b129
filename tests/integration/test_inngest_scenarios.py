"""`pc serve` as a process beside an Inngest server: killed and begun anew, retried, a shard of many steps.

The same on the little server and, with INNGEST_BIN, on a real one; many jobs and steps only in `make faults`.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.requests import Queued
from progressive_capture.domain.scope import Scope, SourceChoice, stamp
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

LONG = pytest.mark.faults
NAME = "many/jobs"
MANY = 200
STEPS = 40
LOOK_SECONDS = 0.25
"""Between two looks at all jobs."""


@dataclass
class Scene:
    """An installation whose real-time lane runs on a server."""

    lanes: TwoLanes
    wired: Wired
    desk: Desk
    program: Program
    server: InngestServer
    address: str = ""

    def ask(self, scope: Scope) -> None:
        """Queue a job."""
        assert isinstance(self.lanes.ask(self.wired, NAME, scope), Queued)

    def jobs(self) -> list[dict[str, Any]]:
        """All jobs."""
        return rows(self.wired.database, "progressive_capture_jobs")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Listened]:
        """Run `pc serve`, at the same address each time; whoever leaves it running ends it with SIGTERM."""
        port = self.address.rpartition(":")[2] or "0"
        app = Listened(self.program.start("serve", "--port", port))
        hearing = asyncio.create_task(app.hear())
        try:
            await self.until(app, lambda: app.said("Serving ") is not None)
            self.address = (app.said("Serving ") or "").partition("Serving ")[2].partition(": ")[0]
            await self.server.app_is_up(self.address)
            yield app
        finally:
            app.process.terminate()
            await hearing
            app.process.communicate()

    async def until(self, app: Listened, holds: Callable[[], bool]) -> None:
        """Look again and again while the program lives."""
        while not await asyncio.to_thread(holds):
            assert app.process.poll() is None, "".join(app.lines)
            await asyncio.sleep(LOOK_SECONDS)

    def have(self, state: str, count: int) -> Callable[[], bool]:
        """Make the question whether so many jobs are in a state."""
        return lambda: sum(job["status"] == state for job in self.jobs()) >= count

    def is_back_in_line(self) -> bool:
        """Whether the job was handed over, and came back."""
        (job,) = self.jobs()
        return (job["status"], job["attempt"]) == ("pending", 1)

    async def prove(self, count: int) -> None:
        """Every job ended once, and nothing is missing or told twice."""
        jobs = self.jobs()
        assert [job["status"] for job in jobs] == ["completed"] * count
        assert {job["engine"] for job in jobs} == {"inngest"}
        ends = Counter(row["job_id"] for row in rows(self.wired.database, "job_events") if row["event"] == "completed")
        assert ends == dict.fromkeys((job["id"] for job in jobs), 1)
        assert len(rows(self.wired.database, "job_metrics")) == count
        assert (await self.wired.verify(NAME, live=False)).gap_count == 0
        assert all(row["claimed_by"] is None for row in rows(self.wired.database, "job_shards"))


@pytest.fixture
def begin(serve: Start, sqlite_url: str, tmp_path: Path, spawner: Spawner) -> Callable[..., Any]:
    """Set a scene: a repository of so many pull requests, one of the servers, and settings."""

    @asynccontextmanager
    async def scene(kind: str, population: object, **settings: str) -> AsyncIterator[Scene]:
        sandbox = serve("--repo", f"{NAME}=generate:{population}")
        with Desk(sandbox, sqlite_url, TOKEN) as desk:
            lanes = TwoLanes(sandbox, desk.control, sqlite_url, [NAME])
            async with server_of(kind, tmp_path) as server, lanes.wired() as wired:
                await lanes.know(wired)
                program = program_for(desk, tmp_path, spawner)
                pace = {"INNGEST_DEV": server.url, "PC_INNGEST_STARTS_PER_MINUTE": "0", "PC_DEBUG": "1"}
                yield Scene(lanes, wired, desk, replace(program, settings=program.settings | pace | settings), server)

    return scene


@pytest.mark.timeout(900)
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "count"), [("little", 6), pytest.param("little", MANY, marks=LONG), pytest.param("real", MANY, marks=LONG)]
)
async def test_jobs_end_once_though_the_app_is_killed_among_them(
    begin: Callable[..., Any], kind: str, count: int
) -> None:
    async with begin(kind, count) as scene:
        for pull_request in scene.desk.pull_requests(NAME):
            scene.ask(Scope(numbers=(pull_request["number"],)))
        async with scene.serving() as app:
            # A job that was chosen and not yet sent waits for its deadline; that is told elsewhere.
            await scene.until(app, lambda: all(job["engine_run_ref"] for job in scene.jobs()))
            await scene.until(app, scene.have("completed", count // 4))
            app.process.send_signal(signal.SIGKILL)
        assert not scene.have("completed", count)()
        async with scene.serving() as app:
            await scene.until(app, scene.have("completed", count))
            for action in ("check", "test") if count >= MANY else ():
                said = await asyncio.to_thread(scene.program.run, "inngest", action)
                assert said.returncode == 0, said.stdout + said.stderr
        assert app.process.returncode == ExitCode.COMPLETE
        assert TOKEN not in "".join(app.lines)
        await scene.prove(count)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [pytest.param("little", marks=LONG), pytest.param("real", marks=LONG)])
async def test_a_retry_within_a_day_is_not_swallowed(begin: Callable[..., Any], kind: str) -> None:
    async with begin(kind, 3) as scene:
        scene.desk.spoil({"match": {}, "effect": {"expire_token": True}})
        scene.ask(Scope())
        async with scene.serving() as app:
            await scene.until(app, scene.is_back_in_line)
            scene.desk.spoil()
            with scene.wired.database.transaction() as connection:
                connection.execute(update(JOBS).values(run_at=stamp(utc_now())))
            await scene.until(app, scene.have("completed", 1))
        (job,) = scene.jobs()
        assert (job["attempt"], job["failures"]) == (2, 0)
        await scene.prove(1)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [pytest.param("little", marks=LONG), pytest.param("real", marks=LONG)])
async def test_a_shard_of_a_page_a_step_goes_on_in_another_run(begin: Callable[..., Any], kind: str) -> None:
    async with begin(kind, "95,threads=60", PC_INNGEST_STEP_SECONDS="0.001", PC_INNGEST_STEPS="20") as scene:
        numbers = tuple(each["number"] for each in scene.desk.pull_requests(NAME))
        scene.ask(Scope(source=SourceChoice.REST, numbers=numbers))
        with scene.wired.database.transaction() as connection:
            # So many would go to the bulk lane, were it open.
            connection.execute(update(JOBS).values(processor_type=Processor.INNGEST.value))
        async with scene.serving() as app:
            await scene.until(app, scene.have("completed", 1))
        (used,) = rows(scene.wired.database, "job_metrics")
        assert used["executions"] > STEPS, used
        # Of what is bound to a task, any may be the last of its line.
        assert app.said(" part=1") is not None
        await scene.prove(1)
