"""`pc worker` as a process whose real-time lane is on an Inngest server, which is stopped and comes back."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import delete, update

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.requests import Queued
from progressive_capture.domain.scope import Scope, stamp
from progressive_capture.github.clock import utc_now
from progressive_capture.queue.staying import STANDS_IN
from progressive_capture.store.tables import DUTY_RUNS, ENGINE_BREAKERS
from progressive_capture.wiring import Wired
from tests.support.capturing import Desk
from tests.support.forking import Spawner
from tests.support.inngest_servers import little_server
from tests.support.killing import program_for
from tests.support.offices import rows
from tests.support.program import TOKEN
from tests.support.stages import APP, BEHIND, Commands, Stage, by_lane
from tests.support.stand_ins import Start
from tests.support.two_lanes import TwoLanes

pytestmark = pytest.mark.anyio

NAMES: Final = ["few/first", "few/second"]
EACH: Final = 3
"""Pull requests of each."""

WORKER: Final = "worker"
COMMANDS: Final[Commands] = {APP: ("serve", "--no-worker"), WORKER: ("worker", "--realtime", "1", "--bulk", "1")}
ON_INNGEST: Final = ("inngest", "inngest")
SILENT: Final = "Inngest gives no answer: `pc engines` tells when it is asked again."


@dataclass
class Handing:
    """Two repositories, of which the rollout lets one into the bulk lane, and the way to an Inngest server."""

    desk: Desk
    lanes: TwoLanes
    stage: Stage
    port: int
    """Of the server."""
    other: str
    """The one that the rollout keeps from the bulk lane."""
    reach: AsyncExitStack
    """Holds the server; closing it stops that."""

    def ask(self, *places: int) -> None:
        """Ask for pull requests of both, each by itself, in the real-time lane."""
        for name in NAMES:
            listed = self.desk.pull_requests(name)
            for place in places:
                scope = Scope(numbers=(listed[place]["number"],))
                assert isinstance(self.lanes.ask(self.stage.wired, name, scope), Queued)

    def completed(self, count: int) -> Callable[[], bool]:
        """Make the question whether so many jobs have ended well; what came back in line is tried again at once."""

        def holds() -> bool:
            self.stage.hurry()
            return Counter(job["status"] for job in self.stage.jobs())["completed"] == count

        return holds

    async def come_back(self) -> None:
        """Serve where the server was before, long after the last try; a worker that then comes lets held jobs go."""
        server = await self.reach.enter_async_context(little_server(Path(), self.port))
        await server.app_is_up(self.stage.address)
        with self.stage.wired.database.transaction() as connection:
            connection.execute(update(ENGINE_BREAKERS).values(until=stamp(utc_now() - BEHIND)))
        await self.stage.until(lambda: self.breaker()["until"] is None)
        stopped = await self.stage.stop(WORKER)
        assert stopped.process.returncode == ExitCode.COMPLETE
        with self.stage.wired.database.transaction() as connection:
            connection.execute(delete(DUTY_RUNS))
        await self.stage.start(WORKER)

    def breaker(self) -> dict[str, Any]:
        """What is known of Inngest."""
        (breaker,) = rows(self.stage.wired.database, "engine_breakers")
        assert breaker["engine"] == "inngest"
        return breaker

    async def prove(self) -> None:
        """All ended once, and nothing is missing."""
        self.stage.ended_once()
        for name in NAMES:
            assert (await self.stage.wired.verify(name, live=False)).gap_count == 0


Begin = Callable[..., AbstractAsyncContextManager[Handing]]


@pytest.fixture
def begin(serve: Start, sqlite_url: str, tmp_path: Path, spawner: Spawner) -> Begin:
    """Set a stage, with settings of the worker; the app has the real-time lane here, and hands nothing over."""

    @asynccontextmanager
    async def begun(**settings: str) -> AsyncIterator[Handing]:
        sandbox = serve(*(word for name in NAMES for word in ("--repo", f"{name}=generate:{EACH}")))
        async with AsyncExitStack() as stack, AsyncExitStack() as reach:
            desk = stack.enter_context(Desk(sandbox, sqlite_url, TOKEN))
            lanes = TwoLanes(sandbox, desk.control, sqlite_url, NAMES)
            server = await reach.enter_async_context(little_server(tmp_path))
            wired = await stack.enter_async_context(lanes.wired())
            await lanes.know(wired)
            share, other = _one_of_two(lanes, wired)
            program = program_for(desk, tmp_path, spawner)
            common = {"INNGEST_DEV": server.url, "PC_INNGEST_STARTS_PER_MINUTE": "0"}
            own = {APP: {"PC_INNGEST_ENGINE": "local"}, WORKER: {"PC_HYBRID_ROLLOUT_PERCENTAGE": share} | settings}
            stage = Stage(wired, replace(program, settings=program.settings | common), COMMANDS, server.app_is_up, own)
            yield Handing(desk, lanes, stage, int(server.url.rpartition(":")[2]), other, reach)

    return begun


def _one_of_two(lanes: TwoLanes, wired: Wired) -> tuple[str, str]:
    """The percentage that lets one repository into both lanes, and the other repository."""
    share = next(percentage for percentage in range(100) if lanes.eligible(wired, percentage))
    (other,) = {*NAMES} - lanes.eligible(wired, share)
    return str(share), other


async def test_jobs_go_to_inngest_and_while_it_is_away_to_bulk_as_far_as_the_rollout_lets_them(begin: Begin) -> None:
    async with begin() as handing, handing.stage.performing():
        stage = handing.stage
        handing.ask(0)
        await stage.until(handing.completed(2))
        assert by_lane(stage.jobs()) == {ON_INNGEST: 2}
        await handing.reach.aclose()
        handing.ask(1, 2)
        await stage.until(handing.completed(4))
        later = Counter(
            (job["repository_name"] == handing.other, job["processor_type"], job["status"], job["held_reason"])
            for job in stage.jobs()[2:]
        )
        assert later == {(False, "github_actions", "completed", None): 2, (True, "inngest", "pending", SILENT): 2}
        assert {job["route_rule"] for job in stage.jobs() if job["engine"] == "local"} == {STANDS_IN}
        assert handing.breaker()["until"] > stamp(utc_now())
        await handing.come_back()
        await stage.until(handing.completed(6))
        assert by_lane(stage.jobs()) == {ON_INNGEST: 4, ("github_actions", "local"): 2}
        await handing.prove()


async def test_this_machine_steps_in_for_inngest_where_the_settings_say_so(begin: Begin) -> None:
    async with begin(PC_LOCAL_STEPS_IN="1") as handing:
        await handing.reach.aclose()
        handing.ask(0, 1, 2)
        handing.stage.commands = {WORKER: COMMANDS[WORKER]}
        async with handing.stage.performing():
            await handing.stage.until(handing.completed(6))
        assert by_lane(handing.stage.jobs()) == {("inngest", "local"): 6}
        await handing.prove()
