"""`pc inngest connect`: calls over a connection that the program opens, to a gateway within the test's process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.web.connecting import AGAIN_SECONDS, connect_installation
from progressive_capture.wiring import Wired
from tests.support.forking import Spawner
from tests.support.little_gateway import LittleGateway
from tests.support.little_github import LittleGitHub
from tests.support.little_inngest import EVENT_KEY, LittleInngest
from tests.support.offices import MoodyGitHub, Office, rows
from tests.support.program import Program
from tests.support.served import PRODUCTION

pytestmark = pytest.mark.anyio


@dataclass
class Connecting:
    """An installation that connects to a gateway."""

    office: Office
    gateway: LittleGateway
    inngest: LittleInngest
    waits: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it waits before it connects anew."""
    stopped: bool = False

    async def pause(self, seconds: float) -> None:
        """Note whether it is before another connection, and go on."""
        if seconds == AGAIN_SECONDS:
            self.waits.set()
        await asyncio.sleep(0.005)

    async def connect(self, wired: Wired) -> None:
        """Be connected until somebody says `stopped`."""
        await connect_installation(wired, with_worker=False, pause=self.pause)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Wired]:
        """Be connected for a while."""
        async with self.office.wired() as wired, asyncio.TaskGroup() as group:
            group.create_task(self.connect(wired))
            try:
                yield wired
            finally:
                self.stopped = True


@pytest.fixture
async def connecting(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connecting]:
    """A repository of seven pull requests, and a gateway."""
    inngest = LittleInngest()
    office = Office(MoodyGitHub(pulls=LittleGitHub.of(7).pulls), sqlite_url, dict(PRODUCTION))
    office.inngest = inngest.transport
    gateway = LittleGateway(inngest.take)
    inngest.over = gateway.call
    monkeypatch.setattr("inngest.connect._internal.conn_init_starter.CONN_INIT_RETRY_INTERVAL_SEC", 0)
    monkeypatch.setattr("inngest.connect._internal.isolated_worker.POST_CONNECT_SETTLE_SEC", 0)
    async with gateway.serving() as url:
        monkeypatch.setenv("INNGEST_BASE_URL", url)
        found = Connecting(office, gateway, inngest)
        office.stop = lambda: found.stopped
        yield found


async def test_a_job_is_run_over_the_connection_and_a_stop_is_told(connecting: Connecting) -> None:
    await connecting.office.know()
    await connecting.office.ask()
    async with connecting.connected() as wired:
        await connecting.gateway.ready.wait()
        connecting.inngest.functions = connecting.gateway.functions
        async with wired.engines() as engines:
            dispatcher = wired.elsewhere().dispatcher(engines[EngineName.INNGEST], Processor.INNGEST)
            assert await dispatcher.dispatch() == 1
        index, hydration = await connecting.inngest.work()
        assert (index.names, hydration.names) == (["advance-0", "hand-on", "ended"], ["advance-0", "ended"])
        assert [row["status"] for row in rows(wired.database, "progressive_capture_jobs")] == ["completed"]
        assert len(rows(wired.database, "pull_requests")) == 7
    assert connecting.gateway.paused


async def test_a_connection_that_was_given_up_is_opened_anew(connecting: Connecting) -> None:
    connecting.gateway.refuses = 503
    async with connecting.connected():
        await connecting.waits.wait()
        connecting.gateway.refuses = None
        await connecting.gateway.ready.wait()
    assert connecting.gateway.asked > 5


async def test_a_stop_ends_also_a_connection_that_never_came(connecting: Connecting) -> None:
    connecting.gateway.refuses = 503
    async with connecting.connected():
        await connecting.gateway.came.wait()
    assert not connecting.gateway.ready.is_set()


async def test_a_signing_key_that_is_refused_or_missing_is_told_in_a_sentence(connecting: Connecting) -> None:
    connecting.gateway.refuses = 401
    async with connecting.office.wired() as wired:
        with pytest.raises(UsageError, match="does not take INNGEST_SIGNING_KEY: copy it again"):
            await connecting.connect(wired)
    connecting.office.settings = {"INNGEST_EVENT_KEY": EVENT_KEY, "PC_INNGEST_ENGINE": "local"}
    async with connecting.office.wired() as wired:
        with pytest.raises(UsageError, match="INNGEST_SIGNING_KEY is not set: Inngest lets nobody connect"):
            await connecting.connect(wired)


async def test_the_program_connects_and_ends_with_a_signal(
    connecting: Connecting, tmp_path: Path, spawner: Spawner, sqlite_url: str
) -> None:
    settings = {"INNGEST_DEV": connecting.gateway.url, "DATABASE_URL": sqlite_url, "PC_INNGEST_ENGINE": "local"}
    process = Program(tmp_path, spawner, settings).start("inngest", "connect")
    try:
        await connecting.gateway.ready.wait()
        assert "progressive-capture-capture" in {each["id"] for each in connecting.gateway.functions}
    finally:
        process.terminate()
        _, log = await asyncio.to_thread(process.communicate)
    assert process.returncode == 0, log
    assert connecting.gateway.paused
    assert 'event="connection to Inngest"' in log


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("inngest", "connect")])
def test_a_key_that_is_none_ends_the_program_in_a_sentence(
    tmp_path: Path, spawner: Spawner, sqlite_url: str, command: tuple[str, ...]
) -> None:
    settings = {"INNGEST_SIGNING_KEY": "hunter2", "DATABASE_URL": sqlite_url}
    ran = Program(tmp_path, spawner, settings).run(*command)
    assert ran.returncode == ExitCode.USAGE
    assert "INNGEST_SIGNING_KEY is no signing key: copy it again" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "hunter2" not in ran.stderr + ran.stdout
