"""Several runs at one job, and several small jobs in one run; on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from progressive_capture.domain.jobs import Claim, EngineName, Held, JobState, Outcome, Processor, Resources, Settled
from progressive_capture.domain.routing import SMALL_ITEMS
from progressive_capture.domain.scope import stamp
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import Among, Settling
from progressive_capture.store.tables import JOBS
from tests.contract.queue.bureau import EVERYBODY, Bureau
from tests.contract.queue.rows import BULK, LEASE, MINUTE, NOW, claim, lives, queued, shard_states, stored_job, used
from tests.contract.queue.scripted import Elsewhere

ACTIONS = EngineName.GITHUB_ACTIONS


def take(connection: Connection, job_id: str, k: int, holder: str = "") -> Claim | Held | Settled:
    times: dict[str, Any] = {"now": NOW, "lease_until": NOW + LEASE, "is_gone": lives}
    return jobs.claim_shard(connection, job_id, k, attempt=1, holder=holder or f"run {k}", **times)


def leave(connection: Connection, job_id: str, k: int, until: datetime | None, **fields: Any) -> bool:
    values: dict[str, Any] = {"attempt": 1, "holder": f"run {k}", "now": NOW, "why": "time is over", "k": k} | fields
    return jobs.leave(connection, job_id, until=until, **values)


@pytest.fixture
def job_id(connection: Connection) -> str:
    """A dispatched job whose list is walked: three shards are left."""
    found = queued(connection)
    jobs.dispatch_jobs(connection, BULK, ACTIONS, who="me", now=NOW, deadline=NOW + LEASE, n=1)
    first = take(connection, found.id, 0)
    assert isinstance(first, Claim)
    jobs.add_shards(connection, first, ["a", "b", "c"])
    assert not jobs.settle_shard(connection, first, Outcome.COMPLETED, None, NOW)
    return found.id


def test_a_job_stays_at_work_while_a_part_of_it_is_or_will_be(connection: Connection, job_id: str) -> None:
    take(connection, job_id, 1)
    take(connection, job_id, 2)
    assert not leave(connection, job_id, 1, NOW + MINUTE)
    assert shard_states(connection, job_id) == ["completed", "pending", "processing", "pending"]
    assert not leave(connection, job_id, 2, NOW + 2 * MINUTE), "the third was not begun"
    assert stored_job(connection, job_id).status == JobState.PROCESSING


def test_the_last_to_leave_puts_it_back_for_the_first_who_can_go_on(connection: Connection, job_id: str) -> None:
    for k in (1, 2, 3):
        take(connection, job_id, k)
    assert not leave(connection, job_id, 1, NOW + 3 * MINUTE)
    assert not leave(connection, job_id, 2, NOW + 2 * MINUTE)
    third = take(connection, job_id, 3)
    assert isinstance(third, Claim)
    jobs.settle_shard(connection, third, Outcome.COMPLETED, None, NOW)
    assert leave(connection, job_id, 3, None, settling=Settling(resources=Resources(cpu_ms=5)))
    row = stored_job(connection, job_id)
    assert (row.status, row.run_at, row.failures) == ("pending", stamp(NOW + 2 * MINUTE), 0)
    assert shard_states(connection, job_id) == ["completed", "pending", "pending", "completed"]
    assert jobs.used_by(connection, job_id)[1].cpu_ms == 5


def test_who_has_no_say_any_more_leaves_nothing(connection: Connection, job_id: str) -> None:
    for k in (1, 2, 3):
        take(connection, job_id, k)
    assert not leave(connection, job_id, 1, NOW, attempt=2)
    assert not leave(connection, job_id, 1, NOW, holder="run 9")
    assert shard_states(connection, job_id)[1:] == ["processing"] * 3
    jobs.cancel(connection, job_id, NOW, who="ann")
    assert not leave(connection, job_id, 1, NOW + MINUTE)
    assert stored_job(connection, job_id).status == JobState.CANCELLED


def test_a_run_that_names_itself_is_not_forgotten_by_who_started_it(connection: Connection) -> None:
    job = queued(connection)
    jobs.dispatch_jobs(connection, BULK, ACTIONS, who="me", now=NOW, deadline=NOW + LEASE, n=1)
    assert jobs.note_run(connection, job.id, attempt=1, ref="4711")
    assert not jobs.note_run(connection, job.id, attempt=1, ref=f"{job.id}:1", principal="user:7")
    row = stored_job(connection, job.id)
    assert (row.engine_run_ref, row.workflow_run_id) == ("4711", 4711)


def test_a_run_is_looked_for_from_when_its_attempt_went_out(connection: Connection) -> None:
    job = queued(connection)
    later = NOW + MINUTE
    jobs.dispatch_jobs(connection, BULK, ACTIONS, who="me", now=later, deadline=later + LEASE, n=1)
    assert jobs.begun_after(connection, job.id, 1) == stamp(later)
    assert jobs.begun_after(connection, job.id, 0) == stamp(NOW)
    assert jobs.begun_after(connection, "00000000-0000-4000-8000-000000000000", 1) is None


def test_small_jobs_are_taken_apart_from_others_and_by_whoever_runs_them(connection: Connection) -> None:
    large = queued(connection, item_count=SMALL_ITEMS + 1, priority=9)
    unknown = queued(connection, item_count=None, priority=8)
    small = queued(connection, item_count=SMALL_ITEMS)
    (taken,) = claim(connection, n=9, among=Among(is_small=True), engine=ACTIONS)
    assert taken.job.id == small.id
    row = stored_job(connection, small.id)
    assert (row.status, row.engine, row.attempt) == ("processing", "github_actions", 1)
    jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)
    assert used(connection, small.id).engine == "github_actions"
    assert [each.job.id for each in claim(connection, among=Among(job_id=unknown.id))] == [unknown.id]
    assert [each.job.id for each in claim(connection, n=9, among=Among(is_small=False))] == [large.id]


@pytest.mark.anyio
async def test_few_runs_are_begun_for_small_jobs_and_as_many_as_wanted_for_others(database: Database) -> None:
    engines = {Processor.INNGEST: EngineName.LOCAL, Processor.GITHUB_ACTIONS: ACTIONS}
    elsewhere = Elsewhere(Bureau(database, Terms(EVERYBODY, engines=engines)))
    elsewhere.engine.runs_for_small = 2
    with database.transaction() as connection:
        small = [queued(connection, item_count=3).id for _ in range(4)]
        large = [queued(connection, item_count=5_000).id for _ in range(3)]
    assert await elsewhere.dispatcher.dispatch() == 5
    with database.reading() as connection:
        out = [job_id for job_id in small + large if stored_job(connection, job_id).status == JobState.DISPATCHED]
    assert set(large) < set(out)
    assert await elsewhere.dispatcher.dispatch() == 0
    with database.transaction() as connection:
        (first,) = connection.execute(
            update(JOBS).where(JOBS.c.id == out[0]).values(status="cancelled").returning(JOBS.c.id)
        )
    assert first.id in small
    elsewhere.bureau.now += timedelta(seconds=1)
    assert await elsewhere.dispatcher.dispatch() == 1
