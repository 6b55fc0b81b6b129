"""Claims: order, lanes, times, fairness, leases, and gates asked again."""

import pytest
from sqlalchemy import Connection

from progressive_capture.domain.jobs import Counters, JobState, Outcome, Processor, Shard
from progressive_capture.domain.scope import stamp
from progressive_capture.store import jobs
from progressive_capture.store.jobs import JobLine, Routing
from progressive_capture.store.jobs.leaving import MOST_REROUTED
from tests.contract.queue.refusing import all_lose_their_lease
from tests.contract.queue.rows import (
    BULK,
    LEASE,
    MINUTE,
    NOW,
    REAL_TIME,
    TO_REAL_TIME,
    claim,
    claimed,
    events,
    fail,
    lives,
    queued,
    shard_states,
    shut_out,
    state,
    stored_job,
)


def test_a_claimed_job_is_processing_with_a_lease(connection: Connection) -> None:
    job = queued(connection)
    (taken,) = claim(connection)
    assert (taken.job.id, taken.job.state, taken.claim.k, taken.claim.attempt) == (job.id, JobState.PENDING, 0, 1)
    row = stored_job(connection, job.id)
    assert (row.status, row.engine, row.attempt, row.started_at) == ("processing", "local", 1, stamp(NOW))
    (shard,) = jobs.shards(connection, job.id)
    assert (shard.state, shard.claimed_by, shard.lease_until) == ("processing", "me", stamp(NOW + LEASE))
    assert events(connection, job.id) == ["opened", "processing"]
    assert claim(connection) == []
    jobs.write_checkpoint(connection, taken.claim, "page 1", Counters(pages=1), NOW + LEASE)


def test_the_holder_goes_on_by_the_one_primitive(connection: Connection) -> None:
    taken = claimed(connection)
    again = jobs.claim_shard(
        connection, taken.job.id, 0, attempt=1, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    assert events(connection, taken.job.id) == ["opened", "processing"]
    all_lose_their_lease(shut_out(connection, taken))
    assert again.attempt == taken.claim.attempt  # type: ignore[union-attr] # it is a claim


def test_who_waits_for_a_time_hides_nobody_who_is_due(connection: Connection) -> None:
    for _ in range(3):
        taken = claimed(connection, priority=99)
        until = NOW + MINUTE
        jobs.park(connection, taken.job.id, attempt=1, holder="me", until=until, now=NOW, why="a limit")
    due = queued(connection, priority=1)
    assert [each.id for each in jobs.in_line(connection, BULK, 1, due_at=NOW)] == [due.id]
    assert len(jobs.in_line(connection, BULK, 9, due_at=NOW + MINUTE)) == 4


def test_order_is_by_priority_then_by_turn(connection: Connection) -> None:
    low = queued(connection, priority=10).id
    second = queued(connection, priority=50, now=NOW + MINUTE).id
    first = queued(connection, priority=50).id
    high = queued(connection, priority=150, now=NOW + 2 * MINUTE).id
    taken = claim(connection, n=10, now=NOW + 3 * MINUTE)
    assert [each.job.id for each in taken] == [high, first, second, low]


def test_a_repository_with_many_jobs_lets_others_come_between(connection: Connection) -> None:
    for limit in range(5):
        queued(connection, repository_id=1, scope=f"limit:{limit + 1}")
    for repository in (2, 3):
        queued(connection, repository_id=repository, now=NOW + MINUTE / 2)
    taken = claim(connection, n=10, now=NOW + MINUTE)
    repositories = [each.job.repository_id for each in taken]
    assert (repositories[0], set(repositories[1:3]), repositories[3:]) == (1, {2, 3}, [1, 1, 1, 1])


def test_lanes_and_times_are_kept(connection: Connection) -> None:
    bulk, real_time = queued(connection).id, queued(connection, processor=REAL_TIME).id
    later = queued(connection, now=NOW + MINUTE).id
    queued(connection, held_reason="The quota is reached.")
    assert [each.job.id for each in claim(connection, REAL_TIME, n=9)] == [real_time]
    assert [each.job.id for each in claim(connection, BULK, n=9)] == [bulk]
    assert [each.job.id for each in claim(connection, BULK, n=9, now=NOW + MINUTE)] == [later]


def test_a_failed_job_is_taken_again_through_pending(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.add_shards(connection, taken.claim, ["one"])
    jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)
    one = jobs.claim_shard(
        connection, taken.job.id, 1, attempt=1, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    jobs.settle_shard(connection, one, Outcome.FAILED, "no luck", NOW)  # type: ignore[arg-type] # it is a claim
    assert state(connection, taken.job.id) is JobState.FAILED
    (again,) = claim(connection)
    assert (again.job.id, again.claim.k, again.claim.attempt, again.claim.spec) == (taken.job.id, 1, 2, "one")
    row = stored_job(connection, taken.job.id)
    assert (row.status, row.error, row.completed_at, row.failures) == ("processing", None, None, 1)
    assert events(connection, taken.job.id)[-3:] == ["failed", "pending", "processing"]


def test_a_shard_that_somebody_may_still_work_on_is_taken_last(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.add_shards(connection, taken.claim, ["one"])
    other = jobs.claim_shard(
        connection, taken.job.id, 1, attempt=1, holder="you", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    assert jobs.park(connection, taken.job.id, attempt=1, holder="me", until=NOW, now=NOW, why="stop")
    (again,) = claim(connection, holder="them")
    assert again.claim.k == 0
    jobs.renew(connection, other, NOW + LEASE)  # type: ignore[arg-type] # it is a claim


def test_a_job_whose_shards_were_all_settled_while_it_was_parked_is_settled(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.park(connection, taken.job.id, attempt=1, holder="you", until=NOW, now=NOW, why="a wait")
    assert jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)
    assert state(connection, taken.job.id) is JobState.COMPLETED
    assert claim(connection) == []


def stopped(_job: JobLine) -> Routing:
    return TO_REAL_TIME


def test_what_the_gates_no_longer_allow_leaves_the_lane_last_in_line(connection: Connection) -> None:
    """Invariant I8."""
    moved = [queued(connection, priority=90).id for _ in range(3)]
    own = queued(connection, priority=20, processor=REAL_TIME).id
    claims = jobs.claim_jobs(connection, BULK, holder="me", now=NOW, lease_until=NOW + LEASE, n=2, decide=stopped)
    assert (claims.jobs, sorted(claims.rerouted)) == ([], sorted(moved))
    row = stored_job(connection, moved[0])
    assert (row.processor_type, row.route_rule, row.rollout_version) == ("inngest", "stopped", 7)
    assert (row.priority, row.is_eligible, row.status) == (0, False, "pending")
    assert events(connection, moved[0]) == ["opened", "rerouted"]
    taken = claim(connection, REAL_TIME, n=9)
    assert taken[0].job.id == own
    assert sorted(each.job.id for each in taken[1:]) == sorted(moved)


def test_the_next_in_line_is_taken_where_the_first_may_not_stay(connection: Connection) -> None:
    first, second = queued(connection, priority=9).id, queued(connection, priority=5).id
    taken = claim(connection, decide=lambda job: TO_REAL_TIME if job.id == first else None)
    assert [each.job.id for each in taken] == [second]


def test_over_quota_a_job_is_held_and_let_go_later(connection: Connection) -> None:
    job = queued(connection)
    held = Routing(BULK, "quota", "The quota is reached.", "rules", held_reason="2,000 of 2,000 minutes are used.")
    assert claim(connection, decide=lambda _: held) == []
    assert events(connection, job.id) == ["opened", "held"]
    (line,) = jobs.held_jobs(connection, None, 10)
    assert (line.id, line.held_reason) == (job.id, "2,000 of 2,000 minutes are used.")
    assert jobs.held_jobs(connection, (line.created_at, line.id), 10) == []
    assert jobs.reroute(connection, job.id, Routing(BULK, "historical", "Old.", "rules"), NOW, who="sweep")
    assert [each.job.id for each in claim(connection)] == [job.id]


def halves(shard: Shard, lane: Processor) -> list[str]:
    assert lane is REAL_TIME
    return [f"{shard.spec} a", f"{shard.spec} b"] if shard.k else [shard.spec]


def test_shards_are_cut_to_what_the_other_lane_takes(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.add_shards(connection, taken.claim, ["done", "left", "broken"])
    for k, outcome in ((1, Outcome.COMPLETED), (3, Outcome.FAILED)):
        shard = jobs.claim_shard(
            connection, taken.job.id, k, attempt=1, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
        )
        jobs.settle_shard(connection, shard, outcome, None, NOW)  # type: ignore[arg-type] # it is a claim
    jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)
    jobs.park(connection, taken.job.id, attempt=1, holder="me", until=NOW, now=NOW, why="stop")
    assert claim(connection, decide=stopped, split=halves) == []
    specs = [shard.spec for shard in jobs.shards(connection, taken.job.id)][1:]
    assert specs == ["done", "left a", "broken a", "left b", "broken b"]
    states = ["completed", "completed", "pending", "failed", "pending", "pending"]
    assert shard_states(connection, taken.job.id) == states


def test_one_call_moves_a_bounded_number(connection: Connection) -> None:
    for _ in range(MOST_REROUTED + 1):
        queued(connection)
    claims = jobs.claim_jobs(connection, BULK, holder="me", now=NOW, lease_until=NOW + LEASE, decide=stopped)
    assert len(claims.rerouted) == MOST_REROUTED
    assert len(jobs.in_line(connection, BULK, 10)) == 1


def test_an_emergency_stop_moves_all_that_waits_and_nothing_else(connection: Connection) -> None:
    running = claimed(connection).job.id
    failed = claimed(connection)
    fail(connection, failed)
    waiting = queued(connection, now=NOW + LEASE).id
    moved = jobs.reroute_waiting(connection, BULK, 100, NOW, decide=stopped, who="operator")
    assert sorted(moved) == sorted([failed.job.id, waiting])
    assert stored_job(connection, running).processor_type == "github_actions"
    assert jobs.reroute_waiting(connection, BULK, 100, NOW, decide=stopped, who="operator") == []
    assert jobs.reroute_waiting(connection, REAL_TIME, 100, NOW, decide=lambda _: None, who="operator") == []


@pytest.mark.parametrize("lane", list(Processor))
def test_an_empty_lane_gives_nothing(connection: Connection, lane: Processor) -> None:
    assert claim(connection, lane, n=5, decide=stopped) == []
