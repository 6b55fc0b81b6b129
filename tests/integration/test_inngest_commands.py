"""`pc inngest` and `pc serve` at a desk of the test's own, with Inngest within the process."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import Processor
from progressive_capture.operator.cli import run
from progressive_capture.operator.desk import Desk
from progressive_capture.store.tables import JOBS
from progressive_capture.web.server import listen
from progressive_capture.web.serving import serve_installation
from progressive_capture.wiring import Wired
from tests.support.little_github import LittleGitHub
from tests.support.little_inngest import EVENT_KEY, KEY, LittleInngest
from tests.support.offices import MoodyGitHub, Office
from tests.support.served import Served, served


@dataclass
class Counter:
    """Runs commands over an installation; `now_and_then` is done whenever a command pauses."""

    office: Office
    prepare: Callable[[Served], None] = lambda _: None
    now_and_then: Callable[[Served], Awaitable[object]] | None = None
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)

    def run(self, *arguments: str, program: str = "pc") -> int:
        """Run a command; its exit code."""
        return run(arguments, Desk(self.out, self.err, self._wire), program)

    @asynccontextmanager
    async def _wire(self, *_: Any, stopping: Callable[[], bool], **__: Any) -> AsyncIterator[Wired]:
        async with served(self.office) as running:
            self.prepare(running)

            async def pause(_seconds: float) -> None:
                if self.now_and_then is not None:
                    await self.now_and_then(running)

            # The desk's own pause sleeps; this one works.
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("progressive_capture.operator.stopping.Stop.pause", lambda _self, seconds: pause(seconds))
                yield replace(running.wired, stopping=stopping)


@pytest.fixture
def counter(sqlite_url: str) -> Counter:
    return Counter(Office(MoodyGitHub(pulls=LittleGitHub.of(1).pulls), sqlite_url))


def test_a_sound_installation_is_found_sound_and_no_key_is_shown(counter: Counter) -> None:
    assert counter.run("inngest", "check", "--json") == 0, counter.out.getvalue() + counter.err.getvalue()
    told = json.loads(counter.out.getvalue())
    assert {each["what"]: each["is_good"] for each in told["findings"]} == {
        "mode": True,
        "event key": True,
        "signing key": True,
        "reachable": True,
        "signature": True,
        "functions": True,
    }
    assert "(signkey-test)" in counter.out.getvalue()
    assert KEY not in counter.out.getvalue()
    assert EVENT_KEY not in counter.out.getvalue()


def test_functions_that_are_not_registered_are_named(counter: Counter) -> None:
    def forget(running: Served) -> None:
        running.inngest.functions = [each for each in running.inngest.functions if "sweep" not in each["id"]]
        running.inngest.functions[0] = {"id": "progressive-capture-of-old"}

    counter.prepare = forget
    assert counter.run("inngest", "check") == 1
    assert "missing: capture, duty-sweep; not of this version: of-old" in counter.out.getvalue()


KEY_OF_BEFORE = "signkey-prod-00ff"


def test_the_signing_key_before_this_one_is_taken_until_inngest_has_the_new_one(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def still(running: Served) -> None:
        running.inngest.takes = KEY_OF_BEFORE

    counter.prepare = still
    assert counter.run("inngest", "check") == 1
    assert "NOT OK  signature: Inngest answered 401: INNGEST_SIGNING_KEY is not the key" in counter.out.getvalue()
    assert "functions" not in counter.out.getvalue()
    monkeypatch.setenv("INNGEST_SIGNING_KEY_FALLBACK", KEY_OF_BEFORE)
    assert counter.run("inngest", "check") == 0
    assert "ok  signature" in counter.out.getvalue()
    assert KEY_OF_BEFORE.removeprefix("signkey-prod-") not in counter.out.getvalue()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/inngest", "ok  address: http://app.test/api/inngest answers, and refuses what is not signed."),
        ("/healthz", "NOT OK  address: http://app.test/healthz answers what is not signed: unset INNGEST_DEV"),
        ("/elsewhere", "NOT OK  address: http://app.test/elsewhere answered 404: let INNGEST_SERVE_ORIGIN lead"),
    ],
)
def test_our_own_address_is_asked_as_a_stranger_would(counter: Counter, path: str, said: str) -> None:
    counter.office.settings = {"INNGEST_SERVE_ORIGIN": "http://app.test/", "INNGEST_SERVE_PATH": path}
    assert counter.run("inngest", "check") == int(said.startswith("NOT"))
    assert said in counter.out.getvalue()


def test_an_inngest_that_gives_no_answer_is_named_without_the_key(counter: Counter) -> None:
    def away(running: Served) -> None:
        running.inngest.is_away = True

    counter.prepare = away
    assert counter.run("inngest", "check") == 1
    assert "NOT OK  reachable: inn.gs gives no answer (ConnectError)." in counter.out.getvalue()
    assert "NOT OK  functions: api.inngest.com gives no answer (ConnectError)." in counter.out.getvalue()
    assert counter.run("inngest", "test") == 1
    assert "inn.gs gives no answer (ConnectError)." in counter.err.getvalue()
    assert EVENT_KEY not in counter.out.getvalue() + counter.err.getvalue()


def test_an_emergency_stop_that_cancels_tells_the_engine(counter: Counter) -> None:
    seen: list[LittleInngest] = []
    counter.prepare = lambda running: seen.append(running.inngest)
    job_id = asyncio.run(_handed_over_in_bulk(counter.office))
    assert counter.run("emergency-stop", "--cancel-running", "--reason", "smoke", "--yes", program="rollout") == 0
    assert "1 running job cancelled" in counter.out.getvalue()
    assert [data for each in seen for data in each.of("job.cancelled")] == [
        {"version": 1, "job_id": job_id, "attempt": 1}
    ]


async def _handed_over_in_bulk(office: Office) -> str:
    await office.know()
    async with served(office) as running:
        await office.ask()
        handover = await running.dispatch()
        with running.wired.database.transaction() as connection:
            connection.execute(update(JOBS).values(processor_type=Processor.GITHUB_ACTIONS.value))
        return handover.job_id


def test_an_app_that_inngest_does_not_know_is_told_of(counter: Counter) -> None:
    counter.prepare = lambda running: running.inngest.functions.clear()
    assert counter.run("inngest", "check") == 1
    assert "NOT OK  functions: Inngest does not know this app yet" in counter.out.getvalue()


def test_a_test_waits_for_its_row(counter: Counter) -> None:
    counter.now_and_then = lambda running: running.inngest.work()
    assert counter.run("inngest", "test") == 0
    assert "ok  test: The event arrived" in counter.out.getvalue()


def test_a_test_that_leaves_no_row_says_where_to_look(counter: Counter) -> None:
    assert counter.run("inngest", "test") == 1
    assert "is `pc serve` or `pc inngest connect` running" in counter.out.getvalue()


def test_an_event_that_is_refused_is_told_in_a_sentence(counter: Counter) -> None:
    def refuse(running: Served) -> None:
        running.inngest.refuses = 401

    counter.prepare = refuse
    assert counter.run("inngest", "test") == 1
    assert "Inngest answered 401" in counter.err.getvalue()
    assert EVENT_KEY not in counter.err.getvalue()


@pytest.mark.anyio
async def test_what_is_not_set_up_is_not_served_and_health_is(sqlite_url: str) -> None:
    office = Office(MoodyGitHub(), sqlite_url)
    stopped: list[bool] = []
    office.stop = lambda: bool(stopped)
    async with office.wired() as wired:
        with listen("127.0.0.1", 0) as listening, pytest.raises(UsageError, match="give another --host or --port"):
            listen("127.0.0.1", listening.getsockname()[1])
        with listen("127.0.0.1", 0) as listening:
            address = f"http://127.0.0.1:{listening.getsockname()[1]}"
            serving = asyncio.ensure_future(
                serve_installation(wired, listening, with_worker=True, pause=lambda _: asyncio.sleep(0.01))
            )
            async with httpx.AsyncClient(base_url=address) as client:
                assert (await client.get("/healthz")).json() == {"status": "healthy"}
                assert (await client.put("/api/inngest")).status_code == 404
                assert (await client.get("/docs")).status_code == 404
            stopped.append(True)
            await serving
        with pytest.raises(UsageError, match="Inngest is not set up: set INNGEST_EVENT_KEY"):
            async with wired.inngest_api():
                pass


@pytest.mark.anyio
async def test_jobs_are_handed_to_a_dev_server_and_a_key_that_is_none_is_refused(sqlite_url: str) -> None:
    office = Office(MoodyGitHub(pulls=LittleGitHub.of(1).pulls), sqlite_url, {"INNGEST_DEV": "1"})
    sent: list[httpx.Request] = []
    called: list[str] = []
    stopped: list[bool] = []
    office.stop = lambda: bool(stopped)

    def take(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        stopped.append(True)
        return httpx.Response(200, json={"ids": ["1"], "status": 200})

    office.inngest = lambda: httpx.MockTransport(take)
    await office.know()
    await office.ask()
    async with office.wired() as wired:
        with listen("127.0.0.1", 0) as listening:
            await serve_installation(
                wired,
                listening,
                with_worker=False,
                pause=lambda _: asyncio.sleep(0.01),
                ready=lambda: called.append("ready"),
            )
    assert called == ["ready"]
    assert str(sent[0].url) == "http://127.0.0.1:8288/e/NO_EVENT_KEY_SET"
    (event,) = json.loads(sent[0].content)
    assert event["name"] == "progressive-capture/shard.handed-over"
    assert [row["status"] for row in office.rows("progressive_capture_jobs")] == ["dispatched"]
    office.settings = {"INNGEST_SIGNING_KEY": "hunter2"}
    async with office.wired() as wired:
        with pytest.raises(UsageError, match="INNGEST_SIGNING_KEY is no signing key"):
            async with wired.inngest_api():
                pass


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"INNGEST_SIGNING_KEY": "hunter2"}, "INNGEST_SIGNING_KEY is no signing key"),
        ({"INNGEST_EVENT_KEY": EVENT_KEY, "INNGEST_SIGNING_KEY": KEY}, "cannot reach a SQLite file"),
    ],
)
async def test_what_cannot_be_served_is_refused_before_it_is_called_ready(
    settings: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    ready: list[bool] = []
    async with Office(MoodyGitHub(), str(tmp_path / "a.db"), settings).wired() as wired:
        with listen("127.0.0.1", 0) as listening, pytest.raises(UsageError, match=sentence):
            await serve_installation(
                wired, listening, with_worker=True, pause=asyncio.sleep, ready=lambda: ready.append(True)
            )
    assert ready == []
