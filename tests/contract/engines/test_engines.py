"""What every engine must do alike: run a job to its end, once, whatever dies; be silent, or refuse, in words."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from progressive_capture.domain.breaker import THRESHOLD
from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.queue.dispatch import TO_CONFIRM
from progressive_capture.queue.engine import EngineRefused, EngineUnreachable, RunState
from progressive_capture.queue.splitting import cut
from progressive_capture.store import breakers, jobs
from tests.contract.engines.plants import PULLS, Plant, Remote, plant

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
ELSEWHERE = [EngineName.INNGEST, EngineName.GITHUB_ACTIONS]


@pytest.fixture(params=list(EngineName))
async def any_plant(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[Plant]:
    """An installation on each engine."""
    async with plant(request.param, sqlite_url) as made:
        yield made


@pytest.fixture(params=ELSEWHERE)
async def remote(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[Remote]:
    """An installation on each engine elsewhere."""
    async with plant(request.param, sqlite_url) as made:
        assert isinstance(made, Remote)
        yield made


async def test_a_job_is_run_to_its_end_and_its_row_says_by_what(any_plant: Plant) -> None:
    await any_plant.ask()
    assert await any_plant.dispatch() == 1
    await any_plant.work()
    job = any_plant.job()
    assert (job["status"], job["engine"], job["attempt"]) == ("completed", any_plant.name, 1)
    assert len(any_plant.rows("pull_requests")) == PULLS
    assert {row["lease_until"] for row in any_plant.rows("job_shards")} == {None}


async def test_what_it_used_is_in_the_job_s_figures(any_plant: Plant) -> None:
    await any_plant.ask()
    await any_plant.dispatch()
    await any_plant.work()
    any_plant.later(HOUR)
    await any_plant.reconcile()
    (used,) = any_plant.rows("job_metrics")
    # A minute and a second are two minutes as billed; an index, a hand-on and a hydration are five executions.
    expected = {EngineName.LOCAL: (0, 0), EngineName.INNGEST: (0, 5), EngineName.GITHUB_ACTIONS: (2, 0)}
    assert (used["runner_minutes"], used["executions"]) == expected[any_plant.name]
    assert used["engine"] == any_plant.name
    assert used["cost_microusd"] is not None
    assert await any_plant.reconcile() in {None, await any_plant.reconcile()}
    assert any_plant.rows("job_metrics") == [used]


async def test_a_cancelled_job_stays_cancelled_whoever_still_comes_for_it(any_plant: Plant) -> None:
    job_id = await any_plant.ask()
    await any_plant.dispatch()
    await any_plant.cancel(job_id)
    await any_plant.work()
    assert any_plant.job()["status"] == "cancelled"
    assert any_plant.rows("pull_requests") == []


async def test_a_run_that_is_lost_costs_the_job_nothing_but_time(any_plant: Plant) -> None:
    await any_plant.ask()
    await any_plant.dispatch()
    if isinstance(any_plant, Remote):
        any_plant.lose()
    else:
        with any_plant.wired.database.transaction() as connection:
            now, gone = any_plant.wired.clock.now(), f"{any_plant.name}:0:0"
            jobs.claim_jobs(connection, Processor.INNGEST, holder=gone, now=now, lease_until=now + HOUR)
            jobs.claim_jobs(connection, Processor.GITHUB_ACTIONS, holder=gone, now=now, lease_until=now + HOUR)
    any_plant.later(2 * HOUR)
    await any_plant.reconcile()
    assert (any_plant.job()["status"], any_plant.job()["failures"]) == ("pending", 0)
    any_plant.later(HOUR)
    assert await any_plant.dispatch() == 1
    await any_plant.work()
    assert (any_plant.job()["status"], any_plant.job()["attempt"]) == ("completed", 2)


@pytest.mark.parametrize("died", ["before", "after"])
async def test_who_dies_at_handing_over_makes_no_second_run(remote: Remote, died: str) -> None:
    await remote.ask()
    for dispatcher in remote.dispatchers():
        now = remote.wired.clock.now()
        with remote.wired.database.transaction() as connection:
            lane, until = dispatcher.lane, now + TO_CONFIRM
            jobs.dispatch_jobs(connection, lane, remote.name, who="it", now=now, deadline=until, n=1, split=cut)
    assert (remote.begun(), remote.job()["status"]) == (0, "dispatched")
    if died == "after":
        await remote.engine.dispatch([remote.handover()])
        assert remote.job()["engine_run_ref"] is None
    remote.later(TO_CONFIRM)
    assert (await remote.reconcile()).handed_over == 1
    assert remote.begun() == 1
    await remote.work()
    assert (remote.job()["status"], remote.job()["attempt"]) == ("completed", 1)


async def test_the_same_attempt_is_one_run_however_often_it_is_handed_over(remote: Remote) -> None:
    await remote.ask()
    await remote.dispatch()
    assert await remote.engine.dispatch([remote.handover()]) == remote.ref()
    assert remote.begun() == 1


async def test_it_says_what_became_of_a_run(remote: Remote) -> None:
    await remote.ask()
    await remote.dispatch()
    waiting = await remote.engine.status(remote.ref(), remote.handover())
    assert waiting in {RunState.QUEUED, RunState.UNKNOWN}
    await remote.work()
    assert await remote.engine.status(remote.ref(), remote.handover()) is RunState.SUCCEEDED
    gone = f"{remote.job()['id']}:99"
    assert await remote.engine.status(gone, remote.handover()) in {RunState.GONE, RunState.UNKNOWN}


async def test_a_run_that_was_cancelled_ends_and_may_be_cancelled_again(remote: Remote) -> None:
    job_id = await remote.ask()
    await remote.dispatch()
    ref = remote.ref()
    await remote.cancel(job_id)
    for _ in range(2):
        await remote.engine.cancel(ref)
    assert await remote.engine.status(ref, remote.handover()) is RunState.CANCELLED


async def test_silence_fails_no_job_and_opens_the_breaker_at_the_third_time(remote: Remote) -> None:
    await remote.ask()
    remote.fall_silent()
    for silences in range(1, THRESHOLD + 1):
        assert await remote.dispatch() == 0
        job = remote.job()
        assert (job["status"], job["failures"], job["attempt"]) == ("pending", 0, silences)
        remote.later(timedelta(seconds=20))
    assert await remote.dispatch() == 0
    assert remote.job()["attempt"] == THRESHOLD
    with remote.wired.database.reading() as connection:
        breaker = breakers.find(connection, remote.name)
    assert (breaker.is_down, breaker.failures) == (True, THRESHOLD)
    with pytest.raises(EngineUnreachable):
        await remote.engine.dispatch([remote.handover()])
    answer = await remote.engine.ping()
    assert not answer.answers
    assert answer.why.endswith(".")


async def test_a_refusal_is_told_and_is_no_silence(remote: Remote) -> None:
    await remote.ask()
    remote.refuse()
    assert await remote.dispatch() == 0
    assert (remote.job()["status"], remote.job()["failures"]) == ("pending", 0)
    (why,) = [row["detail"] for row in remote.rows("job_events") if row["event"] == "pending"]
    assert why.endswith((".", ")."))
    with remote.wired.database.reading() as connection:
        assert not breakers.find(connection, remote.name).failures
    with pytest.raises(EngineRefused):
        await remote.engine.dispatch([remote.handover()])


async def test_it_answers(remote: Remote) -> None:
    answer = await remote.engine.ping()
    assert answer.answers
    assert answer.why.endswith("answers.")
    assert remote.engine.name is remote.name
    assert min(remote.engine.unknown_for, remote.engine.queued_for) > timedelta()
