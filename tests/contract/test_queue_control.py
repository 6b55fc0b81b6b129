"""What operators and stops do to jobs, on both databases; GitHub is not asked here."""

from dataclasses import replace
from datetime import timedelta

import pytest

from progressive_capture.capture.checkpoint import Checkpoint, Spec, decode_spec, encode
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import (
    Claim,
    Counters,
    JobState,
    Outcome,
)
from progressive_capture.domain.requests import Joined, RerunAsked
from progressive_capture.domain.scope import Scope
from progressive_capture.queue.control import Control
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import JobFilter
from tests.contract.queue.bureau import EVERYBODY, HISTORY, NOBODY, Bureau
from tests.contract.queue.rows import BULK, LEASE, NOW, REAL_TIME, lives
from tests.contract.store_rows import HOST


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database)


def control(bureau: Bureau) -> Control:
    return Control(bureau.database, bureau.terms, lambda: bureau.now, lambda: 0.5, lambda _: None)


def test_an_operator_cancels_and_retries(bureau: Bureau) -> None:
    job_id = bureau.queued()
    assert control(bureau).retry(job_id, who="ann") is None
    bureau.run(BULK, Outcome.DEAD)
    assert control(bureau).cancel(job_id, who="ann", reason="why not").state is JobState.DEAD
    again = control(bureau).retry(job_id, who="ann")
    assert again is not None
    assert bureau.row(again).retry_of == job_id
    assert control(bureau).cancel(again, who="ann", reason="enough").state is JobState.CANCELLED
    for unknown in ("nonsense", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(UsageError, match="There is no job"):
            control(bureau).cancel(unknown, who="ann", reason="none")


def test_bulk_commands_count_before_they_act_and_stop_at_what_is_there_now(bureau: Bureau) -> None:
    ids = {bureau.queued(Scope(numbers=(number,))) for number in range(1, 4)}
    taken = bureau.take(REAL_TIME)
    assert taken is not None
    assert bureau.ask(Scope(numbers=(1,))) in [RerunAsked(each) for each in ids] + [Joined(each) for each in ids]
    everything = JobFilter(host_id=HOST)
    assert control(bureau).would_cancel(everything) == 3
    assert control(bureau).would_retry(everything) == 0
    assert control(bureau).would_cancel(replace(everything, states=frozenset({JobState.DEAD}))) == 0
    bureau.now += timedelta(seconds=1)
    assert set(control(bureau).cancel_all(everything, who="ann", reason="stop")) == ids
    assert {bureau.row(each).status for each in ids} == {"cancelled"}
    for number in range(1, 4):
        bureau.queued(Scope(numbers=(number, 9)))
        bureau.run(REAL_TIME, Outcome.DEAD)
    assert control(bureau).would_retry(everything) == 3
    assert len(control(bureau).retry_all(everything, who="ann")) == 3
    for _ in range(3):
        bureau.run(REAL_TIME)
    assert control(bureau).would_retry(everything) == 0
    assert control(bureau).retry_all(everything, who="ann") == {}


def test_a_dry_run_counts_all_of_them(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "count_jobs", lambda _connection, _wanted, most: 7 if most is None else most)
    assert control(bureau).would_cancel(JobFilter(host_id=HOST)) == 7


def test_an_emergency_stop_empties_the_bulk_lane(bureau: Bureau) -> None:
    bureau.terms = Terms(environment=EVERYBODY)
    waiting = {bureau.queued(Scope(updated_to=f"2020-01-{day:02}T00:00:00Z")) for day in range(1, 4)}
    bureau.terms = Terms(environment=replace(EVERYBODY, emergency_stop=True))
    assert control(bureau).leave_bulk("ann") == 3
    assert {bureau.row(each).processor_type for each in waiting} == {REAL_TIME}
    assert bureau.take(BULK) is None


def test_shards_that_leave_bulk_are_cut_at_what_is_done(bureau: Bureau) -> None:
    bureau.terms = Terms(environment=EVERYBODY)
    job_id = bureau.queued()
    taken = bureau.take(BULK)
    assert taken is not None
    with bureau.database.transaction() as connection:
        whole = encode(Spec(scope=HISTORY, numbers=list(range(1, 451))))
        jobs.add_shards(connection, taken.claim, [whole])
        jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, bureau.now)
        shard = jobs.claim_shard(
            connection, job_id, 1, attempt=1, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
        )
        assert isinstance(shard, Claim)
        jobs.write_checkpoint(connection, shard, encode(Checkpoint(done=130)), Counters(), NOW + LEASE)
        jobs.park(connection, job_id, attempt=1, holder="me", until=NOW, now=NOW, why="a wait")
    bureau.terms = Terms(environment=NOBODY)
    assert bureau.take(BULK) is None
    with bureau.database.reading() as connection:
        found = {each.k: decode_spec(each.spec).numbers for each in jobs.shards(connection, job_id) if each.k}
    assert found == {
        1: list(range(1, 231)),
        2: list(range(231, 331)),
        3: list(range(331, 431)),
        4: list(range(431, 451)),
    }
