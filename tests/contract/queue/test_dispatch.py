"""Jobs on their way to an engine elsewhere: chosen in order, known by their run, taken back, shut out when late."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import EngineName, JobState, Resources, ShardState
from progressive_capture.domain.scope import moment
from progressive_capture.store import jobs
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.jobs import DispatchedJob, JobLine, Routing, Settling
from progressive_capture.store.tables import JOB_SHARDS
from tests.contract.queue.rows import BULK, LEASE, MINUTE, NOW, REAL_TIME, TO_REAL_TIME, lives, queued, stored_job

HOUR = timedelta(hours=1)


def dispatched(connection: Connection, n: int = 10, **options: Any) -> list[DispatchedJob]:
    values: dict[str, Any] = {"who": "me", "now": NOW, "deadline": NOW + HOUR} | options
    return jobs.dispatch_jobs(connection, BULK, EngineName.INNGEST, n=n, **values).jobs


def begin(connection: Connection, sent: DispatchedJob, k: int = 0) -> Any:
    return jobs.claim_shard(
        connection,
        sent.job.id,
        k,
        attempt=sent.attempt,
        holder=f"run {sent.attempt}",
        now=NOW,
        lease_until=NOW + LEASE,
        is_gone=lives,
    )


def test_those_first_in_line_are_dispatched_at_a_new_attempt(connection: Connection) -> None:
    low, high = queued(connection, priority=1), queued(connection, priority=9)
    queued(connection, processor=REAL_TIME, priority=99)
    (first,) = dispatched(connection, 1)
    assert (first.job.id, first.attempt, first.shards) == (high.id, 1, [0])
    (second,) = dispatched(connection)
    assert second.job.id == low.id
    row = stored_job(connection, high.id)
    assert (row.status, row.engine) == ("dispatched", "inngest")
    assert moment(row.dispatch_deadline) == NOW + HOUR
    assert dispatched(connection) == []


def test_a_job_that_may_not_stay_leaves_the_lane_and_the_next_is_looked_at(connection: Connection) -> None:
    kept, sent = queued(connection, priority=9), queued(connection, priority=1)

    def decide(job: JobLine) -> Routing | None:
        return TO_REAL_TIME if job.id == kept.id else None

    (found,) = dispatched(connection, 1, decide=decide)
    assert found.job.id == sent.id
    assert stored_job(connection, kept.id).processor_type == "inngest"


def test_what_nobody_began_is_taken_back_and_is_no_failure(connection: Connection) -> None:
    job = queued(connection)
    dispatched(connection)
    back: dict[str, Any] = {"now": NOW, "who": "me", "why": "no answer", "random": 0.5}
    assert not jobs.take_back(connection, job.id, attempt=2, **back)
    assert jobs.take_back(connection, job.id, attempt=1, **back)
    assert not jobs.take_back(connection, job.id, attempt=1, **back)
    row = stored_job(connection, job.id)
    assert (row.status, row.failures) == ("pending", 0)
    assert NOW < moment(row.run_at) < NOW + 10 * MINUTE
    (again,) = dispatched(connection, now=NOW + HOUR)
    assert again.attempt == 2
    begin(connection, again)
    # The run of the attempt that was taken back comes late.
    late = NOW + 2 * LEASE
    with pytest.raises(LeaseLost):
        jobs.claim_shard(
            connection, job.id, 0, attempt=1, holder="late", now=late, lease_until=late + LEASE, is_gone=lives
        )


def test_what_somebody_began_is_not_taken_back(connection: Connection) -> None:
    job = queued(connection)
    (sent,) = dispatched(connection)
    begin(connection, sent)
    assert stored_job(connection, job.id).status == JobState.PROCESSING
    assert not jobs.take_back(connection, job.id, attempt=1, now=NOW, who="me", why="", random=0.0)


def test_a_run_is_known_by_its_engine_s_reference_while_it_is_the_last(connection: Connection) -> None:
    job = queued(connection)
    dispatched(connection)
    assert jobs.note_run(connection, job.id, attempt=1, ref="r", principal="user:7")
    assert not jobs.note_run(connection, job.id, attempt=0, ref="old", principal=None)
    row = stored_job(connection, job.id)
    assert (row.engine_run_ref, row.principal) == ("r", "user:7")


def test_a_failed_job_goes_out_again_with_what_is_left(connection: Connection) -> None:
    job = queued(connection)
    (sent,) = dispatched(connection)
    claim = begin(connection, sent)
    failed = jobs.fail_shard(
        connection, job.id, 0, attempt=1, holder=claim.holder, error="no", error_class=ErrorClass.BROKEN, now=NOW
    )
    assert failed
    (again,) = dispatched(connection, now=NOW + HOUR)
    assert (again.attempt, again.shards) == (2, [0])
    row = stored_job(connection, job.id)
    assert (row.status, row.error, row.engine_run_ref) == ("dispatched", None, None)


def test_what_a_run_used_is_booked_on_its_shard(connection: Connection) -> None:
    job = queued(connection)
    jobs.book(connection, job.id, 0, Settling(resources=Resources(executions=2)), NOW)
    jobs.book(connection, job.id, 0, Settling(resources=Resources(executions=1)), NOW)
    (shard,) = connection.execute(select(JOB_SHARDS).where(JOB_SHARDS.c.job_id == job.id))
    assert (shard.executions, shard.state) == (3, ShardState.PENDING)
