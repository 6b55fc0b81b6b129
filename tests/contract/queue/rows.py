"""Jobs of the queue as tests want them: routed, in line, claimed, failed; all by the store's own statements."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import Counters, Job, JobState, NewJob, Outcome, Processor, Trigger
from progressive_capture.store import jobs
from progressive_capture.store.jobs import ClaimedJob, Routing, Wish
from progressive_capture.store.tables import JOB_EVENTS, JOB_METRICS, JOB_SHARDS, JOBS, ROLLOUT_METRICS
from tests.contract.test_store_jobs import new_job

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
BULK, REAL_TIME = Processor.GITHUB_ACTIONS, Processor.INNGEST
TO_REAL_TIME = Routing(
    REAL_TIME, "stopped", "Emergency stop.", "rules", rollout_version=7, is_eligible=False, priority=0
)


def lives(_holder: str) -> bool:
    return False


def gone(_holder: str) -> bool:
    return True


def wish(who: str = "me", **fields: Any) -> Wish:
    """What somebody wants who asks for more while a job runs."""
    return Wish(**{"who": who, "trigger": Trigger.WEBHOOK} | fields)


def routed(**fields: Any) -> NewJob:
    """A job as submitting makes it; each has its own repository unless one is given."""
    identifier = uuid.uuid4()
    values: dict[str, Any] = {
        "id": str(identifier),
        "repository_id": identifier.int % 10**9,
        "route_rule": "historical",
        "route_reason": "Old.",
        "route_policy": "rules",
        "rollout_version": 3,
        "is_eligible": True,
        "engine": None,
    }
    return new_job(**(values | fields))


def queued(connection: Connection, *, now: datetime = NOW, **fields: Any) -> Job:
    job = jobs.insert_job(connection, routed(**fields), now)
    assert job is not None
    return job


def claim(
    connection: Connection, lane: Processor = BULK, *, holder: str = "me", now: datetime = NOW, **options: Any
) -> list[ClaimedJob]:
    return jobs.claim_jobs(connection, lane, holder=holder, now=now, lease_until=now + LEASE, **options).jobs


def claimed(connection: Connection, *, now: datetime = NOW, **fields: Any) -> ClaimedJob:
    """Queue a job and take it, though others may be in line."""
    job = queued(connection, now=now, **({"priority": 10_000} | fields))
    (found,) = claim(connection, now=now)
    assert found.job.id == job.id
    return found


def fail(
    connection: Connection,
    taken: ClaimedJob,
    *,
    now: datetime = NOW,
    error_class: ErrorClass = ErrorClass.BROKEN,
    **options: Any,
) -> bool | None:
    return jobs.fail_shard(
        connection,
        taken.job.id,
        taken.claim.k,
        attempt=taken.claim.attempt,
        holder=taken.claim.holder,
        error="no luck",
        error_class=error_class,
        now=now,
        **options,
    )


def stored_job(connection: Connection, job_id: str) -> Row[Any]:
    return connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one()


def state(connection: Connection, job_id: str) -> JobState:
    return JobState(stored_job(connection, job_id).status)


def used(connection: Connection, job_id: str) -> Row[Any]:
    return connection.execute(select(JOB_METRICS).where(JOB_METRICS.c.job_id == job_id)).one()


def judged(connection: Connection, job_id: str) -> Row[Any] | None:
    return connection.execute(select(ROLLOUT_METRICS).where(ROLLOUT_METRICS.c.job_id == job_id)).one_or_none()


def events(connection: Connection, job_id: str) -> list[str]:
    event = JOB_EVENTS.c
    return list(connection.scalars(select(event.event).where(event.job_id == job_id).order_by(event.id)))


def shard_states(connection: Connection, job_id: str) -> list[str]:
    shard = JOB_SHARDS.c
    return list(connection.scalars(select(shard.state).where(shard.job_id == job_id).order_by(shard.k)))


def shut_out(connection: Connection, taken: ClaimedJob) -> list[Callable[[], object]]:
    """Everything that a holder might still try to write."""
    return [
        lambda: jobs.write_checkpoint(connection, taken.claim, "late", Counters(pages=1), NOW + LEASE),
        lambda: jobs.renew(connection, taken.claim, NOW + LEASE),
        lambda: jobs.release(connection, taken.claim, NOW),
        lambda: jobs.add_shards(connection, taken.claim, ["late"]),
        lambda: jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW),
    ]
