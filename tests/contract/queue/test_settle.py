"""How jobs end: figures, outcomes for the rollout, retries, deaths, cancellations and successors."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from progressive_capture.domain.cost import BOOKS
from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import (
    TRANSITIONS,
    Claim,
    Counters,
    EngineName,
    JobState,
    Outcome,
    Processor,
    Resources,
    Trigger,
)
from progressive_capture.domain.quotas import Usage
from progressive_capture.domain.scope import stamp
from progressive_capture.store import jobs, metrics
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.jobs import ClaimedJob, Settling
from progressive_capture.store.jobs.life import move_job
from progressive_capture.store.tables import JOB_EVENTS, JOBS
from tests.contract.queue.refusing import all_lose_their_lease
from tests.contract.queue.rows import (
    LEASE,
    MINUTE,
    NOW,
    claim,
    claimed,
    events,
    fail,
    judged,
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

BOOK = BOOKS["brief-2025"]


@pytest.mark.parametrize("before", list(JobState))
def test_the_database_allows_exactly_the_transitions(connection: Connection, before: JobState) -> None:
    for after in JobState:
        job = queued(connection)
        connection.execute(JOBS.update().where(JOBS.c.id == job.id).values(status=before.value))
        assert move_job(connection, job.id, after, NOW) is (after in TRANSITIONS[before])
        assert state(connection, job.id) is (after if after in TRANSITIONS[before] else before)


def test_what_a_job_used_is_one_row_over_all_its_attempts(connection: Connection) -> None:
    taken = claimed(connection)
    counters = Counters(points=2, rest_requests=1, busy_ms=1500, timeouts=1, rows=9, bytes_in=5, waits=3)
    memory = Resources(cpu_ms=10, peak_memory_bytes=700)
    jobs.write_checkpoint(connection, taken.claim, "half", counters, NOW + LEASE, resources=memory)
    fail(connection, taken, settling=Settling(resources=Resources(cpu_ms=1, peak_memory_bytes=300, executions=1)))
    first = used(connection, taken.job.id)
    assert (first.outcome, first.engine, first.cpu_ms, first.peak_memory_bytes) == ("failed", "local", 11, 700)
    (again,) = claim(connection, now=NOW + MINUTE)
    jobs.write_checkpoint(connection, again.claim, "all", Counters(points=1, graphql_requests=4), NOW + LEASE)
    end = NOW + timedelta(hours=1)
    use = Settling(resources=Resources(runner_minutes=2))
    jobs.settle_shard(connection, again.claim, Outcome.COMPLETED, None, end, settling=use)
    row = used(connection, taken.job.id)
    assert (row.outcome, row.requests, row.points, row.ms, row.cpu_ms) == ("completed", 5, 3, 1500, 11)
    assert (row.executions, row.runner_minutes, row.timeouts, row.waits) == (1, 2, 1, 3)
    assert (row.rows, row.bytes_in, row.finished_at) == (9, 5, stamp(end))
    assert (row.cost_microusd, row.price_book) == (None, None)


def test_the_rollout_sees_the_last_outcome_of_each_job(connection: Connection) -> None:
    taken = claimed(connection)
    fail(connection, taken)
    row = judged(connection, taken.job.id)
    assert row is not None
    assert (row.success_count, row.error_count, row.counted, row.error_class) == (0, 1, True, "broken")
    assert (row.is_eligible, row.rollout_version, row.processor_type) == (True, 3, "github_actions")
    (again,) = claim(connection, now=NOW + MINUTE)
    jobs.settle_shard(connection, again.claim, Outcome.COMPLETED, None, NOW + MINUTE)
    row = judged(connection, taken.job.id)
    assert row is not None
    assert (row.success_count, row.error_count, row.counted, row.error_class) == (1, 0, True, None)
    assert (row.created_at, row.cost_usd) == (stamp(NOW + MINUTE), 0.0)


@pytest.mark.parametrize("kind", list(ErrorClass))
def test_what_github_keeps_from_us_neither_counts_nor_is_tried_again(connection: Connection, kind: ErrorClass) -> None:
    taken = claimed(connection)
    assert fail(connection, taken, error_class=kind)
    ours = kind not in {ErrorClass.MISSING, ErrorClass.DENIED, ErrorClass.CREDENTIALS, ErrorClass.BLOCKED}
    row = stored_job(connection, taken.job.id)
    assert (row.status, row.failures, row.error_class) == ("failed" if ours else "dead", 1, kind.value)
    outcome = judged(connection, taken.job.id)
    assert outcome is not None
    assert (outcome.counted, outcome.error_count) == (ours, 1)


def test_nothing_that_pc_capture_runs_is_judged(connection: Connection) -> None:
    own = jobs.open_job(connection, new_job(), NOW)
    taken = jobs.claim_shard(
        connection, own.id, 0, attempt=0, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    assert isinstance(taken, Claim)
    jobs.settle_shard(connection, taken, Outcome.COMPLETED, None, NOW)
    assert used(connection, own.id).outcome == "completed"
    assert judged(connection, own.id) is None


@pytest.mark.parametrize(("random", "seconds"), [(0.0, 0), (0.5, 30), (0.999, 59.94)])
def test_a_failed_job_waits_a_random_time(connection: Connection, random: float, seconds: float) -> None:
    taken = claimed(connection)
    fail(connection, taken, settling=Settling(random=random))
    row = stored_job(connection, taken.job.id)
    assert row.run_at == stamp(NOW + timedelta(seconds=seconds))
    assert (row.error, row.completed_at) == ("no luck", stamp(NOW))


def test_attempts_end_in_death(connection: Connection) -> None:
    taken = claimed(connection, max_attempts=2)
    assert fail(connection, taken)
    (again,) = claim(connection)
    assert fail(connection, again)
    row = stored_job(connection, taken.job.id)
    assert (row.status, row.failures, row.attempt) == ("dead", 2, 2)
    assert shard_states(connection, taken.job.id) == ["dead"]
    assert claim(connection, now=NOW + timedelta(days=9)) == []


def test_only_who_works_on_it_may_fail_it(connection: Connection) -> None:
    taken = claimed(connection)
    other = ClaimedJob(taken.job, Claim(taken.job.id, 0, "you", 1, 1, "", None))
    older = ClaimedJob(taken.job, Claim(taken.job.id, 0, "me", 0, 1, "", None))
    assert fail(connection, other) is None
    assert fail(connection, older) is None
    assert shard_states(connection, taken.job.id) == ["processing"]
    jobs.release(connection, taken.claim, NOW)
    assert fail(connection, taken) is True
    assert fail(connection, taken) is None


def test_who_was_to_work_on_it_may_fail_it_before_anybody_begins(connection: Connection) -> None:
    """In the job's present attempt, and whatever attempt before it has touched the shard."""
    taken = claimed(connection)
    jobs.add_shards(connection, taken.claim, ["one"])
    handed = ClaimedJob(taken.job, Claim(taken.job.id, 1, "me", 1, 1, "", None))
    older = ClaimedJob(taken.job, Claim(taken.job.id, 1, "me", 0, 1, "", None))
    assert fail(connection, older) is None
    assert fail(connection, handed) is False
    assert shard_states(connection, taken.job.id) == ["processing", "failed"]


def test_a_failed_shard_waits_for_the_others(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.add_shards(connection, taken.claim, ["one"])
    assert fail(connection, taken) is False
    assert state(connection, taken.job.id) is JobState.PROCESSING
    one = jobs.claim_shard(
        connection, taken.job.id, 1, attempt=1, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    assert isinstance(one, Claim)
    assert jobs.settle_shard(connection, one, Outcome.COMPLETED, None, NOW)
    row = stored_job(connection, taken.job.id)
    assert (row.status, row.error, row.error_class) == ("failed", "no luck", "broken")


def test_a_cancelled_job_shuts_its_runner_out(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.add_shards(connection, taken.claim, ["one"])
    assert jobs.cancel(connection, taken.job.id, NOW, who="operator", reason="not needed")
    row = stored_job(connection, taken.job.id)
    assert (row.status, row.cancel_requested_at, row.completed_at) == ("cancelled", stamp(NOW), stamp(NOW))
    assert shard_states(connection, taken.job.id) == ["cancelled", "cancelled"]
    all_lose_their_lease(shut_out(connection, taken))
    assert fail(connection, taken) is None
    outcome = judged(connection, taken.job.id)
    assert outcome is not None
    assert (outcome.counted, outcome.success_count, outcome.error_count) == (False, 0, 0)
    assert used(connection, taken.job.id).outcome == "cancelled"
    assert not jobs.cancel(connection, taken.job.id, NOW, who="operator")
    assert events(connection, taken.job.id).count("cancelled") == 1


def test_a_failure_counts_also_once_the_job_is_cancelled(connection: Connection) -> None:
    """Else an operator who clears up after failures would hide them from whoever judges the rollout by them."""
    taken = claimed(connection)
    jobs.book(connection, taken.job.id, 0, Settling(BOOK, resources=Resources(runner_minutes=1)), NOW)
    fail(connection, taken)
    jobs.book(connection, taken.job.id, 0, Settling(BOOK, resources=Resources(runner_minutes=1)), NOW)
    jobs.cancel(connection, taken.job.id, NOW + MINUTE, who="operator", settling=Settling(BOOK))
    outcome = judged(connection, taken.job.id)
    assert outcome is not None
    assert (outcome.counted, outcome.error_count, outcome.error_class) == (True, 1, "broken")
    assert (outcome.created_at, outcome.cost_usd) == (stamp(NOW), 0.016)
    assert used(connection, taken.job.id).outcome == "cancelled"


def test_what_has_ended_otherwise_is_not_settled_again(connection: Connection) -> None:
    """Invariant I5."""
    taken = claimed(connection)
    connection.execute(JOBS.update().where(JOBS.c.id == taken.job.id).values(status="dead"))
    with pytest.raises(LeaseLost, match="is dead, and cannot be completed"):
        jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)


@pytest.mark.parametrize("how", ["completed", "dead", "cancelled"])
def test_who_asked_while_it_ran_is_served_by_one_successor(connection: Connection, how: str) -> None:
    """Invariant I6."""
    taken = claimed(connection, metadata={"route": {"items": 3}}, priority=99)
    jobs.ask_rerun(connection, taken.job.id, NOW, wish("me", trigger=Trigger.SCHEDULED, priority=1))
    jobs.ask_rerun(connection, taken.job.id, NOW, wish("you", trigger=Trigger.MANUAL, priority=2, reason="now"))
    jobs.ask_rerun(connection, taken.job.id, NOW, wish("they", trigger=Trigger.REPAIR, priority=2))
    if how == "completed":
        jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW + LEASE)
    elif how == "dead":
        fail(connection, taken, now=NOW + LEASE, error_class=ErrorClass.DENIED)
    else:
        jobs.cancel(connection, taken.job.id, NOW + LEASE, who="operator")
    before = stored_job(connection, taken.job.id)
    assert before.status == how
    next_one = jobs.find_open(connection, before.dedupe_key)
    assert next_one is not None
    row = stored_job(connection, next_one.id)
    kept = (
        "job_type",
        "scope",
        "kinds",
        "processor_type",
        "route_rule",
        "rollout_version",
        "is_eligible",
    )
    assert [getattr(row, name) for name in kept] == [getattr(before, name) for name in kept]
    assert (row.attempt, row.rerun_requested_at, row.created_at) == (0, None, stamp(NOW + LEASE))
    told = {"who": "you", "reason": "now", "level": None, "route": {"items": 3}}
    assert row.trigger == Trigger.MANUAL
    assert row.metadata == told | {"successor_of": taken.job.id}
    assert [shard.spec for shard in jobs.shards(connection, next_one.id)] == [taken.claim.spec]


def test_a_failure_that_is_retried_serves_who_asked_by_itself_later(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.ask_rerun(connection, taken.job.id, NOW, wish("me"))
    fail(connection, taken)
    found = jobs.find_open(connection, jobs.get(connection, taken.job.id).dedupe_key)
    assert found is not None
    assert (found.id, found.rerun_requested_at) == (taken.job.id, stamp(NOW))


def test_what_was_asked_of_a_capture_goes_to_the_lane_open_to_all(connection: Connection) -> None:
    own = jobs.open_job(connection, new_job(), NOW)
    jobs.ask_rerun(connection, own.id, NOW, wish("me"))
    jobs.cancel(connection, own.id, NOW, who="me")
    (taken,) = claim(connection, Processor.INNGEST)
    assert (taken.job.route_rule, taken.job.processor) == ("after-capture", Processor.INNGEST)


def test_a_dead_job_is_retried_once_as_a_new_one(connection: Connection) -> None:
    taken = claimed(connection)
    assert jobs.retry_dead(connection, taken.job.id, NOW, who="operator") is None
    fail(connection, taken, retryable=False)
    new = jobs.retry_dead(connection, taken.job.id, NOW, who="operator")
    assert new is not None
    assert jobs.retry_dead(connection, taken.job.id, NOW, who="operator") == new
    row = stored_job(connection, new)
    assert (row.retry_of, row.status, row.failures, row.route_rule) == (taken.job.id, "pending", 0, "historical")
    assert state(connection, taken.job.id) is JobState.DEAD
    assert [shard.spec for shard in jobs.shards(connection, new)] == [taken.claim.spec]


def test_a_retry_that_came_to_nothing_is_itself_retried(connection: Connection) -> None:
    first = claimed(connection)
    fail(connection, first, retryable=False)
    second = jobs.retry_dead(connection, first.job.id, NOW, who="operator")
    (taken,) = claim(connection)
    assert taken.job.id == second
    fail(connection, taken, retryable=False)
    third = jobs.retry_dead(connection, first.job.id, NOW, who="operator")
    assert third is not None
    assert stored_job(connection, third).retry_of == second
    jobs.cancel(connection, third, NOW + MINUTE, who="operator")
    fourth = jobs.retry_dead(connection, first.job.id, NOW + MINUTE, who="operator")
    assert fourth is not None
    assert (state(connection, fourth), fourth == third) == (JobState.PENDING, False)
    assert jobs.retry_dead(connection, first.job.id, NOW + MINUTE, who="operator") == fourth


def test_a_retry_of_what_is_open_again_is_that(connection: Connection) -> None:
    taken = claimed(connection, repository_id=7)
    fail(connection, taken, retryable=False)
    other = queued(connection, repository_id=7)
    assert jobs.retry_dead(connection, taken.job.id, NOW, who="operator") == other.id


def on_engine(connection: Connection, engine: EngineName, resources: Resources, book: str | None = "brief-2025") -> str:
    taken = claimed(connection)
    connection.execute(JOBS.update().where(JOBS.c.id == taken.job.id).values(engine=engine.value))
    settling = Settling(book=None if book is None else BOOKS[book], resources=resources)
    jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW, settling=settling)
    return taken.job.id


def test_cost_is_reckoned_when_a_job_settles(connection: Connection) -> None:
    minutes = on_engine(connection, EngineName.GITHUB_ACTIONS, Resources(runner_minutes=3))
    assert (used(connection, minutes).cost_microusd, used(connection, minutes).price_book) == (24_000, "brief-2025")
    outcome = judged(connection, minutes)
    assert outcome is not None
    assert outcome.cost_usd == pytest.approx(0.024)
    unknown = on_engine(connection, EngineName.INNGEST, Resources(executions=9), book=None)
    assert used(connection, unknown).cost_microusd is None
    month = metrics.month_usage(connection, EngineName.GITHUB_ACTIONS, NOW)
    assert month == Usage(runner_minutes=3, executions=0, cost_micro_usd=24_000)
    assert metrics.month_usage(connection, EngineName.INNGEST, NOW) == Usage(executions=9)
    next_month = NOW + timedelta(days=31)
    assert metrics.month_usage(connection, EngineName.INNGEST, next_month) == Usage()


def test_the_free_part_of_a_month_is_used_by_who_settles_first(connection: Connection) -> None:
    first = on_engine(connection, EngineName.GITHUB_ACTIONS, Resources(runner_minutes=1_990), "2026")
    second = on_engine(connection, EngineName.GITHUB_ACTIONS, Resources(runner_minutes=20), "2026")
    assert [used(connection, each).cost_microusd for each in (first, second)] == [0, 60_000]


def times(connection: Connection, job_id: str) -> list[str]:
    """When a job was opened, begun and over, by its row."""
    row = stored_job(connection, job_id)
    return [row.created_at, row.started_at, row.completed_at]


@pytest.mark.parametrize("is_taken_by_capture", [True, False])
def test_a_clock_that_is_put_back_lets_no_history_run_backwards(
    connection: Connection, *, is_taken_by_capture: bool
) -> None:
    """A process that learns GitHub's time from an answer may find its own a second ahead."""
    job = queued(connection)
    early = NOW - MINUTE
    if is_taken_by_capture:
        lease = {"holder": "pc", "now": early, "lease_until": NOW + LEASE, "is_gone": lives}
        taken = jobs.claim_shard(connection, job.id, 0, attempt=0, **lease)  # type: ignore[arg-type] # many types
        assert isinstance(taken, Claim)
    else:
        (claimed_job,) = jobs.claim_jobs(connection, job.processor, holder="me", now=NOW, lease_until=NOW + LEASE).jobs
        taken = claimed_job.claim
    jobs.settle_shard(connection, taken, Outcome.COMPLETED, None, early)
    assert times(connection, job.id) == [stamp(NOW)] * 3
    told = connection.scalars(select(JOB_EVENTS.c.at).where(JOB_EVENTS.c.job_id == job.id).order_by(JOB_EVENTS.c.id))
    assert set(told) == {stamp(NOW)}


def test_what_is_cancelled_by_a_slower_clock_ends_when_it_began(connection: Connection) -> None:
    taken = claimed(connection)
    assert jobs.cancel(connection, taken.job.id, NOW - MINUTE, who="me")
    assert times(connection, taken.job.id) == [stamp(NOW)] * 3


def test_history_follows_the_clock_where_it_goes_on(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW + MINUTE)
    told = connection.scalars(select(JOB_EVENTS.c.at).order_by(JOB_EVENTS.c.id)).all()
    assert (told[0], told[-1]) == (stamp(NOW), stamp(NOW + MINUTE))
