"""What runs used that tell it only afterwards: asked for until it is told, booked once, on the job and its month."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from progressive_capture.domain.jobs import Claim, EngineName, Outcome, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.queue.dispatch import MOST_WAITING
from progressive_capture.queue.engine import EngineUsage, Handover, RunState
from progressive_capture.queue.reconcile import ASKED_FOR, LOOK_AGAIN
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs, runs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import Settling
from progressive_capture.store.runs import UnbookedRun
from tests.contract.queue.bureau import EVERYBODY, HISTORY, Bureau
from tests.contract.queue.rows import BULK, LEASE, judged, lives, queued, used
from tests.contract.queue.scripted import Elsewhere, Scripted

pytestmark = pytest.mark.anyio

ACTIONS = EngineName.GITHUB_ACTIONS
HOUR = timedelta(hours=1)


@pytest.fixture
def elsewhere(database: Database) -> Elsewhere:
    """A bulk lane whose engine tells later what runs used."""
    engines = {Processor.INNGEST: EngineName.LOCAL, Processor.GITHUB_ACTIONS: ACTIONS}
    return Elsewhere(Bureau(database, Terms(EVERYBODY, engines=engines)))


async def begun(elsewhere: Elsewhere, job_id: str) -> Claim:
    """Hand a job over, and do what its run does first."""
    assert await elsewhere.dispatcher.dispatch() == 1
    now = elsewhere.bureau.now
    times = {"now": now, "lease_until": now + LEASE, "is_gone": lives}
    with elsewhere.bureau.database.transaction() as connection:
        attempt = jobs.get(connection, job_id).attempt
        claim = jobs.claim_shard(connection, job_id, 0, attempt=attempt, holder="run", **times)
    assert isinstance(claim, Claim)
    return claim


async def completed(elsewhere: Elsewhere) -> str:
    """Run one job to its end."""
    job_id = elsewhere.bureau.queued(HISTORY)
    claim = await begun(elsewhere, job_id)
    elsewhere.bureau.now += LEASE / 2
    with elsewhere.bureau.database.transaction() as connection:
        settling = Settling(elsewhere.bureau.terms.book)
        jobs.settle_shard(connection, claim, Outcome.COMPLETED, None, elsewhere.bureau.now, settling=settling)
    elsewhere.bureau.now += HOUR
    return job_id


def booked(elsewhere: Elsewhere, job_id: str) -> tuple[Any, ...]:
    with elsewhere.bureau.database.reading() as connection:
        row, outcome = used(connection, job_id), judged(connection, job_id)
    assert outcome is not None
    return row.runner_minutes, row.executions, row.cost_microusd, outcome.cost_usd


async def test_minutes_are_booked_once_when_the_engine_tells_them(elsewhere: Elsewhere) -> None:
    job_id = await completed(elsewhere)
    assert (await elsewhere.reconcile()).booked == 0
    assert booked(elsewhere, job_id)[0] == 0
    elsewhere.engine.used = EngineUsage(runner_minutes=2_010, executions=0)
    assert (await elsewhere.reconcile()).booked == 0
    elsewhere.bureau.now += LOOK_AGAIN
    assert (await elsewhere.reconcile()).booked == 1
    minutes, executions, micro_usd, usd = booked(elsewhere, job_id)
    # Of the month's minutes 2,000 are free.
    assert (minutes, executions, usd) == (2_010, 0, micro_usd / 1_000_000)
    assert micro_usd > 0
    elsewhere.bureau.now += HOUR
    assert (await elsewhere.reconcile()).booked == 0
    assert booked(elsewhere, job_id)[0] == 2_010


async def test_each_attempt_s_run_is_booked_and_none_is_asked_after_while_at_work(elsewhere: Elsewhere) -> None:
    job_id = elsewhere.bureau.queued(HISTORY)
    elsewhere.engine.used = EngineUsage(runner_minutes=3, executions=0)
    await begun(elsewhere, job_id)
    elsewhere.bureau.now += LEASE - timedelta(seconds=1)
    assert (await elsewhere.reconcile()).booked == 0
    elsewhere.bureau.now += timedelta(seconds=1)
    elsewhere.engine.state = RunState.FAILED
    assert (await elsewhere.reconcile()).failed == 1
    assert booked(elsewhere, job_id)[0] == 3
    elsewhere.bureau.now += HOUR
    await begun(elsewhere, job_id)
    elsewhere.bureau.now += HOUR
    assert (await elsewhere.reconcile()).failed == 1
    assert booked(elsewhere, job_id)[0] == 6


async def test_an_engine_that_never_tells_is_asked_for_a_week(elsewhere: Elsewhere) -> None:
    await completed(elsewhere)
    elsewhere.bureau.now += ASKED_FOR - LEASE - 2 * HOUR
    await elsewhere.reconcile()
    assert unbooked(elsewhere)
    elsewhere.bureau.now += 2 * HOUR
    await elsewhere.reconcile()
    assert not unbooked(elsewhere)


def unbooked(elsewhere: Elsewhere) -> list[UnbookedRun]:
    with elsewhere.bureau.database.reading() as connection:
        return runs.unbooked(connection, elsewhere.bureau.now + LOOK_AGAIN, 9)


async def test_a_run_that_did_two_jobs_is_paid_for_once(elsewhere: Elsewhere) -> None:
    first, now = await completed(elsewhere), elsewhere.bureau.now
    with elsewhere.bureau.database.transaction() as connection:
        second = queued(connection).id
        runs.remember(connection, UnbookedRun(second, 1, ACTIONS, f"run {first}:1", stamp(now)), now)
        assert [each.job_id for each in runs.unbooked(connection, now, 9)] == [first]


async def test_of_two_that_ask_at_once_one_books(elsewhere: Elsewhere) -> None:
    await completed(elsewhere)
    (run,) = unbooked(elsewhere)
    with elsewhere.bureau.database.transaction() as connection:
        assert runs.close(connection, run, runner_minutes=1, executions=0)
        assert not runs.close(connection, run, runner_minutes=1, executions=0)


async def test_runs_that_book_themselves_are_not_asked_after(elsewhere: Elsewhere) -> None:
    elsewhere.engine.meters_itself = True
    elsewhere.engine.used = EngineUsage(runner_minutes=0, executions=7)
    await completed(elsewhere)
    assert (await elsewhere.reconcile()).booked == 0


async def test_no_more_is_handed_over_than_an_engine_begins(elsewhere: Elsewhere) -> None:
    with elsewhere.bureau.database.transaction() as connection:
        for _ in range(MOST_WAITING + 3):
            queued(connection, processor=BULK, now=elsewhere.bureau.now)
    taken = [await elsewhere.dispatcher.dispatch() for _ in range(4)]
    assert (sum(taken), taken[-1]) == (MOST_WAITING, 0)
    assert len(elsewhere.engine.given) == MOST_WAITING


async def test_a_mistake_at_one_job_keeps_no_other_from_its_engine(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    with elsewhere.bureau.database.transaction() as connection:
        broken = queued(connection, processor=BULK, now=elsewhere.bureau.now, priority=9)
        whole = queued(connection, processor=BULK, now=elsewhere.bureau.now)
    dispatch = Scripted.dispatch

    async def breaks(engine: Scripted, handovers: Sequence[Handover]) -> str | None:
        if handovers[0].job_id == broken.id:
            raise ZeroDivisionError
        return await dispatch(engine, handovers)

    monkeypatch.setattr(Scripted, "dispatch", breaks)
    assert await elsewhere.dispatcher.dispatch() == 1
    assert [each.job_id for each in elsewhere.engine.given] == [whole.id]
    assert (elsewhere.bureau.row(broken.id).status, elsewhere.bureau.row(broken.id).failures) == ("pending", 0)
