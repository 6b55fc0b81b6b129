"""Inngest as an engine, by the HTTP protocol of its SDK: registration, steps, waits, retries, failures, hand-ons."""

import asyncio
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from progressive_capture.domain.jobs import Processor
from progressive_capture.engines.inngest.runner import ShardRunner
from progressive_capture.operator.logs import configure
from progressive_capture.queue.engine import EngineRefused, EngineUnreachable, EngineUsage, RunState
from progressive_capture.store.errors import StoreError
from progressive_capture.store.jobs import JobFilter
from progressive_capture.store.tables import JOBS, METADATA
from tests.support.little_github import START, LittleGitHub
from tests.support.little_inngest import EVENT_KEY, KEY, Run, signed
from tests.support.offices import BY_REST, MoodyGitHub, Office
from tests.support.served import Served, served

pytestmark = pytest.mark.anyio

FULL = replace(BY_REST, full=True)


async def test_a_job_is_run_by_events_and_steps_and_booked(database_url: str) -> None:
    office = Office(MoodyGitHub(pulls=LittleGitHub.of(7).pulls), database_url)
    await office.know()
    async with served(office) as running:
        await _run_and_book(running)


async def _run_and_book(running: Served) -> None:
    handover = await running.hand_over()
    assert running.job()["status"] == "dispatched"
    index, hydration = await running.inngest.work()
    assert index.names == ["advance-0", "hand-on", "ended"]
    assert hydration.names == ["advance-0", "ended"]
    job = running.job()
    assert (job["status"], job["engine"], job["attempt"]) == ("completed", "inngest", 1)
    assert len(running.rows("pull_requests")) == 7
    assert {row["claimed_by"] for row in running.rows("job_shards")} == {None}
    (used,) = running.rows("job_metrics")
    assert used["executions"] == 5
    assert used["engine"] == "inngest"
    assert await running.engine.status(f"{handover.job_id}:1", handover) is RunState.SUCCEEDED
    assert await running.engine.usage(f"{handover.job_id}:1") == EngineUsage(runner_minutes=0, executions=5)


async def test_replayed_from_the_top_a_run_asks_for_the_same_steps(running: Served) -> None:
    await running.hand_over()
    index, _ = await running.inngest.work()
    asked = len(running.office.github.asked)
    again = Run(index.function, index.event)
    for hashed, answer in index.steps.items():
        again.steps[hashed] = answer
    assert await running.inngest.step(again) is False
    assert again.output == index.output
    assert len(running.office.github.asked) == asked
    assert running.rows("job_metrics")[0]["executions"] == 5


async def test_an_event_that_came_before_is_dropped_and_another_attempt_is_not(running: Served) -> None:
    handover = await running.hand_over()
    await running.engine.dispatch([handover])
    running.office.github.moods["/repos/o/r/pulls?"] = (500, {})
    (failed,) = await running.inngest.work()
    assert failed.output["why"] == "While listing pull requests: GitHub answered 500 (moody)."
    assert not failed.failed
    assert running.job()["status"] == "failed"
    running.office.github.moods.clear()
    running.office.github.now += timedelta(hours=2)
    again = await running.dispatch()
    assert again.attempt == 2
    await running.inngest.work()
    assert [event["id"].split(":", 1)[1] for event in running.inngest.sent if "id" in event] == ["1:0", "2:0", "2:0"]
    assert (running.job()["status"], running.job()["failures"]) == ("completed", 1)


async def test_time_that_is_up_makes_another_step_and_many_steps_another_run(office: Office) -> None:
    office.settings = {"PC_INNGEST_STEP_SECONDS": 20, "PC_INNGEST_STEPS": 2}

    def slow(_: str) -> None:
        office.github.now += timedelta(seconds=11)

    office.github.before = slow
    async with served(office) as running:
        await running.hand_over()
        runs = await running.inngest.work()
        parts = [(run.event["data"]["k"], run.event["data"]["part"], run.names) for run in runs]
        full = ["advance-0", "advance-1", "continue", "ended"]
        assert parts[0] == (0, 0, ["advance-0", "advance-1", "hand-on", "ended"])
        assert len(parts) > 3
        assert [part for _, part, _ in parts[1:]] == list(range(len(parts) - 1))
        assert all(names == full for _, _, names in parts[1:-1])
        assert parts[-1][2][-2].startswith("advance-")
        assert running.job()["status"] == "completed"
        (used,) = running.rows("job_metrics")
        assert used["executions"] == sum(len(run.names) for run in runs)
        assert len(running.rows("pull_requests")) == 7
        lists = [path for path in office.github.asked if path.startswith("/repos/o/r/pulls?")]
        assert len(lists) == len(set(lists))


async def test_a_wait_is_slept_through_without_giving_the_shard_away(running: Served) -> None:
    await running.hand_over()
    github = running.office.github
    github.moods["/repos/o/r/pulls?"] = (429, {"retry-after": "900"})
    leases: list[str] = []

    def look(run: Run) -> None:
        leases.extend(row["lease_until"] for row in running.rows("job_shards") if run.names)
        if github.now > START + timedelta(minutes=14):
            github.moods.clear()

    running.inngest.before = look
    index, _ = await running.inngest.work()
    assert index.names[:3] == ["advance-0", "wait-0", "advance-1"]
    # Fifteen minutes, and five beyond.
    assert "2026-06-01T12:20" in leases[0]
    assert running.job()["failures"] == 0
    assert running.job()["status"] == "completed"


async def test_refused_credentials_put_the_job_back_in_line(running: Served) -> None:
    await running.hand_over()
    github = running.office.github
    github.moods["/repos/o/r/pulls?"] = (401, {})
    await running.inngest.work()
    job = running.job()
    assert (job["status"], job["failures"], job["error_class"]) == ("pending", 0, None)
    github.moods.clear()
    github.now += timedelta(minutes=11)
    await running.dispatch()
    await running.inngest.work()
    assert running.job()["status"] == "completed"


async def test_a_lost_process_repeats_its_step_once(running: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await running.hand_over()
    _break(monkeypatch, times=1)
    index, _ = await running.inngest.work()
    assert index.names[0].startswith("error: The database refused a statement: away")
    assert index.names[1:] == ["advance-0", "hand-on", "ended"]
    assert running.job()["status"] == "completed"


async def test_a_run_that_inngest_gives_up_puts_back_what_nobody_began(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running.hand_over()
    monkeypatch.setattr("progressive_capture.processes.Meter.take_cpu_ms", lambda _: 7)
    _break(monkeypatch, times=2)
    given_up, told = await running.inngest.work()
    assert given_up.failed
    assert told.function.endswith("capture-failure")
    assert told.output == {"settled": "put back in line"}
    (shard,) = running.office.rows("job_shards")
    assert shard["cpu_ms"] == 7
    job = running.job()
    assert (job["status"], job["failures"]) == ("pending", 0)
    running.office.github.now += timedelta(hours=1)
    await running.dispatch()
    await running.inngest.work()
    assert running.job()["status"] == "completed"


async def test_a_run_that_inngest_gives_up_midway_fails_its_shard(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.office.github.moods["/repos/o/r/pulls?"] = (429, {"retry-after": "900"})
    await running.hand_over()
    running.inngest.sleep = lambda _: _break(monkeypatch, times=2)
    await running.inngest.work()
    job = running.job()
    assert (job["status"], job["failures"], job["error_class"]) == ("failed", 1, "unknown")
    assert "Inngest gave the run up (StepFailed)" in job["error"]


async def test_a_run_that_inngest_gives_up_before_it_began_a_later_shard_fails_that_shard(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shard before it is done: the job is at work, and would wait for hours for somebody to look after it."""
    await running.hand_over()
    running.inngest.before = lambda run: _break(monkeypatch, times=1) if _k(run) == 1 else None
    _, given_up, told = await running.inngest.work()
    assert (given_up.failed, told.output) == (True, {"settled": "failed, and the job is settled"})
    job = running.job()
    assert (job["status"], job["failures"], job["error_class"]) == ("failed", 1, "unknown")
    running.inngest.before = lambda _: None
    running.office.github.now += timedelta(hours=1)
    handover = await running.dispatch()
    assert (handover.attempt, handover.k) == (2, 1)
    await running.inngest.work()
    assert running.job()["status"] == "completed"


async def test_after_runs_that_inngest_gives_up_the_other_shards_of_their_job_go_on(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two of three are under way at once, and the third begins though neither of them came to its end."""
    monkeypatch.setattr("progressive_capture.capture.index.SHARD_ITEMS", {Processor.INNGEST: 3})
    await running.hand_over()
    running.inngest.before = lambda run: _break(monkeypatch, times=1) if _k(run) in {1, 2} else None
    runs = await running.inngest.work()
    assert [_k(run) for run in runs] == [0, 1, 2, None, None, 3]
    assert [run.output for run in runs[3:5]] == [{"settled": "failed"}] * 2
    states = {row["k"]: row["state"] for row in running.rows("job_shards")}
    assert states == {0: "completed", 1: "failed", 2: "failed", 3: "completed"}
    assert running.job()["status"] == "failed"


def _k(run: Run) -> int | None:
    """Which shard a run is about; None of what hears of failures."""
    k: int | None = run.event["data"].get("k")
    return k


async def test_cancelling_a_job_tells_inngest_once_and_nothing_is_asked_for_it(running: Served) -> None:
    handover = await running.hand_over()
    ref = f"{handover.job_id}:1"
    await running.cancel(handover.job_id)
    await running.cancel(handover.job_id)
    assert running.inngest.of("job.cancelled") == [{"version": 1, "job_id": handover.job_id, "attempt": 1}]
    (run,) = await running.inngest.work()
    assert (run.cancelled, run.names) == (True, [])
    assert running.office.github.asked == []
    assert await running.engine.status(ref, handover) is RunState.CANCELLED


async def test_a_run_that_waits_is_cancelled_with_its_job_and_no_other_run_is(running: Served) -> None:
    running.office.github.moods["/repos/o/r/pulls?"] = (429, {"retry-after": "900"})
    other = Run("progressive-capture-capture", {"data": {"job_id": "another", "attempt": 1}})
    running.inngest.at_work.append(other)
    handover = await running.hand_over()
    (waiting,) = running.inngest.waiting
    while "wait-0" not in waiting.names:
        await running.inngest.step(waiting)
    by_filter = running.wired.control().cancel_all
    assert await asyncio.to_thread(by_filter, JobFilter(), who="ann", reason="no") == [handover.job_id]
    assert (waiting.cancelled, other.cancelled) == (True, False)


async def test_a_job_is_cancelled_also_where_inngest_cannot_be_told(
    running: Served,
) -> None:
    handover = await running.hand_over()
    running.inngest.refuses = 503
    with capture_logs() as logged:
        await running.cancel(handover.job_id)
    assert running.job()["status"] == "cancelled"
    assert "runs not stopped: they end at their next page" in {line["event"] for line in logged}
    (run,) = await running.inngest.work()
    assert run.output["why"] == "The job is no longer this run's."
    assert running.office.github.asked == []


async def test_a_run_of_an_earlier_attempt_asks_for_nothing(running: Served) -> None:
    await running.hand_over()
    with running.wired.database.transaction() as connection:
        connection.execute(update(JOBS).values(attempt=2))
    (run,) = await running.inngest.work()
    assert run.output["why"] == "The job is no longer this run's."
    assert running.office.github.asked == []


async def test_an_event_of_another_schema_is_refused_for_good(running: Served) -> None:
    await running.hand_over()
    (waiting,) = running.inngest.waiting
    waiting.event["data"]["version"] = 2
    (run, *_) = await running.inngest.work()
    assert run.attempt == 0
    assert "let sender and app be of one release" in run.names[0]


async def test_only_what_is_signed_is_answered(running: Served) -> None:
    inngest = running.inngest
    for wrong in ("", "t=1&s=00", signed(b"", "signkey-test-ff")):
        for method in ("GET", "POST", "PUT"):
            response = await inngest.call(
                method, "?fnId=progressive-capture-test&stepId=step", **{"x-inngest-signature": wrong}
            )
            assert response.status_code == 401
    # What hears of failures is not counted by itself.
    assert (await inngest.call("GET")).json()["function_count"] == len(inngest.functions) - 1
    assert KEY not in (await inngest.call("GET")).text


async def test_the_signing_key_before_this_one_still_counts_and_an_empty_one_does_not(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = "signkey-test-00ff"
    monkeypatch.setenv("INNGEST_SIGNING_KEY_FALLBACK", former)
    async with served(office) as running:
        running.inngest.key = former
        assert (await running.inngest.call("GET")).status_code == 200
    monkeypatch.setenv("INNGEST_SIGNING_KEY_FALLBACK", "")
    async with served(office) as running:
        running.inngest.key = ""
        assert (await running.inngest.call("GET")).status_code == 401


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, EngineRefused), (413, EngineRefused), (429, EngineUnreachable), (503, EngineUnreachable)],
)
async def test_what_inngest_does_not_take_goes_back_in_line(
    running: Served, status: int, error: type[Exception]
) -> None:
    running.inngest.refuses = status
    await running.office.ask()
    with pytest.raises(error, match=f"Inngest answered {status}"):
        await running.engine.cancel("j:1")
    assert await running.wired.elsewhere().dispatcher(running.engine, Processor.INNGEST).dispatch() == 0
    job = running.job()
    assert (job["status"], job["failures"], job["attempt"]) == ("pending", 0, 1)
    assert job["run_at"] > "2026-06-01T12:00:00"
    assert f"Inngest answered {status}" in running.rows("job_events")[-1]["detail"]
    running.inngest.refuses = None
    running.office.github.now += timedelta(hours=1)
    handover = await running.dispatch()
    assert (handover.attempt, handover.principal) == (2, "user:7")
    assert running.job()["engine_run_ref"] == f"{handover.job_id}:2"
    await running.inngest.work()
    assert running.job()["status"] == "completed"


async def test_no_key_or_token_is_in_what_is_stored_told_or_logged(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = io.StringIO()
    former = "signkey-prod-00ffee00"
    monkeypatch.setenv("INNGEST_SIGNING_KEY_FALLBACK", former)
    token = "ghs_" + "1a2B" * 9 + "_" + "3c4D" * 30
    office.settings = {"PC_GITHUB_TOKENS": token}
    async with served(office) as running:
        configure(log, debug=True, known=running.wired.settings.secret_texts)
        runs = await _all_that_can_go_wrong(running, monkeypatch)
        told = [(run.event, run.steps, run.output, run.names) for run in runs], running.inngest.functions
        stored = [running.rows(table) for table in METADATA.tables]
        sent = running.inngest.sent
    assert "the library was given" in log.getvalue()
    everything = repr((told, stored, sent)) + log.getvalue()
    for secret in (KEY, KEY.rpartition("-")[2], EVENT_KEY, former, former.rpartition("-")[2], token):
        assert secret not in everything


async def _all_that_can_go_wrong(running: Served, monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """A job that runs, one that is refused, one that breaks, one that is cancelled unheard, and a stranger's call."""
    await running.hand_over()
    runs = await running.inngest.work()
    running.inngest.refuses = 401
    await running.office.ask(FULL)
    assert await running.wired.elsewhere().dispatcher(running.engine, Processor.INNGEST).dispatch() == 0
    running.inngest.refuses = None
    running.office.github.now += timedelta(hours=1)
    handover = await running.dispatch()
    _break(monkeypatch, times=2, error=RuntimeError(f"the library was given {KEY} and {EVENT_KEY}"))
    runs += await running.inngest.work()
    running.inngest.is_away = True
    await running.cancel(handover.job_id)
    await running.inngest.call("POST", "?fnId=progressive-capture-test&stepId=step", {}, **{"x-inngest-signature": "x"})
    return runs


def _break(monkeypatch: pytest.MonkeyPatch, *, times: int, error: Exception | None = None) -> None:
    """Let the beginning of the next steps fail, by an error or a refusal of the database."""
    left = [times]
    whole = ShardRunner._begin

    def begin(*arguments: Any) -> str | None:
        if left[0]:
            left[0] -= 1
            raise error or StoreError("away")
        return whole(*arguments)

    monkeypatch.setattr(ShardRunner, "_begin", begin)
