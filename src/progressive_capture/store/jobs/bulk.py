"""Commands over many jobs at once, a bounded number in each transaction: the caller goes on until none is left.

All of a transaction's jobs are locked before the first is changed, always in one order: two of these, or one and a
sweep, cannot wait for each other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, TextClause, exists, func, select
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.store.jobs.life import lock_jobs
from progressive_capture.store.jobs.reading import conditions, line_of, lines, turn
from progressive_capture.store.jobs.routing import move_lane
from progressive_capture.store.jobs.settling import NOTHING, cancel
from progressive_capture.store.jobs.succession import retry_dead
from progressive_capture.store.jobs.values import (
    PC_CAPTURE,
    Decide,
    Follow,
    JobFilter,
    Settling,
    Split,
    unsplit,
)
from progressive_capture.store.tables import IS_CLAIMABLE, IS_OPEN, IS_RUNNING, JOBS

_JOB: Final = JOBS.c
_Conditions = Sequence[ColumnElement[bool] | TextClause]


def bulk_cancel(
    connection: Connection,
    wanted: JobFilter,
    n: int,
    now: datetime,
    *,
    who: str,
    reason: str | None = None,
    settling: Settling = NOTHING,
) -> list[str]:
    """Cancel up to `n` open jobs that a filter means; the successors that were asked for are opened.

    Returns:
        The jobs that were cancelled; none when no open one is left.
    """
    meant: _Conditions = (clause(IS_OPEN), *conditions(wanted))
    ids = _locked(connection, meant, select(_JOB.id).order_by(_JOB.created_at, _JOB.id).limit(n))
    return [each for each in ids if cancel(connection, each, now, who=who, reason=reason, settling=settling)]


def cancel_running(
    connection: Connection,
    lane: Processor,
    n: int,
    now: datetime,
    *,
    who: str,
    reason: str,
    settling: Settling = NOTHING,
) -> list[str]:
    """Cancel up to `n` jobs of a lane that an engine has, but not what somebody runs by `pc capture`.

    Returns:
        The jobs that were cancelled; none when none is left.
    """
    ids = _locked(connection, _running(lane), select(_JOB.id).order_by(_JOB.id).limit(n))
    return [each for each in ids if cancel(connection, each, now, who=who, reason=reason, settling=settling)]


def count_running(connection: Connection, lane: Processor) -> int:
    """Count the jobs that `cancel_running` would cancel."""
    return connection.scalar(select(func.count()).select_from(JOBS).where(*_running(lane))) or 0


def bulk_retry(
    connection: Connection, wanted: JobFilter, n: int, now: datetime, *, who: str, follow: Follow | None = None
) -> dict[str, str]:
    """Open new jobs in place of up to `n` dead ones that a filter means and that were not retried before.

    Returns:
        The job that does the work now, by the dead one; none when none is left, or all of them are at work already.
    """
    first = select(_JOB.dedupe_key, _JOB.id).order_by(_JOB.created_at, _JOB.id).limit(n)
    found = first.where(*_lying_dead(wanted))
    # In the order of their keys: of two transactions that open jobs of the same keys, one waits for the other.
    ids = [job_id for _, job_id in sorted((row.dedupe_key, row.id) for row in connection.execute(found))]
    retries = ((each, retry_dead(connection, each, now, who=who, follow=follow)) for each in ids)
    return {each: new for each, new in retries if new is not None}


def count_lying_dead(connection: Connection, wanted: JobFilter) -> int:
    """Count the dead jobs in place of which `bulk_retry` would open new ones now."""
    return connection.scalar(select(func.count()).select_from(JOBS).where(*_lying_dead(wanted))) or 0


def reroute_waiting(
    connection: Connection, lane: Processor, n: int, now: datetime, *, decide: Decide, who: str, split: Split = unsplit
) -> list[str]:
    """Ask the gates again about up to `n` jobs in line of a lane, and move or hold those that may not stay.

    Returns:
        The jobs that were moved or held.
    """
    waiting: _Conditions = (clause(IS_CLAIMABLE), _JOB.processor_type == lane.value)
    ids = _locked(connection, waiting, select(_JOB.id).order_by(*turn()).limit(n))
    moved = []
    for job in [line_of(row) for row in connection.execute(lines().where(_JOB.id.in_(ids)).order_by(_JOB.id))]:
        if (routing := decide(job)) is not None:
            move_lane(connection, job.id, routing, now, who=who, split=split)
            moved.append(job.id)
    return moved


def _locked(connection: Connection, meant: _Conditions, first: Select[Any]) -> list[str]:
    """Lock the first of those that are meant; none only when there is none, not when others have just changed them."""
    while ids := connection.scalars(first.where(*meant)).all():
        if rows := lock_jobs(connection, ids, *meant):
            return [row.id for row in rows]
    return []


def _running(lane: Processor) -> _Conditions:
    return clause(IS_RUNNING), _JOB.processor_type == lane.value, _JOB.route_rule != PC_CAPTURE


def _lying_dead(wanted: JobFilter) -> _Conditions:
    """Say of a job that it is dead, was not retried, and that no open job does the same."""
    later = JOBS.alias("later")
    same = JOBS.alias("same")
    retried = exists().where(later.c.retry_of == _JOB.id)
    open_again = exists().where(same.c.dedupe_key == _JOB.dedupe_key, clause(_of("same")))
    return _JOB.status == JobState.DEAD.value, *conditions(wanted), ~retried, ~open_again


def _of(alias: str) -> str:
    """Return the condition of the partial index of open jobs, about a job of another name."""
    return IS_OPEN.replace("status", f"{alias}.status")
