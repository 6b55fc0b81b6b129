"""Commands over many jobs at once, a bounded number in each transaction: the caller goes on until none is left."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, exists, select
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.store.jobs.reading import conditions, line_of, lines, turn
from progressive_capture.store.jobs.routing import move_lane
from progressive_capture.store.jobs.settling import NOTHING, cancel
from progressive_capture.store.jobs.succession import retry_dead
from progressive_capture.store.jobs.values import Decide, JobFilter, Settling, Split, unsplit
from progressive_capture.store.tables import IS_CLAIMABLE, IS_OPEN, JOBS

_JOB: Final = JOBS.c


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
    found = (
        select(_JOB.id)
        .where(clause(IS_OPEN), *conditions(wanted))
        # Always in one order, so that two of these cannot wait for each other.
        .order_by(_JOB.created_at, _JOB.id)
        .limit(n)
    )
    ids = connection.scalars(found.with_for_update(key_share=True)).all()
    return [each for each in ids if cancel(connection, each, now, who=who, reason=reason, settling=settling)]


def bulk_retry(connection: Connection, wanted: JobFilter, n: int, now: datetime, *, who: str) -> dict[str, str]:
    """Open new jobs in place of up to `n` dead ones that a filter means and that were not retried before.

    Returns:
        The job that does the work now, by the dead one; none when none is left, or all of them are at work already.
    """
    later = JOBS.alias("later")
    same = JOBS.alias("same")
    retried = exists().where(later.c.retry_of == _JOB.id)
    open_again = exists().where(same.c.dedupe_key == _JOB.dedupe_key, clause(_of("same")))
    found = (
        select(_JOB.id)
        .where(_JOB.status == JobState.DEAD.value, *conditions(wanted), ~retried, ~open_again)
        .order_by(_JOB.created_at, _JOB.id)
        .limit(n)
    )
    ids = connection.scalars(found).all()
    return {each: new for each in ids if (new := retry_dead(connection, each, now, who=who)) is not None}


def reroute_waiting(
    connection: Connection, lane: Processor, n: int, now: datetime, *, decide: Decide, who: str, split: Split = unsplit
) -> list[str]:
    """Ask the gates again about up to `n` jobs in line of a lane, and move those that may not stay.

    Returns:
        The jobs that were moved.
    """
    found = (
        lines()
        .where(clause(IS_CLAIMABLE), _JOB.processor_type == lane.value)
        .order_by(*turn())
        .limit(n)
        .with_for_update(key_share=True)
    )
    moved = []
    for job in [line_of(row) for row in connection.execute(found)]:
        if (routing := decide(job)) is not None:
            move_lane(connection, job.id, routing, now, who=who, split=split)
            moved.append(job.id)
    return moved


def _of(alias: str) -> str:
    """Return the condition of the partial index of open jobs, about a job of another name."""
    return IS_OPEN.replace("status", f"{alias}.status")
