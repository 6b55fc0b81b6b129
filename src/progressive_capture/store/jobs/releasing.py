"""Jobs that go back in line without having failed: parked by their worker, or left by one that is gone."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, select, update
from sqlalchemy import text as clause

from progressive_capture.domain.backoff import after_loss
from progressive_capture.domain.jobs import UNSETTLED, EngineName, JobState, ShardState
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.store.jobs.life import lock_job, move_job
from progressive_capture.store.jobs.settling import NOTHING, charge, settle_rest
from progressive_capture.store.jobs.shards import free_shards, shards
from progressive_capture.store.jobs.values import BETWEEN_SHARDS, PC_CAPTURE, Settling
from progressive_capture.store.tables import IS_RUNNING, JOB_EVENTS, JOB_SHARDS, JOBS

_JOB: Final = JOBS.c
_SHARD: Final = JOB_SHARDS.c


def park(
    connection: Connection,
    job_id: str,
    *,
    attempt: int,
    holder: str,
    until: datetime,
    now: datetime,
    why: str,
    k: int = 0,
    settling: Settling = NOTHING,
) -> bool:
    """Put a job back in line until a time, and give up the holder's leases: a wait, or a worker that stops.

    What the runner used is booked on shard `k`.

    Returns:
        Whether it was; False when the caller has no say in it any more: nothing is changed.
    """
    job = lock_job(connection, job_id)
    if job.status != JobState.PROCESSING.value or job.attempt != attempt:
        return False
    _give_up(connection, job_id, holder)
    charge(connection, job_id, k, settling, now)
    move_job(connection, job_id, JobState.PENDING, now, who=holder, detail=why, run_at=stamp(until))
    return True


def leave(
    connection: Connection,
    job_id: str,
    *,
    attempt: int,
    holder: str,
    until: datetime | None,
    now: datetime,
    why: str,
    k: int,
    settling: Settling = NOTHING,
) -> bool:
    """End a run that did some shards of a job, while others may still do theirs; give up the holder's leases.

    The job goes back in line once each of its unsettled shards was begun in this attempt and left: then nobody comes
    for them. It is due at the earliest time that one who left was waiting for.

    Args:
        connection: within a transaction.
        job_id: the job.
        attempt: the job's attempt that the run worked for.
        holder: who held the leases.
        until: when what was left can go on; None: nothing was.
        now: the server's time.
        why: a sentence for people.
        k: the shard on which is booked what the runner used.
        settling: what that is.

    Returns:
        Whether it went back in line.
    """
    job = lock_job(connection, job_id)
    if job.status != JobState.PROCESSING.value or job.attempt != attempt:
        return False
    _give_up(connection, job_id, holder)
    charge(connection, job_id, k, settling, now)
    run_at = job.run_at
    if until is not None:
        run_at = stamp(until) if run_at <= stamp(now) else min(run_at, stamp(until))
        connection.execute(update(JOBS).where(_JOB.id == job_id).values(run_at=run_at))
    left = [each for each in shards(connection, job_id) if each.state in UNSETTLED]
    if any(each.state is ShardState.PROCESSING or each.attempt < attempt for each in left):
        return False
    return move_job(connection, job_id, JobState.PENDING, now, who=holder, detail=why, run_at=run_at)


def give_back(
    connection: Connection, job_id: str, holders: Collection[str], now: datetime, *, attempt: int, why: str
) -> bool:
    """Put a job of the queue that a `pc capture` worked on back in line, due at once, its route and checkpoints kept.

    Not one that `pc capture` opened itself: that one waits for its next run, or is adopted (`awaited_captures`). Nor
    one at which somebody else is at work, or which an engine elsewhere has.

    Returns:
        Whether it went back in line.
    """
    job = lock_job(connection, job_id)
    if job.status != JobState.PROCESSING.value or job.attempt != attempt:
        return False
    if job.engine != EngineName.LOCAL.value or job.route_rule == PC_CAPTURE:
        return False
    _give_up(connection, job_id, *holders)
    if any(each.state is ShardState.PROCESSING for each in shards(connection, job_id)):
        return False
    who = min(holders)
    return move_job(connection, job_id, JobState.PENDING, now, who=who, detail=why, run_at=stamp(now))


def _give_up(connection: Connection, job_id: str, *holders: str) -> None:
    held = (_SHARD.job_id == job_id, _SHARD.claimed_by.in_(holders), _SHARD.state == ShardState.PROCESSING.value)
    let_go = {"state": ShardState.PENDING.value, "claimed_by": None, "lease_until": None}
    connection.execute(update(JOB_SHARDS).where(*held).values(let_go))


def sweep_local(
    connection: Connection,
    now: datetime,
    *,
    is_gone: Callable[[str], bool],
    random: Callable[[], float],
    n: int = 100,
) -> list[str]:
    """Put jobs of this machine's engine back in line whose runner is gone; that is no failure of theirs.

    Gone: no lease of an unsettled shard is alive (it is over, or its holder's process is no more); or there is none,
    and who had the last one is no more, or has been silent for as long as a lease lasts. A short random wait keeps a
    job that kills its runners from doing so at once. What `pc capture` opened is left to it, unless somebody waits for
    its end (`awaited_captures`).

    Args:
        connection: within a transaction.
        now: the server's time.
        is_gone: whether the process that a holder's text names no longer exists.
        random: a random number from 0, below 1.
        n: how many jobs are put back at most.

    Returns:
        The jobs that were put back.
    """
    found = connection.execute(_processing())
    jobs = ((job_id, list(rows)) for job_id, rows in groupby(found, key=lambda row: row.id))
    lost = [job_id for job_id, rows in jobs if _is_lost(rows, now, is_gone)][:n]
    return [job_id for job_id in lost if _put_back(connection, job_id, now, is_gone, random())]


def awaited_captures(connection: Connection) -> list[str]:
    """Return the keys of jobs that `pc capture` has begun and not ended, and whose successor somebody has asked for."""
    begun = (_JOB.engine == EngineName.LOCAL.value, _JOB.status == JobState.PROCESSING.value)
    asked = (_JOB.route_rule == PC_CAPTURE, _JOB.rerun_requested_at.is_not(None))
    return list(connection.scalars(select(_JOB.dedupe_key).where(clause(IS_RUNNING), *begun, *asked).order_by(_JOB.id)))


def _processing() -> Select[Any]:
    """Select the leases of all local jobs at work, with when whoever runs each was last heard of, and who that is."""
    event = JOB_EVENTS.c
    # What others do to a job, as asking for it once more, is no sign of its runner.
    told = JOB_EVENTS.alias("told").c
    of_runner = told.k.is_not(None) | (told.event == JobState.PROCESSING.value)
    last = select(func.max(told.id)).where(told.job_id == _JOB.id, of_runner).scalar_subquery()
    unsettled = _SHARD.state.in_(sorted(state.value for state in UNSETTLED))
    return (
        select(_JOB.id, _SHARD.claimed_by, _SHARD.lease_until, event.at.label("heard_at"), event.who.label("heard_of"))
        .select_from(
            JOBS.outerjoin(JOB_SHARDS, (_SHARD.job_id == _JOB.id) & unsettled).outerjoin(JOB_EVENTS, event.id == last)
        )
        .where(
            clause(IS_RUNNING),
            _JOB.engine == EngineName.LOCAL.value,
            _JOB.status == JobState.PROCESSING.value,
            _JOB.route_rule != PC_CAPTURE,
        )
        .order_by(_JOB.id)
    )


def _is_lost(rows: Iterable[Row[Any]], now: datetime, is_gone: Callable[[str], bool]) -> bool:
    stored = list(rows)
    leases = [row for row in stored if row.claimed_by is not None and row.lease_until is not None]
    if not leases:
        last = stored[0]
        return moment(last.heard_at) + BETWEEN_SHARDS <= now or (last.heard_of is not None and is_gone(last.heard_of))
    return all(moment(row.lease_until) <= now or is_gone(row.claimed_by) for row in leases)


def _put_back(
    connection: Connection, job_id: str, now: datetime, is_gone: Callable[[str], bool], random: float
) -> bool:
    job = lock_job(connection, job_id)
    # What was read before the lock may have changed since.
    leases = connection.execute(_processing().where(_JOB.id == job_id)).all()
    if not leases or not _is_lost(leases, now, is_gone):
        return False
    free_shards(connection, job_id)
    if settle_rest(connection, job, now):
        return True
    run_at = now + after_loss(job.attempt, random)
    move_job(connection, job_id, JobState.PENDING, now, who="sweep", detail="its runner is gone", run_at=stamp(run_at))
    return True
