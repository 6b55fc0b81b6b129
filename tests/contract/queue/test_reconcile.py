"""Jobs elsewhere of which nobody has heard: each answer of an engine settles them rightly, while that holds."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from progressive_capture.domain.jobs import Claim, EngineName, Processor
from progressive_capture.domain.scope import moment
from progressive_capture.queue.dispatch import TO_BEGIN, TO_CONFIRM
from progressive_capture.queue.engine import RunState
from progressive_capture.queue.reconcile import LOOK_AGAIN, Reconciled
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from progressive_capture.store.tables import JOB_SHARDS
from tests.contract.queue.bureau import EVERYBODY, HISTORY, Bureau
from tests.contract.queue.rows import BULK, LEASE, MINUTE, lives
from tests.contract.queue.scripted import Elsewhere

pytestmark = pytest.mark.anyio

ACTIONS = EngineName.GITHUB_ACTIONS
REMOTE = {Processor.INNGEST: EngineName.LOCAL, Processor.GITHUB_ACTIONS: ACTIONS}
NOTHING = Reconciled(asked=0, handed_over=0, left=0, back=0, failed=0, booked=0)


@pytest.fixture
def elsewhere(database: Database) -> Elsewhere:
    """One job of history in line, for an engine elsewhere."""
    bureau = Bureau(database, Terms(EVERYBODY, engines=REMOTE))
    bureau.queued(HISTORY)
    return Elsewhere(bureau)


def only(elsewhere: Elsewhere) -> Any:
    """The only job's row."""
    with elsewhere.bureau.database.reading() as connection:
        (job,) = jobs.page_of_jobs(connection, jobs.JobFilter(), None, 2)
    return elsewhere.bureau.row(job.id)


def begin(elsewhere: Elsewhere, holder: str = "run") -> Claim:
    """Do what a run does first."""
    now, row = elsewhere.bureau.now, only(elsewhere)
    times = {"now": now, "lease_until": now + LEASE, "is_gone": lives}
    with elsewhere.bureau.database.transaction() as connection:
        claim = jobs.claim_shard(connection, row.id, 0, attempt=row.attempt, holder=holder, **times)
    assert isinstance(claim, Claim)
    return claim


async def left_by_its_run(elsewhere: Elsewhere) -> None:
    """Hand the job over, begin it, and hear no more of it than its lease lasts."""
    assert await elsewhere.dispatcher.dispatch() == 1
    begin(elsewhere)
    elsewhere.bureau.now += LEASE


def dies_before_handing_over(elsewhere: Elsewhere) -> None:
    with elsewhere.bureau.database.transaction() as connection:
        now = elsewhere.bureau.now
        jobs.dispatch_jobs(connection, BULK, ACTIONS, who="it", now=now, deadline=now + TO_CONFIRM, n=1)


async def test_what_a_dispatcher_left_unsaid_is_handed_over_at_the_same_attempt(elsewhere: Elsewhere) -> None:
    dies_before_handing_over(elsewhere)
    assert await elsewhere.reconcile() == NOTHING
    elsewhere.bureau.now += TO_CONFIRM
    assert (await elsewhere.reconcile()).handed_over == 1
    assert [each.attempt for each in elsewhere.engine.given] == [1]
    row = only(elsewhere)
    assert (row.status, row.engine_run_ref) == ("dispatched", f"run {row.id}:1")
    elsewhere.bureau.now += TO_CONFIRM
    assert await elsewhere.reconcile() == NOTHING


async def test_what_cannot_be_handed_over_now_goes_back_in_line(elsewhere: Elsewhere) -> None:
    dies_before_handing_over(elsewhere)
    elsewhere.bureau.now += TO_CONFIRM
    for _ in range(3):
        elsewhere.breakers.unreachable(ACTIONS, "no route")
    assert (await elsewhere.reconcile()).back == 1
    assert (only(elsewhere).status, elsewhere.engine.given) == ("pending", [])


async def test_a_run_that_waits_for_a_runner_is_left_alone_for_hours_and_then_replaced(elsewhere: Elsewhere) -> None:
    await elsewhere.dispatcher.dispatch()
    begun_at, elsewhere.engine.state = elsewhere.bureau.now, RunState.QUEUED
    elsewhere.bureau.now += TO_BEGIN - MINUTE
    assert await elsewhere.reconcile() == NOTHING
    elsewhere.bureau.now += MINUTE
    assert (await elsewhere.reconcile()).left == 1
    assert await elsewhere.reconcile() == NOTHING
    elsewhere.bureau.now += LOOK_AGAIN
    assert (await elsewhere.reconcile()).left == 1
    assert only(elsewhere).status == "dispatched"
    elsewhere.bureau.now = begun_at + elsewhere.engine.queued_for
    assert (await elsewhere.reconcile()).back == 1
    row = only(elsewhere)
    assert (row.status, row.failures) == ("pending", 0)
    assert elsewhere.engine.cancelled == [f"run {row.id}:1"]
    elsewhere.bureau.now += MINUTE
    await elsewhere.dispatcher.dispatch()
    assert [each.attempt for each in elsewhere.engine.given] == [1, 2]


@pytest.mark.parametrize(
    ("state", "verdict", "status", "failures"),
    [
        (RunState.RUNNING, "left", "processing", 0),
        (RunState.UNKNOWN, "left", "processing", 0),
        (RunState.GONE, "back", "pending", 0),
        (RunState.CANCELLED, "back", "pending", 0),
        (RunState.FAILED, "failed", "failed", 1),
        (RunState.SUCCEEDED, "failed", "failed", 1),
    ],
)
async def test_a_job_that_its_run_left_goes_on_as_its_engine_says(
    elsewhere: Elsewhere, state: RunState, verdict: str, status: str, failures: int
) -> None:
    await left_by_its_run(elsewhere)
    elsewhere.engine.state = state
    found = await elsewhere.reconcile()
    assert (found.asked, getattr(found, verdict)) == (1, 1)
    row = only(elsewhere)
    assert (row.status, row.failures) == (status, failures)
    if verdict != "left":
        assert moment(row.run_at) > elsewhere.bureau.now
        elsewhere.bureau.now += timedelta(hours=1)
        assert await elsewhere.dispatcher.dispatch() == 1
        assert only(elsewhere).attempt == 2


async def test_a_run_whose_lease_is_alive_is_not_asked_after(elsewhere: Elsewhere) -> None:
    await elsewhere.dispatcher.dispatch()
    elsewhere.bureau.now += TO_BEGIN
    begin(elsewhere)
    elsewhere.engine.state = RunState.GONE
    assert await elsewhere.reconcile() == NOTHING
    assert elsewhere.engine.asked == []


async def test_what_nobody_can_say_counts_as_gone_after_the_engine_s_own_limit(elsewhere: Elsewhere) -> None:
    await left_by_its_run(elsewhere)
    elsewhere.bureau.now += elsewhere.engine.unknown_for - timedelta(seconds=1)
    assert (await elsewhere.reconcile()).left == 1
    elsewhere.bureau.now += timedelta(seconds=1)
    assert (await elsewhere.reconcile()).back == 1


@pytest.mark.parametrize("heard", ["renews", "begins anew", "begins anew and gives up"])
async def test_who_is_heard_of_meanwhile_keeps_the_job(elsewhere: Elsewhere, heard: str) -> None:
    assert await elsewhere.dispatcher.dispatch() == 1
    claim, elsewhere.engine.state = begin(elsewhere), RunState.FAILED
    elsewhere.bureau.now += LEASE

    def speak() -> None:
        if heard == "renews":
            with elsewhere.bureau.database.transaction() as connection:
                jobs.renew(connection, claim, elsewhere.bureau.now + LEASE)
            return
        newer = begin(elsewhere, "the next step of the same run")
        if heard == "begins anew and gives up":
            with elsewhere.bureau.database.transaction() as connection:
                jobs.release(connection, newer, elsewhere.bureau.now)

    elsewhere.engine.before = speak
    assert (await elsewhere.reconcile()).left == 1
    row = only(elsewhere)
    assert (row.status, row.failures) == ("processing", 0)


async def test_a_run_that_fails_before_it_begins_spends_the_job_s_attempts(elsewhere: Elsewhere) -> None:
    elsewhere.engine.state = RunState.FAILED
    for status in ("failed", "failed", "dead"):
        assert await elsewhere.dispatcher.dispatch() == 1
        elsewhere.bureau.now += TO_BEGIN
        assert (await elsewhere.reconcile()).failed == 1
        assert only(elsewhere).status == status
        elsewhere.bureau.now += TO_BEGIN
    assert only(elsewhere).error.startswith("Its run failed at GitHub Actions before it could say why")


async def test_while_an_engine_is_silent_its_jobs_are_left_and_others_of_it_not_asked_after(
    elsewhere: Elsewhere,
) -> None:
    await left_by_its_run(elsewhere)
    elsewhere.engine.is_silent = True
    for asked in (1, 2, 3, 3):
        assert (await elsewhere.reconcile()).left == 1
        assert len(elsewhere.engine.asked) == asked
        elsewhere.bureau.now += timedelta(seconds=1)
    elsewhere.bureau.now += elsewhere.engine.unknown_for
    assert (await elsewhere.reconcile()).left == 1
    assert only(elsewhere).status == "processing"


async def test_a_job_of_an_engine_that_is_not_set_up_any_more_comes_back(elsewhere: Elsewhere) -> None:
    await left_by_its_run(elsewhere)
    works = elsewhere.reconciler(is_set_up=False)
    assert (await works.reconcile()).left == 1
    elsewhere.bureau.now += timedelta(hours=2)
    assert (await works.reconcile()).back == 1
    assert only(elsewhere).status == "pending"


async def test_a_job_between_two_shards_is_given_as_long_as_a_lease(elsewhere: Elsewhere) -> None:
    await elsewhere.dispatcher.dispatch()
    claim = begin(elsewhere)
    with elsewhere.bureau.database.transaction() as connection:
        jobs.release(connection, claim, elsewhere.bureau.now)
    elsewhere.engine.state = RunState.GONE
    elsewhere.bureau.now += LEASE - timedelta(seconds=1)
    assert await elsewhere.reconcile() == NOTHING
    elsewhere.bureau.now += timedelta(seconds=1)
    assert (await elsewhere.reconcile()).back == 1


async def test_what_may_not_have_been_handed_over_is_no_matter_for_another_lane(elsewhere: Elsewhere) -> None:
    dies_before_handing_over(elsewhere)
    elsewhere.bureau.now += TO_CONFIRM
    other = replace(elsewhere.dispatcher, lane=Processor.INNGEST)
    done = await replace(elsewhere.reconciler(), dispatchers=[other]).reconcile()
    assert (done.handed_over, done.back, elsewhere.engine.tried) == (0, 1, 0)


async def test_a_run_that_goes_on_is_asked_after_once_for_all_its_shards(elsewhere: Elsewhere) -> None:
    await left_by_its_run(elsewhere)
    with elsewhere.bureau.database.transaction() as connection:
        shard = connection.execute(select(JOB_SHARDS)).mappings().one()
        connection.execute(insert(JOB_SHARDS).values(dict(shard) | {"k": 1}))
    elsewhere.engine.state = RunState.RUNNING
    assert (await elsewhere.reconcile()).left == 1
    assert len(elsewhere.engine.asked) == 1
    elsewhere.engine.state = RunState.GONE
    elsewhere.bureau.now += LOOK_AGAIN
    assert (await elsewhere.reconcile()).back == 1
    assert len(elsewhere.engine.asked) == 3
