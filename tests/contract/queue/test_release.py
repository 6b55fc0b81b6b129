"""Jobs that go back in line without having failed: parked, or left by a runner that is gone."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from progressive_capture.domain.jobs import Claim, Counters, EngineName, JobState, Outcome, Resources
from progressive_capture.domain.scope import stamp
from progressive_capture.store import jobs
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.jobs import Settling
from progressive_capture.store.jobs.values import BETWEEN_SHARDS
from tests.contract.queue.refusing import all_lose_their_lease
from tests.contract.queue.rows import (
    LEASE,
    MINUTE,
    NOW,
    claim,
    claimed,
    events,
    fail,
    gone,
    lives,
    queued,
    shard_states,
    shut_out,
    state,
    stored_job,
    used,
    wish,
)
from tests.contract.test_store_jobs import new_job


def sweep(connection: Connection, **options: object) -> list[str]:
    values = {"now": NOW, "is_gone": lives, "random": lambda: 0.5} | options
    now = values.pop("now")
    return jobs.sweep_local(connection, now, **values)  # type: ignore[arg-type] # of many types


def test_a_parked_job_waits_without_a_lease_and_keeps_what_it_has(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.write_checkpoint(connection, taken.claim, "page 1", Counters(pages=1), NOW + LEASE)
    parked = jobs.park(
        connection,
        taken.job.id,
        attempt=1,
        holder="me",
        until=NOW + MINUTE,
        now=NOW,
        why="The limit resets.",
        settling=Settling(resources=Resources(cpu_ms=7)),
    )
    assert parked
    row = stored_job(connection, taken.job.id)
    assert (row.status, row.run_at, row.failures, row.attempt) == ("pending", stamp(NOW + MINUTE), 0, 1)
    assert claim(connection) == []
    (again,) = claim(connection, now=NOW + MINUTE, holder="you")
    assert (again.claim.checkpoint, again.claim.attempt) == ("page 1", 2)
    jobs.settle_shard(connection, again.claim, Outcome.COMPLETED, None, NOW + MINUTE)
    assert used(connection, taken.job.id).cpu_ms == 7


def test_only_its_attempt_may_park_a_job(connection: Connection) -> None:
    taken = claimed(connection)
    options = {"holder": "me", "until": NOW, "now": NOW, "why": "stop"}
    assert not jobs.park(connection, taken.job.id, attempt=0, **options)  # type: ignore[arg-type] # of many types
    jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)
    assert not jobs.park(connection, taken.job.id, attempt=1, **options)  # type: ignore[arg-type] # as above
    assert state(connection, taken.job.id) is JobState.COMPLETED


def test_a_worker_that_gave_its_lease_back_may_still_park(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.release(connection, taken.claim, NOW)
    assert jobs.park(connection, taken.job.id, attempt=1, holder="me", until=NOW, now=NOW, why="stop")


def test_a_live_lease_is_left_alone(connection: Connection) -> None:
    claimed(connection)
    assert sweep(connection) == []


def test_a_job_whose_runner_is_gone_goes_back_in_line(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.write_checkpoint(connection, taken.claim, "page 1", Counters(pages=1), NOW + LEASE)
    assert sweep(connection, is_gone=gone) == [taken.job.id]
    row = stored_job(connection, taken.job.id)
    assert (row.status, row.failures, row.run_at) == ("pending", 0, stamp(NOW + timedelta(seconds=2.5)))
    assert shard_states(connection, taken.job.id) == ["pending"]
    assert events(connection, taken.job.id)[-1] == "pending"
    all_lose_their_lease(shut_out(connection, taken))
    assert fail(connection, taken) is None
    (again,) = claim(connection, now=NOW + MINUTE)
    assert again.claim.checkpoint == "page 1"


def test_who_was_swept_takes_no_shard_once_a_later_attempt_has_begun(connection: Connection) -> None:
    """Invariant I5: its attempt is over at every shard, also where the later one has not come to yet."""
    taken = claimed(connection)
    jobs.add_shards(connection, taken.claim, ["one"])
    sweep(connection, now=NOW + LEASE)
    (again,) = claim(connection, now=NOW + 2 * LEASE, holder="you")
    assert (again.claim.k, again.claim.attempt) == (0, 2)
    with pytest.raises(LeaseLost, match="attempt 2"):
        jobs.claim_shard(
            connection,
            taken.job.id,
            1,
            attempt=1,
            holder="me",
            now=NOW + 2 * LEASE,
            lease_until=NOW + 3 * LEASE,
            is_gone=lives,
        )


def test_who_is_back_by_the_time_the_job_is_locked_keeps_it(connection: Connection) -> None:
    """Between the look at all jobs and the lock of one its holder may have come on, or another taken it."""
    claimed(connection)
    looks = iter([True, False])
    assert sweep(connection, is_gone=lambda _: next(looks)) == []


def test_a_lease_that_is_over_is_no_lease(connection: Connection) -> None:
    taken = claimed(connection)
    assert sweep(connection, now=NOW + LEASE) == [taken.job.id]
    assert sweep(connection, now=NOW + LEASE) == []


def test_a_worker_between_two_shards_is_given_time(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.add_shards(connection, taken.claim, ["one"])
    later = NOW + MINUTE
    jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, later)
    assert sweep(connection, now=later + BETWEEN_SHARDS - MINUTE / 60) == []
    assert sweep(connection, now=later + BETWEEN_SHARDS) == [taken.job.id]


def test_a_worker_that_is_gone_between_two_shards_is_given_none(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.add_shards(connection, taken.claim, ["one"])
    jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)
    assert sweep(connection, is_gone=lambda holder: holder != "me") == []
    assert sweep(connection, is_gone=lambda holder: holder == "me") == [taken.job.id]


def test_who_asks_for_a_job_once_more_does_not_pass_for_its_runner(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.release(connection, taken.claim, NOW)
    jobs.ask_rerun(connection, taken.job.id, NOW + BETWEEN_SHARDS, wish())
    assert sweep(connection, now=NOW + BETWEEN_SHARDS) == [taken.job.id]


def give_back(connection: Connection, taken: Claim, **options: object) -> bool:
    values = {"attempt": taken.attempt, "why": "stopped", "holders": [taken.holder]} | options
    return jobs.give_back(connection, taken.job_id, now=NOW + MINUTE, **values)  # type: ignore[arg-type] # many types


def captured(connection: Connection, job_id: str, k: int = 0, holder: str = "pc") -> Claim:
    """Take a shard as `pc capture` does."""
    lease = {"holder": holder, "now": NOW, "lease_until": NOW + LEASE, "is_gone": lives}
    taken = jobs.claim_shard(connection, job_id, k, attempt=0, **lease)  # type: ignore[arg-type] # of many types
    assert isinstance(taken, Claim)
    return taken


@pytest.mark.parametrize("is_released", [True, False])
def test_a_job_that_is_given_back_is_due_with_what_was_done(connection: Connection, *, is_released: bool) -> None:
    taken = captured(connection, queued(connection, priority=7).id)
    jobs.write_checkpoint(connection, taken, "page 1", Counters(pages=1), NOW + LEASE)
    if is_released:
        jobs.release(connection, taken, NOW)
    assert give_back(connection, taken)
    row = stored_job(connection, taken.job_id)
    assert (row.status, row.route_rule, row.priority, row.run_at) == (
        "pending",
        "historical",
        7,
        stamp(NOW + MINUTE),
    )
    with pytest.raises(LeaseLost):
        jobs.renew(connection, taken, NOW + LEASE)
    (again,) = claim(connection, now=NOW + MINUTE)
    assert (again.claim.checkpoint, again.claim.attempt) == ("page 1", 1)
    assert not give_back(connection, taken, attempt=1)
    jobs.release(connection, again.claim, NOW + MINUTE)
    assert not give_back(connection, taken)


def test_a_job_at_which_another_is_at_work_is_not_given_back(connection: Connection) -> None:
    taken = captured(connection, queued(connection).id)
    jobs.add_shards(connection, taken, ["one"])
    captured(connection, taken.job_id, 1, "you")
    assert not give_back(connection, taken)
    assert shard_states(connection, taken.job_id) == ["pending", "processing"]


def test_what_pc_capture_opened_itself_is_not_given_back(connection: Connection) -> None:
    taken = captured(connection, jobs.open_job(connection, new_job(route_rule=jobs.PC_CAPTURE), NOW).id)
    assert not give_back(connection, taken)
    assert state(connection, taken.job_id) is JobState.PROCESSING


def test_what_an_engine_elsewhere_has_is_not_given_back(connection: Connection) -> None:
    taken = captured(connection, queued(connection, engine=EngineName.INNGEST).id)
    assert not give_back(connection, taken)


def test_what_pc_capture_runs_is_not_swept(connection: Connection) -> None:
    own = jobs.open_job(connection, new_job(), NOW)
    taken = jobs.claim_shard(
        connection, own.id, 0, attempt=0, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    assert isinstance(taken, Claim)
    assert sweep(connection, now=NOW + timedelta(hours=9), is_gone=gone) == []


def test_one_sweep_puts_back_a_bounded_number(connection: Connection) -> None:
    lost = {claimed(connection).job.id for _ in range(3)}
    first = sweep(connection, is_gone=gone, n=2)
    assert len(first) == 2
    assert {*first, *sweep(connection, is_gone=gone, n=2)} == lost
