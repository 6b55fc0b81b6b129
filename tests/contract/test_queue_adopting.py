"""What a `pc capture` left and somebody waits for is adopted by the sweep, all else left to it; on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from progressive_capture.capture.checkpoint import Spec, encode
from progressive_capture.domain.jobs import Claim, Counters, Outcome, Trigger
from progressive_capture.domain.requests import RerunAsked
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.errors import LeaseLost
from tests.contract.queue.bureau import EVERYBODY, HISTORY, NOBODY, Bureau
from tests.contract.queue.rows import BULK, LEASE, MINUTE, NOW, REAL_TIME, lives, wish
from tests.contract.test_store_jobs import new_job


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database, Terms(environment=EVERYBODY))


def begin(connection: Connection, bureau: Bureau, holder: str = "pc") -> Claim:
    """What `pc capture` does first."""
    spec = encode(Spec(scope=HISTORY))
    own = jobs.open_job(connection, new_job(scope=HISTORY.text, repository_name="octo/hello", spec=spec), bureau.now)
    claim = jobs.claim_shard(
        connection,
        own.id,
        0,
        attempt=own.attempt,
        holder=holder,
        now=bureau.now,
        lease_until=bureau.now + LEASE,
        is_gone=lives,
    )
    assert isinstance(claim, Claim)
    return claim


def captured(bureau: Bureau, *, is_released: bool = False) -> str:
    """A capture that stored a page."""
    with bureau.database.transaction() as connection:
        claim = begin(connection, bureau)
        jobs.write_checkpoint(connection, claim, "{}", Counters(pages=1), bureau.now + LEASE)
        if is_released:
            jobs.release(connection, claim, bureau.now)
    return claim.job_id


def sweep_while(bureau: Bureau, happens: Callable[[], object]) -> list[str]:
    """Sweep while something happens between the look at what is awaited and the look at the first of them."""
    pending = [happens]

    def clock() -> datetime:
        while pending:
            pending.pop()()
        return NOW + LEASE

    return replace(bureau.upkeep, clock=clock).sweep()


def test_a_killed_capture_somebody_waits_for_is_run_by_a_worker(bureau: Bureau) -> None:
    """Invariant I6."""
    left = captured(bureau)
    assert bureau.ask(HISTORY, Trigger.MANUAL, who="ann") == RerunAsked(left)
    assert bureau.upkeep.sweep() == []
    bureau.now = NOW + LEASE
    bureau.terms = Terms(environment=NOBODY)
    assert bureau.upkeep.sweep() == [left]
    row = bureau.row(left)
    assert (row.status, row.processor_type, row.is_eligible, row.route_rule) == (
        "pending",
        REAL_TIME,
        False,
        "otherwise",
    )
    assert row.priority > 0
    assert bureau.upkeep.sweep() == []
    assert bureau.run(REAL_TIME) == left
    successor = bureau.take(REAL_TIME)
    assert successor is not None
    assert bureau.row(successor.job.id).metadata["successor_of"] == left


def test_a_killed_capture_nobody_waits_for_waits_for_its_next_run(bureau: Bureau) -> None:
    left = captured(bureau)
    bureau.now = NOW + LEASE * 9
    assert bureau.upkeep.sweep() == []
    assert bureau.row(left).route_rule == "pc-capture"


def test_a_stopped_capture_somebody_asks_for_is_the_queues_at_once(bureau: Bureau) -> None:
    left = captured(bureau, is_released=True)
    with bureau.database.transaction() as connection:
        jobs.ask_rerun(connection, left, bureau.now, wish())
    assert bureau.upkeep.sweep() == [left]
    assert bureau.row(left).status == "pending"


def test_a_capture_that_lives_is_left_alone_until_its_process_is_gone(bureau: Bureau) -> None:
    left = captured(bureau)
    bureau.ask()
    bureau.now = NOW + LEASE - MINUTE / 60
    assert bureau.upkeep.sweep() == []
    bureau.gone = lambda holder: holder == "pc"
    assert bureau.upkeep.sweep() == [left]


def test_a_capture_that_goes_on_after_it_was_adopted_is_shut_out(bureau: Bureau) -> None:
    """Invariant I5."""
    with bureau.database.transaction() as connection:
        late = begin(connection, bureau)
    bureau.ask()
    bureau.now = NOW + LEASE
    assert bureau.upkeep.sweep() == [late.job_id]
    with bureau.database.transaction() as connection, pytest.raises(LeaseLost):
        jobs.settle_shard(connection, late, Outcome.COMPLETED, None, bureau.now)


def test_a_capture_that_is_started_again_while_the_sweep_looks_keeps_its_job(bureau: Bureau) -> None:
    left = captured(bureau)
    bureau.ask()
    bureau.now = NOW + LEASE

    def started_again() -> None:
        with bureau.database.transaction() as connection:
            assert begin(connection, bureau, "pc again").job_id == left

    assert sweep_while(bureau, started_again) == []
    row = bureau.row(left)
    assert (row.status, row.route_rule) == ("processing", "pc-capture")


def test_a_capture_that_a_request_has_given_to_the_queue_is_not_given_to_it_twice(bureau: Bureau) -> None:
    left = captured(bureau)
    bureau.ask()
    bureau.now = NOW + LEASE
    assert sweep_while(bureau, bureau.ask) == []
    assert bureau.events(left).count("adopted") == 1


def test_a_capture_that_is_started_again_after_the_sweep_keeps_workers_away(bureau: Bureau) -> None:
    left = captured(bureau)
    bureau.ask()
    bureau.now = NOW + LEASE
    assert bureau.upkeep.sweep() == [left]
    with bureau.database.transaction() as connection:
        assert begin(connection, bureau, "pc again").job_id == left
    assert (bureau.take(BULK), bureau.take(REAL_TIME)) == (None, None)
    assert bureau.upkeep.sweep() == []
