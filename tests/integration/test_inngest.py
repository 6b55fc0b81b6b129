"""Inngest as an engine, by the HTTP protocol of its SDK: registration, steps, waits, retries, failures, hand-ons."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.quotas import Quota
from progressive_capture.engine_wiring import CRON
from progressive_capture.engines.inngest.functions import names_of
from progressive_capture.engines.inngest.runner import ShardRunner
from progressive_capture.queue.engine import EngineRefused, EngineUnreachable, EngineUsage, RunState
from progressive_capture.store.errors import StoreError
from progressive_capture.store.jobs import JobFilter
from tests.support.little_github import START, LittleGitHub
from tests.support.little_inngest import KEY, Run, signed
from tests.support.offices import MoodyGitHub, Office
from tests.support.served import PRODUCTION, Served, served

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(sqlite_url: str) -> Office:
    """A repository of seven pull requests, three to a page."""
    office = Office(MoodyGitHub(pulls=LittleGitHub.of(7).pulls), sqlite_url)
    await office.know()
    office.github.asked.clear()
    return office


@pytest.fixture
async def running(office: Office) -> AsyncIterator[Served]:
    """The same with Inngest."""
    async with served(office) as all_of_it:
        yield all_of_it


def job_of(running: Served) -> dict[str, Any]:
    (job,) = running.rows("progressive_capture_jobs")
    return job


async def test_a_job_is_run_by_events_and_steps_and_booked(database_url: str) -> None:
    office = Office(MoodyGitHub(pulls=LittleGitHub.of(7).pulls), database_url)
    await office.know()
    async with served(office) as running:
        await _run_and_book(running)


async def _run_and_book(running: Served) -> None:
    handover = await running.hand_over()
    assert job_of(running)["status"] == "dispatched"
    index, hydration = await running.inngest.work()
    assert index.names == ["advance-0", "hand-on", "ended"]
    assert hydration.names == ["advance-0", "ended"]
    job = job_of(running)
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
    assert job_of(running)["status"] == "failed"
    running.office.github.moods.clear()
    running.office.github.now += timedelta(hours=2)
    again = await running.dispatch()
    assert again.attempt == 2
    await running.inngest.work()
    assert [event["id"].split(":", 1)[1] for event in running.inngest.sent if "id" in event] == ["1:0", "2:0", "2:0"]
    assert (job_of(running)["status"], job_of(running)["failures"]) == ("completed", 1)


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
        assert job_of(running)["status"] == "completed"
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
    assert job_of(running)["failures"] == 0
    assert job_of(running)["status"] == "completed"


async def test_refused_credentials_put_the_job_back_in_line(running: Served) -> None:
    await running.hand_over()
    github = running.office.github
    github.moods["/repos/o/r/pulls?"] = (401, {})
    await running.inngest.work()
    job = job_of(running)
    assert (job["status"], job["failures"], job["error_class"]) == ("pending", 0, None)
    github.moods.clear()
    github.now += timedelta(minutes=11)
    await running.dispatch()
    await running.inngest.work()
    assert job_of(running)["status"] == "completed"


async def test_a_lost_process_repeats_its_step_once(running: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await running.hand_over()
    _break(monkeypatch, times=1)
    index, _ = await running.inngest.work()
    assert index.names[0].startswith("error: The database refused a statement: away")
    assert index.names[1:] == ["advance-0", "hand-on", "ended"]
    assert job_of(running)["status"] == "completed"


async def test_a_run_that_inngest_gives_up_puts_back_what_nobody_began(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running.hand_over()
    _break(monkeypatch, times=2)
    given_up, told = await running.inngest.work()
    assert given_up.failed
    assert told.function.endswith("capture-failure")
    assert told.output == {"settled": "put back in line"}
    job = job_of(running)
    assert (job["status"], job["failures"]) == ("pending", 0)
    running.office.github.now += timedelta(hours=1)
    await running.dispatch()
    await running.inngest.work()
    assert job_of(running)["status"] == "completed"


async def test_a_run_that_inngest_gives_up_midway_fails_its_shard(
    running: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.office.github.moods["/repos/o/r/pulls?"] = (429, {"retry-after": "900"})
    await running.hand_over()
    running.inngest.sleep = lambda _: _break(monkeypatch, times=2)
    await running.inngest.work()
    job = job_of(running)
    assert (job["status"], job["failures"], job["error_class"]) == ("failed", 1, "unknown")
    assert "Inngest gave the run up (StepFailed)" in job["error"]


async def test_cancelling_a_job_tells_inngest_once_and_nothing_is_asked_for_it(running: Served) -> None:
    handover = await running.hand_over()
    ref = f"{handover.job_id}:1"
    await running.cancel(handover.job_id)
    await running.cancel(handover.job_id)
    await running.engine.cancel(ref)
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
    running: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    handover = await running.hand_over()
    running.inngest.refuses = 503
    await running.cancel(handover.job_id)
    assert job_of(running)["status"] == "cancelled"
    assert "they end at their next page" in capsys.readouterr().out
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


async def test_what_is_registered_is_paced_and_can_be_cancelled(running: Served) -> None:
    by_name = {each["id"].removeprefix("progressive-capture-"): each for each in running.inngest.functions}
    expected = names_of(running.wired.inngest_app(running.api.client).functions())
    assert sorted(by_name) == expected
    assert {"capture", "capture-failure", "classify-repositories", "duty-health", "duty-sweep", "test"} < set(expected)
    capture = by_name["capture"]
    assert capture["concurrency"] == [
        {"key": "event.data.principal", "limit": 1},
        {"key": "event.data.repository", "limit": 2},
    ]
    assert (capture["throttle"]["limit"], capture["throttle"]["period"]) == (75, "1m")
    assert capture["priority"] == {"run": "event.data.head_start"}
    assert capture["cancel"][0]["event"] == "progressive-capture/job.cancelled"
    assert capture["steps"]["step"]["retries"]["attempts"] == 1
    crons = {name: each["triggers"][0]["cron"] for name, each in by_name.items() if name.startswith("duty-")}
    assert (crons["duty-sweep"], crons["duty-metrics"].split()[1:]) == ("0-59/5 * * * *", ["*/1", "*", "*", "*"])
    assert len(set(crons.values())) == len(crons)
    assert await running.api.registered() == expected


def sweep_called() -> Run:
    return Run("progressive-capture-duty-sweep", {"name": "inngest/scheduled.timer", "data": {}})


async def test_a_duty_is_one_execution_and_done_once_at_its_time_whoever_calls(running: Served) -> None:
    async def call() -> Any:
        run = sweep_called()
        assert await running.inngest.step(run) is False
        return run.output

    assert await call() == {"ran": True}
    assert await call() == {"ran": False}
    running.office.github.now += timedelta(seconds=59)
    assert await call() == {"ran": True}
    assert running.rows("leader_leases") == []
    assert [row["duty"] for row in running.rows("duty_runs")] == ["sweep", "sweep"]


async def test_a_duty_that_is_due_while_another_process_leads_is_called_again(running: Served) -> None:
    elsewhere = replace(running.wired.schedule(), holder="another host")
    with running.wired.database.transaction() as connection:
        elsewhere._leads(connection, running.wired.clock.now())
    run = sweep_called()
    assert await running.inngest.step(run) is True
    assert run.names == ["error: Another process is at its duties, and this one is due: it is called again."]
    await asyncio.to_thread(elsewhere.resign)
    assert await running.inngest.step(run) is False
    assert run.output == {"ran": True}


async def test_where_inngest_calls_duties_a_worker_does_those_that_it_does_not_call(office: Office) -> None:
    office.settings = {"INNGEST_DEV": "1"}
    async with office.wired() as wired:
        duties, crons = (replace(each, duties=each.duties[:1]) for each in (wired.schedule(), wired.schedule(CRON)))
        assert await duties.tend() == ["sweep"]
        await asyncio.to_thread(duties.resign)
        office.github.now += timedelta(minutes=5)
        assert await duties.tend() == []
        assert await crons.tend() == ["sweep"]
        await asyncio.to_thread(crons.resign)
        office.github.now += timedelta(minutes=10, seconds=59)
        assert await duties.tend() == []
        office.github.now += timedelta(seconds=1)
        assert await duties.tend() == ["sweep"]


async def test_classification_and_the_test_leave_their_traces(running: Served) -> None:
    running.inngest.put(
        {"name": "progressive-capture/classification.asked", "id": "c", "data": {"version": 1, "nonce": "n"}}
    )
    (run,) = await running.inngest.work()
    assert run.output == {"repositories": 0, "categories": {}, "changed": 0}


async def test_only_what_is_signed_is_answered(running: Served) -> None:
    inngest = running.inngest
    for wrong in ("", "t=1&s=00", signed(b"", "signkey-test-ff")):
        for method in ("GET", "POST", "PUT"):
            response = await inngest.call(
                method, "?fnId=progressive-capture-test&stepId=step", **{"x-inngest-signature": wrong}
            )
            assert response.status_code == 401
    assert (await inngest.call("GET")).json()["function_count"] == len(running.rows("duty_runs")) + 8
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
    job = job_of(running)
    assert (job["status"], job["failures"], job["attempt"]) == ("pending", 0, 1)
    assert job["run_at"] > "2026-06-01T12:00:00"
    assert f"Inngest answered {status}" in running.rows("job_events")[-1]["detail"]
    running.inngest.refuses = None
    running.office.github.now += timedelta(hours=1)
    handover = await running.dispatch()
    assert (handover.attempt, handover.principal) == (2, "user:7")
    assert job_of(running)["engine_run_ref"] == f"{handover.job_id}:2"
    await running.inngest.work()
    assert job_of(running)["status"] == "completed"


async def test_a_lane_that_is_over_its_quota_hands_nothing_over(office: Office) -> None:
    async with served(office) as running:
        await office.ask()
        terms = replace(
            running.wired.terms,
            engines=dict.fromkeys(Processor, EngineName.INNGEST),
            quotas={EngineName.INNGEST: Quota(executions=0)},
        )
        dispatcher = replace(running.wired.elsewhere().dispatcher(running.engine, Processor.INNGEST), terms=terms)
        assert await dispatcher.dispatch() == 0
        assert running.inngest.sent == []
        job = job_of(running)
        assert (job["status"], job["processor_type"]) == ("pending", "inngest")
        assert job["held_reason"] == "0 of 0 executions of this month are used or under way."


async def test_no_key_is_in_what_is_stored_or_told(running: Served) -> None:
    await running.hand_over()
    runs = await running.inngest.work()
    told = repr([(run.event, run.steps, run.output) for run in runs]) + repr(running.inngest.functions)
    stored = repr([running.rows(table) for table in ("progressive_capture_jobs", "job_events", "job_shards")])
    for secret in map(str, PRODUCTION.values()):
        if secret != "local":
            assert secret not in told + stored


def _break(monkeypatch: pytest.MonkeyPatch, *, times: int) -> None:
    """Let the database refuse the beginning of the next steps."""
    left = [times]
    whole = ShardRunner._begin

    def begin(*arguments: Any) -> str | None:
        if left[0]:
            left[0] -= 1
            raise StoreError("away")
        return whole(*arguments)

    monkeypatch.setattr(ShardRunner, "_begin", begin)
