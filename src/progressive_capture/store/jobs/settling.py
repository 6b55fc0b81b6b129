"""How shards end, and how the last one settles its job: with what it used, its outcome for the rollout, its successor.

All of it is one transaction, which begins by locking the job.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from progressive_capture.domain.backoff import full_jitter
from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import (
    FINAL,
    Claim,
    Figures,
    JobState,
    Outcome,
    ShardState,
    worst,
)
from progressive_capture.domain.scope import stamp
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.jobs.life import JOB_STATE, figures_values, lock_job, move_job, not_before, record_event
from progressive_capture.store.jobs.metering import Use, write_metrics
from progressive_capture.store.jobs.shards import Used, charge_shard, fenced, outcomes, used_by
from progressive_capture.store.jobs.spending import spend
from progressive_capture.store.jobs.succession import open_successor
from progressive_capture.store.jobs.values import NOTHING_USED, Settling
from progressive_capture.store.tables import JOB_SHARDS

_SHARD: Final = JOB_SHARDS.c
NOTHING: Final = Settling()


def settle_shard(
    connection: Connection,
    claim: Claim,
    outcome: Outcome,
    error: str | None,
    now: datetime,
    *,
    error_class: ErrorClass | None = None,
    settling: Settling = NOTHING,
) -> bool:
    """End the work on a shard; the last one settles its job, by the worst of all outcomes.

    It locks the job before the shard: in its transaction no shard may be written before it.

    Returns:
        Whether the job is settled, or waits for its next attempt.

    Raises:
        LeaseLost: somebody else has the shard now.
    """
    # One at a time: of two last shards exactly one must see the other settled.
    job = lock_job(connection, claim.job_id)
    fenced(
        connection, claim, state=outcome.value, error=error, claimed_by=None, lease_until=None, error_class=error_class
    )
    charge(connection, claim.job_id, claim.k, settling, now)
    record_event(connection, job.id, now, f"shard {outcome}", k=claim.k, who=claim.holder, detail=error)
    return settle_rest(connection, job, now, settling)


def fail_shard(
    connection: Connection,
    job_id: str,
    k: int,
    *,
    attempt: int,
    holder: str,
    error: str,
    error_class: ErrorClass,
    now: datetime,
    retryable: bool | None = None,
    settling: Settling = NOTHING,
) -> bool | None:
    """End a shard that cannot go on, by whoever was at work on it, or was to be; the last one settles its job.

    The job awaits its retry, with a wait that is random up to a bound that doubles, unless no retry can help or none is
    left: then it is dead. Others of its shards that are not settled yet go on.

    Args:
        connection: within a transaction.
        job_id: the job.
        k: the shard.
        attempt: the job's attempt that the caller worked for.
        holder: who the caller is.
        error: a sentence for people.
        error_class: what kind of failure it was.
        now: the server's time.
        retryable: whether another attempt may help; None leaves it to the kind of failure.
        settling: prices, randomness, and what the runner used.

    Returns:
        Whether that settled the job; None when the caller has no say in it any more: nothing is changed.
    """
    job = lock_job(connection, job_id)
    if job.status != JobState.PROCESSING.value or job.attempt != attempt:
        return None
    again = error_class.retryable if retryable is None else retryable
    outcome = Outcome.FAILED if again else Outcome.DEAD
    hit = connection.execute(
        update(JOB_SHARDS)
        .where(*_theirs_or_nobodys(job_id, k, attempt, holder))
        .values(state=outcome.value, error=error, error_class=error_class.value, claimed_by=None, lease_until=None)
    )
    if hit.rowcount == 0:
        return None
    charge(connection, job_id, k, settling, now)
    record_event(connection, job_id, now, f"shard {outcome}", k=k, who=holder, detail=error)
    return settle_rest(connection, job, now, settling)


def cancel(
    connection: Connection,
    job_id: str,
    now: datetime,
    *,
    who: str,
    reason: str | None = None,
    settling: Settling = NOTHING,
) -> bool:
    """Cancel an open job; whoever is at work on it is shut out, and stops at its next page.

    Returns:
        Whether it was cancelled: False when it has settled.
    """
    job = lock_job(connection, job_id)
    used = used_by(connection, job_id)
    values = _figures(used) | {"completed_at": _ended_at(job, now), "cancel_requested_at": stamp(now)}
    if not move_job(connection, job_id, JobState.CANCELLED, now, who=who, detail=reason, **values):
        return False
    cut_off = {"state": ShardState.CANCELLED.value, "claimed_by": None, "lease_until": None}
    unfinished = [ShardState.PENDING.value, ShardState.PROCESSING.value, ShardState.FAILED.value]
    connection.execute(
        update(JOB_SHARDS)
        .where(_SHARD.job_id == job_id, _SHARD.state.in_(unfinished))
        .values(lease_epoch=_SHARD.lease_epoch + 1, **cut_off)
    )
    _conclude(connection, job, Use(Outcome.CANCELLED, None, *used), now, settling)
    return True


def settle_rest(connection: Connection, job: Row[Any], now: datetime, settling: Settling = NOTHING) -> bool:
    """Settle a locked job if no shard of it is unsettled; whether that is so.

    Raises:
        LeaseLost: it has ended otherwise meanwhile.
    """
    settled = outcomes(connection, job.id)
    if settled is None:
        return False
    _settle_job(connection, job, worst(settled), now, settling)
    return True


def _theirs_or_nobodys(job_id: str, k: int, attempt: int, holder: str) -> Sequence[Any]:
    """Say of a shard that this holder works on it in the job's present attempt, or nobody does.

    Nobody: it gave the lease back, or was lost before it took it.
    """
    return (
        _SHARD.job_id == job_id,
        _SHARD.k == k,
        _SHARD.state.in_([ShardState.PENDING.value, ShardState.PROCESSING.value]),
        ((_SHARD.attempt == attempt) & (_SHARD.claimed_by == holder)) | _SHARD.claimed_by.is_(None),
    )


def charge(connection: Connection, job_id: str, k: int, settling: Settling, now: datetime) -> None:
    """Add what the runner used to its shard, and what of it is paid for to its month; the caller has locked the job."""
    used = settling.resources
    if used == NOTHING_USED:
        return
    charge_shard(connection, job_id, k, used, spend(connection, used, now, settling.book))


def _settle_job(connection: Connection, job: Row[Any], outcome: Outcome, now: datetime, settling: Settling) -> None:
    error, kind = (None, None) if outcome is Outcome.COMPLETED else _what_stopped(connection, job.id, outcome)
    failures = job.failures + (outcome in {Outcome.FAILED, Outcome.DEAD})
    if outcome is Outcome.FAILED and failures >= job.max_attempts:
        outcome = Outcome.DEAD
    if outcome is Outcome.DEAD:
        no_more = update(JOB_SHARDS).where(_SHARD.job_id == job.id, _SHARD.state == ShardState.FAILED.value)
        connection.execute(no_more.values(state=ShardState.DEAD.value))
    used = used_by(connection, job.id)
    values: dict[str, Any] = {"failures": failures, "error": error, "error_class": kind}
    values["completed_at"] = _ended_at(job, now)
    if outcome is Outcome.FAILED:
        values["run_at"] = stamp(now + full_jitter(failures, settling.random))
    if job.status == JobState.PENDING.value:
        # It was parked or swept while another of its shards was still being worked on.
        move_job(connection, job.id, JobState.PROCESSING, now)
    if not move_job(connection, job.id, JOB_STATE[outcome], now, **values, **_figures(used)):
        raise LeaseLost(f"job {job.id} is {job.status}, and cannot be {outcome}")
    use = Use(outcome, None if kind is None else ErrorClass(kind), *used)
    _conclude(connection, job, use, now, settling)


def _conclude(connection: Connection, job: Row[Any], use: Use, now: datetime, settling: Settling) -> None:
    """Book what the job used, and open the successor that was asked for once it is over."""
    write_metrics(connection, job, use, now, settling.book)
    if job.rerun_requested_at is not None and JOB_STATE[use.outcome] in FINAL:
        open_successor(connection, job, now, settling.follow)


def _ended_at(job: Row[Any], now: datetime) -> str:
    return not_before(now, job.created_at, job.started_at)


def _figures(used: Used) -> dict[str, Any]:
    counters = used.counters
    return figures_values("used", Figures(counters.requests, counters.points, counters.busy_ms / 1000))


def _what_stopped(connection: Connection, job_id: str, outcome: Outcome) -> tuple[str | None, str | None]:
    """Return the error of the first shard that ended so, and its kind."""
    first = (
        select(_SHARD.error, _SHARD.error_class)
        .where(_SHARD.job_id == job_id, _SHARD.state == outcome.value)
        .order_by(_SHARD.k)
        .limit(1)
    )
    error, error_class = connection.execute(first).one()
    return error, error_class
