"""Jobs of engines elsewhere of which nobody has heard in time: which they are, and how each goes on or ends.

What is done to one is fenced by all that was read of it before its engine was asked: by attempt and lease epochs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select, update
from sqlalchemy import text as clause

from progressive_capture.domain.backoff import after_loss
from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import UNSETTLED, EngineName, JobState, Shard, ShardState
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.store.jobs.life import lock_job, move_job, record_event
from progressive_capture.store.jobs.reading import line_of, lines
from progressive_capture.store.jobs.settling import settle_rest
from progressive_capture.store.jobs.shards import free_shards, shards
from progressive_capture.store.jobs.values import BETWEEN_SHARDS, JobLine, Settling
from progressive_capture.store.tables import IS_RUNNING, JOB_EVENTS, JOB_SHARDS, JOBS

_JOB: Final = JOBS.c
_SHARD: Final = JOB_SHARDS.c
WHO: Final = "reconcile"

Fence = tuple[tuple[int, ShardState, int], ...]
"""Of each shard its number, state and lease epoch."""


@dataclass(frozen=True, slots=True)
class Silent:
    """A job whose engine is to be asked what became of it."""

    job: JobLine
    ref: str | None
    """What the engine knows its run by; None where nobody knows whether it was handed over."""
    since: datetime
    """When it was last heard of: handed over, or the end of its last lease."""
    left: tuple[int, ...]
    """The shards that are not settled."""
    shards: tuple[int, ...]
    """Those to ask after: at work when last heard of, or else the first that is left."""
    fence: Fence

    @property
    def is_begun(self) -> bool:
        """Whether somebody has worked on it in this attempt."""
        return self.job.state is JobState.PROCESSING

    @property
    def is_unconfirmed(self) -> bool:
        """Whether nobody knows that the engine has it: whoever was to hand it over has died meanwhile."""
        return self.ref is None and not self.is_begun

    @property
    def run_ref(self) -> str:
        """What the engine knows its run by, told by itself or not."""
        return self.ref or f"{self.job.id}:{self.job.attempt}"


def silent_jobs(connection: Connection, now: datetime, n: int) -> list[Silent]:
    """Return jobs of engines elsewhere that stand dispatched past their deadline, or at work without a lease alive."""
    overdue = connection.execute(_overdue(now).limit(n)).all()
    left = connection.execute(_left(now).limit(n)).all()
    found = [*overdue, *left][:n]
    return [_silent(connection, row.id, row.ref, moment(row.heard_at)) for row in found]


def send_back(connection: Connection, silent: Silent, now: datetime, *, why: str, settling: Settling) -> bool:
    """Put a job back in line whose run is gone, after a short random wait: that is no failure of its own.

    Returns:
        Whether it was: False when somebody has been heard of since, or it has ended.
    """
    job_id = silent.job.id
    if not _is_unheard(connection, silent, now):
        return False
    free_shards(connection, job_id)
    if silent.is_begun and settle_rest(connection, lock_job(connection, job_id), now, settling):
        return True
    run_at = now + after_loss(silent.job.attempt, settling.random)
    return move_job(connection, job_id, JobState.PENDING, now, who=WHO, detail=why, run_at=stamp(run_at))


def fail_silent(connection: Connection, silent: Silent, now: datetime, *, why: str, settling: Settling) -> bool:
    """Settle a job whose run has ended without a word: it awaits its retry, or is dead after the last one.

    Returns:
        Whether it was: False when somebody has been heard of since, or it has ended.
    """
    job_id = silent.job.id
    if not _is_unheard(connection, silent, now):
        return False
    free_shards(connection, job_id)
    unsettled = _SHARD.state.in_(sorted(state.value for state in UNSETTLED))
    failed = {"state": ShardState.FAILED.value, "error": why, "error_class": ErrorClass.LOST.value}
    connection.execute(update(JOB_SHARDS).where(_SHARD.job_id == job_id, unsettled).values(failed))
    if not silent.is_begun:
        move_job(connection, job_id, JobState.PROCESSING, now, who=WHO, detail=why)
    record_event(connection, job_id, now, "run failed", who=WHO, detail=why)
    return settle_rest(connection, lock_job(connection, job_id), now, settling)


def _is_unheard(connection: Connection, silent: Silent, now: datetime) -> bool:
    """Lock a job; whether it stands as it did when its engine was asked."""
    row = lock_job(connection, silent.job.id)
    if (row.status, row.attempt) != (silent.job.state.value, silent.job.attempt):
        return False
    stored = shards(connection, silent.job.id)
    return _fence(stored) == silent.fence and not any(_is_leased(shard, now) for shard in stored)


def _overdue(now: datetime) -> Select[Any]:
    return (
        select(_JOB.id, _JOB.engine_run_ref.label("ref"), _JOB.dispatched_at.label("heard_at"))
        .where(
            clause(IS_RUNNING),
            _elsewhere(),
            _JOB.status == JobState.DISPATCHED.value,
            _JOB.dispatch_deadline <= stamp(now),
        )
        .order_by(_JOB.dispatch_deadline, _JOB.id)
    )


def _left(now: datetime) -> Select[Any]:
    event = JOB_EVENTS.c
    told = select(func.max(event.at, type_=event.at.type)).where(event.job_id == _JOB.id).scalar_subquery()
    until = func.max(_SHARD.lease_until, type_=_SHARD.lease_until.type)
    between = stamp(now - BETWEEN_SHARDS)
    return (
        select(_JOB.id, _JOB.engine_run_ref.label("ref"), func.coalesce(until, told).label("heard_at"))
        .join(JOB_SHARDS, (_SHARD.job_id == _JOB.id) & _SHARD.state.in_(sorted(state.value for state in UNSETTLED)))
        .where(clause(IS_RUNNING), _elsewhere(), _JOB.status == JobState.PROCESSING.value)
        .group_by(_JOB.id, _JOB.engine_run_ref)
        .having((until <= stamp(now)) | (until.is_(None) & (told <= between)))
        .order_by(_JOB.id)
    )


def _elsewhere() -> ColumnElement[bool]:
    return _JOB.engine.in_([engine.value for engine in EngineName if engine is not EngineName.LOCAL])


def _silent(connection: Connection, job_id: str, ref: str | None, since: datetime) -> Silent:
    job = line_of(connection.execute(lines().where(_JOB.id == job_id)).one())
    stored = shards(connection, job_id)
    left = tuple(shard.k for shard in stored if shard.state in UNSETTLED)
    at_work = tuple(shard.k for shard in stored if shard.state is ShardState.PROCESSING)
    return Silent(job, ref, since, left, at_work or left[:1], _fence(stored))


def _fence(stored: list[Shard]) -> Fence:
    return tuple((shard.k, shard.state, shard.lease_epoch) for shard in stored)


def _is_leased(shard: Shard, now: datetime) -> bool:
    return shard.lease_until is not None and moment(shard.lease_until) > now
