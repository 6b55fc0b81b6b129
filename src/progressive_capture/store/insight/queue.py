"""Statements about the queue as it is now: open jobs by lane, who works, what budgets are left; nothing is changed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, literal, not_, or_, select
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import UNSETTLED, JobState, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.values import PC_CAPTURE
from progressive_capture.store.tables import BUDGETS, IS_OPEN, JOB_SHARDS, JOBS, PRINCIPALS, WORKERS


class OpenJobs(NamedTuple):
    """Open jobs that stand alike."""

    processor: Processor
    state: JobState
    held_reason: str | None
    is_due: bool
    """Whether their time has come."""
    jobs: int
    oldest_at: str
    """When the oldest of them was created."""


class WorkerRow(NamedTuple):
    """A local worker that did not say good-bye."""

    holder: str
    lanes: dict[str, int]
    started_at: str
    seen_at: str


class BudgetRow(NamedTuple):
    """What is known of one principal's budget for one resource."""

    principal: str
    resource: str
    limit: int | None
    remaining: int | None
    reserved: int
    reset_at: str | None
    observed_at: str | None
    paused_until: str | None
    reason: str | None


class StuckRow(NamedTuple):
    """An open job that should have moved on."""

    job_id: str
    repository_name: str
    processor: Processor
    state: JobState
    since: str
    lease_until: str | None


def open_jobs(connection: Connection, host_id: int, now: datetime) -> list[OpenJobs]:
    """Count the open jobs of a host by lane, state and what keeps them; reads open jobs alone."""
    job = JOBS.c
    is_due = job.run_at <= literal(stamp(now), job.run_at.type)
    alike = (job.processor_type, job.status, job.held_reason, is_due)
    # In the words of the partial index of open jobs, or it would not serve.
    found = connection.execute(
        select(*alike, func.count(), func.min(job.created_at))
        .where(clause(IS_OPEN), job.host_id == host_id)
        .group_by(*alike)
    )
    return [
        OpenJobs(Processor(processor), JobState(state), held, bool(due), count, oldest)
        for processor, state, held, due, count, oldest in found
    ]


def workers(connection: Connection, limit: int) -> list[WorkerRow]:
    """Return the local workers that have not stopped by themselves, the last seen first."""
    worker = WORKERS.c
    found = connection.execute(
        select(worker.holder, worker.lanes, worker.started_at, worker.seen_at)
        .where(worker.stopped_at.is_(None))
        .order_by(worker.seen_at.desc(), worker.holder)
        .limit(limit)
    )
    return [WorkerRow(*row) for row in found]


def budgets(connection: Connection, host_id: int, limit: int) -> list[BudgetRow]:
    """Return what GitHub last said of each budget, those heard of last first.

    A token's own is left out once it is known whose the token is: that one's budget is what counts from then on.
    """
    budget, known = BUDGETS.c, PRINCIPALS.c
    names = literal("token:").concat(func.substr(known.fingerprint, 1, 16))
    is_anothers = select(PRINCIPALS).where(known.host_id == budget.host_id, names == budget.principal).exists()
    found = connection.execute(
        select(*(budget[name] for name in BudgetRow._fields))
        .where(budget.host_id == host_id, not_(is_anothers))
        .order_by(budget.observed_at.desc(), budget.principal, budget.resource)
        .limit(limit)
    )
    return [BudgetRow(*row) for row in found]


def stuck(connection: Connection, host_id: int, now: datetime, limit: int) -> list[StuckRow]:
    """Return jobs that nobody works on though they are processing, and dispatched ones past their deadline.

    A sweep or a reconciliation puts them right; one that stands here for long shows that neither runs. Those of
    `pc capture` are none of them: whoever starts it again goes on with them.
    """
    queued = or_(JOBS.c.route_rule.is_(None), JOBS.c.route_rule != PC_CAPTURE)
    unheld = _unheld(connection, host_id, now, queued, limit)
    return [*unheld, *_overdue(connection, host_id, now, limit)][:limit]


def stopped_captures(connection: Connection, host_id: int, now: datetime) -> list[StuckRow]:
    """Return jobs that a `pc capture` began and left before their end; the same command goes on with them."""
    return _unheld(connection, host_id, now, JOBS.c.route_rule == PC_CAPTURE, None)


def _unheld(
    connection: Connection, host_id: int, now: datetime, which: ColumnElement[bool], limit: int | None
) -> list[StuckRow]:
    job, shard = JOBS.c, JOB_SHARDS.c
    until = func.max(shard.lease_until, type_=shard.lease_until.type)
    unsettled = shard.state.in_([state.value for state in sorted(UNSETTLED)])
    found = connection.execute(
        select(job.id, job.repository_name, job.processor_type, job.status, job.started_at, until)
        .join(JOB_SHARDS, and_(shard.job_id == job.id, unsettled))
        .where(clause("status = 'processing'"), job.host_id == host_id, which)
        .group_by(job.id, job.repository_name, job.processor_type, job.status, job.started_at)
        .having(or_(until.is_(None), until < literal(stamp(now), shard.lease_until.type)))
        .order_by(job.started_at, job.id)
        .limit(limit)
    )
    return [_stuck(row) for row in found]


def _overdue(connection: Connection, host_id: int, now: datetime, limit: int) -> list[StuckRow]:
    job = JOBS.c
    found = connection.execute(
        select(job.id, job.repository_name, job.processor_type, job.status, job.dispatched_at, job.dispatch_deadline)
        .where(
            clause(IS_OPEN),
            job.status == JobState.DISPATCHED.value,
            job.host_id == host_id,
            job.dispatch_deadline < stamp(now),
        )
        .order_by(job.dispatched_at, job.id)
        .limit(limit)
    )
    return [_stuck(row) for row in found]


def _stuck(row: Iterable[Any]) -> StuckRow:
    job_id, name, processor, state, *times = row
    return StuckRow(job_id, name, Processor(processor), JobState(state), *times)
