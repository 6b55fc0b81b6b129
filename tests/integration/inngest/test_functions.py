"""What Inngest is told of the functions, and the functions beside captures: duties, classification, every job type."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from progressive_capture.domain.jobs import EngineName, JobType, Processor
from progressive_capture.domain.priority import HIGHEST
from progressive_capture.domain.quotas import Quota
from progressive_capture.domain.requests import KINDS_OF
from progressive_capture.engine_wiring import CRON
from progressive_capture.engines.inngest.functions import names_of
from tests.support.little_inngest import Run
from tests.support.offices import BY_REST, Office
from tests.support.served import Served, served

pytestmark = pytest.mark.anyio


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
    assert (crons["duty-sweep"], crons["duty-metrics"].split()[1:]) == ("0-59/10 * * * *", ["*/1", "*", "*", "*"])
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


async def test_pacing_is_as_the_settings_say(office: Office) -> None:
    office.settings = {"PC_INNGEST_STARTS_PER_MINUTE": 0, "PC_INNGEST_PER_REPOSITORY": 5, "PC_INNGEST_HEAD_START": 60}
    async with served(office) as running:
        (capture,) = [each for each in running.inngest.functions if each["id"] == "progressive-capture-capture"]
        assert "throttle" not in capture
        assert capture["concurrency"][1] == {"key": "event.data.repository", "limit": 5}
        async with running.wired.engines() as engines:
            await office.ask()
            await running.wired.elsewhere().dispatcher(engines[EngineName.INNGEST], Processor.INNGEST).dispatch()
        expected = round(60 * running.job()["priority"] / HIGHEST)
        assert [each["head_start"] for each in running.inngest.of("shard.handed-over")] == [expected]
        assert expected > 0


@pytest.mark.parametrize("job_type", JobType)
async def test_one_function_runs_jobs_of_every_type(running: Served, job_type: JobType) -> None:
    since = None if job_type is JobType.HISTORICAL_PR_SYNC else 30
    await running.office.ask(replace(BY_REST, since_days=since, kinds=KINDS_OF[job_type]), job_type=job_type)
    await running.dispatch()
    for run in await running.inngest.work():
        assert (run.function, run.failed) == ("progressive-capture-capture", False)
    assert running.job()["status"] == "completed"


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


async def test_where_inngest_calls_duties_a_worker_does_what_is_urgent_and_what_it_does_not_call(
    office: Office,
) -> None:
    office.settings = {"INNGEST_DEV": "1"}
    async with office.wired() as wired:
        worker, crons = wired.schedule(), wired.schedule(CRON)
        assert {"sweep", "health"} < set(await worker.tend())
        office.github.now += timedelta(minutes=15)
        assert "health" not in await worker.tend()
        await asyncio.to_thread(worker.resign)
        assert await crons.tend(["health"]) == ["health"]
        await asyncio.to_thread(crons.resign)
        office.github.now += timedelta(minutes=24, seconds=59)
        assert await worker.tend(["health", "sweep"]) == ["sweep"]
        office.github.now += timedelta(seconds=1)
        assert await worker.tend(["health", "sweep"]) == ["health"]


async def test_classification_and_the_test_leave_their_traces(running: Served) -> None:
    running.inngest.put(
        {"name": "progressive-capture/classification.asked", "id": "c", "data": {"version": 1, "nonce": "n"}}
    )
    (run,) = await running.inngest.work()
    assert run.output == {"repositories": 0, "categories": {}, "changed": 0}


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
        job = running.job()
        assert (job["status"], job["processor_type"]) == ("pending", "inngest")
        assert job["held_reason"] == "0 of 0 executions of this month are used or under way."
