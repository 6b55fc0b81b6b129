"""Shards: who works on which until when, what is done of it, and how the last to settle settles the job."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, literal, select, update

from progressive_capture.domain.jobs import (
    CLAIMABLE,
    UNSETTLED,
    Claim,
    Counters,
    Figures,
    Held,
    JobState,
    Outcome,
    Settled,
    Shard,
    ShardState,
    worst,
)
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.jobs.life import JOB_STATE, add_shard, figures_values, move_job, record_event
from progressive_capture.store.tables import JOB_SHARDS, JOBS

_SHARD = JOB_SHARDS.c
_COUNTERS = [counter.name for counter in fields(Counters)]
_FENCE: Final[tuple[ColumnElement[bool], ...]] = (
    _SHARD.job_id == bindparam("of_job"),
    _SHARD.k == bindparam("of_k"),
    _SHARD.attempt == bindparam("of_attempt"),
    _SHARD.lease_epoch == bindparam("of_epoch"),
    _SHARD.state == ShardState.PROCESSING.value,
)
_CHECKPOINT: Final = (
    update(JOB_SHARDS)
    .where(*_FENCE)
    .values(
        {"checkpoint": bindparam("new_checkpoint"), "lease_until": bindparam("new_lease_until")}
        | {name: _SHARD[name] + bindparam(f"more_{name}") for name in _COUNTERS}
    )
)
"""Made once: it ends the transaction of every page."""


def claim_shard(
    connection: Connection,
    job_id: str,
    k: int,
    *,
    attempt: int,
    holder: str,
    now: datetime,
    lease_until: datetime,
    is_gone: Callable[[str], bool],
) -> Claim | Held | Settled:
    """Take the lease of shard `k`, unless somebody else who still lives holds it.

    Every claim raises the lease epoch, which shuts out whoever had it before. A job that waited, or failed and is
    tried again, is processing from here on. After `lease_until` others may take the shard if nothing is heard;
    `is_gone` says whether the process that a holder's text names no longer exists.

    Raises:
        LeaseLost: the shard was claimed for a later attempt.
    """
    row = connection.execute(_locked(job_id, k)).one()
    state = ShardState(row.state)
    if state not in CLAIMABLE:
        return Settled(state)
    if state is ShardState.PROCESSING and row.claimed_by != holder and _lives(row, now, is_gone):
        return Held(row.claimed_by, row.lease_until)
    if attempt < row.attempt:
        raise LeaseLost(f"job {job_id}, shard {k}, is at attempt {row.attempt}")
    epoch = row.lease_epoch + 1
    connection.execute(
        update(JOB_SHARDS)
        .where(_SHARD.job_id == job_id, _SHARD.k == k)
        .values(
            state=ShardState.PROCESSING.value,
            claimed_by=holder,
            lease_until=stamp(lease_until),
            lease_epoch=epoch,
            attempt=attempt,
            error=None,
        )
    )
    record_event(connection, job_id, now, "claimed", k=k, who=holder)
    _start(connection, job_id, now)
    return Claim(job_id, k, holder, attempt, epoch, row.spec, row.checkpoint)


def write_checkpoint(
    connection: Connection, claim: Claim, checkpoint: str, counters: Counters, lease_until: datetime
) -> None:
    """Note what of the shard is done, in the transaction of the rows that it covers; renews the lease.

    Args:
        connection: within a transaction.
        claim: the right to do so.
        checkpoint: replaces the former one.
        counters: the increase since the last call.
        lease_until: when others may take the shard, if nothing is heard.

    Raises:
        LeaseLost: somebody else has the shard now; the whole transaction must be undone.
    """
    added = {f"more_{name}": value for name, value in asdict(counters).items()}
    given = {"new_checkpoint": checkpoint, "new_lease_until": stamp(lease_until), **added}
    _hit(connection.execute(_CHECKPOINT, _fence(claim) | given).rowcount, claim)


def renew(connection: Connection, claim: Claim, lease_until: datetime) -> None:
    """Keep the lease while nothing is to be committed.

    Raises:
        LeaseLost: somebody else has the shard now.
    """
    _fenced(connection, claim, lease_until=stamp(lease_until))


def release(connection: Connection, claim: Claim, now: datetime) -> None:
    """Give the shard back unfinished: anybody may go on with it, and that is no failure.

    Raises:
        LeaseLost: somebody else has the shard now.
    """
    _fenced(connection, claim, state=ShardState.PENDING.value, claimed_by=None, lease_until=None)
    record_event(connection, claim.job_id, now, "released", k=claim.k, who=claim.holder)


def add_shards(connection: Connection, claim: Claim, specs: Sequence[str]) -> None:
    """Add shards to the job, after those that it has.

    Raises:
        LeaseLost: somebody else has the claimed shard now.
    """
    _fenced(connection, claim, claimed_by=claim.holder)
    last = connection.scalar(select(func.max(_SHARD.k)).where(_SHARD.job_id == claim.job_id)) or 0
    for k, spec in enumerate(specs, last + 1):
        add_shard(connection, claim.job_id, k, spec)


def settle_shard(connection: Connection, claim: Claim, outcome: Outcome, error: str | None, now: datetime) -> bool:
    """End the work on a shard; the last one settles its job, by the worst of all outcomes.

    Returns:
        Whether the job is settled.

    Raises:
        LeaseLost: somebody else has the shard now.
    """
    # One at a time: of two last shards exactly one must see the other settled.
    connection.execute(select(JOBS.c.id).where(JOBS.c.id == claim.job_id).with_for_update()).one()
    _fenced(connection, claim, state=outcome.value, error=error, claimed_by=None, lease_until=None)
    record_event(connection, claim.job_id, now, f"shard {outcome}", k=claim.k, who=claim.holder, detail=error)
    all_shards = shards(connection, claim.job_id)
    if any(shard.state in UNSETTLED for shard in all_shards):
        return False
    return _settle_job(connection, claim.job_id, all_shards, now)


def shards(connection: Connection, job_id: str) -> list[Shard]:
    """Return a job's shards in order."""
    rows = connection.execute(select(JOB_SHARDS).where(_SHARD.job_id == job_id).order_by(_SHARD.k))
    return [_shard(row) for row in rows]


def newest_walk(connection: Connection, host_id: int, repository_id: int) -> str | None:
    """Return the checkpoint of shard 0 of the newest job over all pull requests and kinds of a repository."""
    newest: str | None = connection.scalar(
        select(_SHARD.checkpoint)
        .join(JOBS, JOBS.c.id == _SHARD.job_id)
        .where(
            JOBS.c.host_id == host_id,
            JOBS.c.repository_id == repository_id,
            JOBS.c.scope.like("all;kinds=all;%"),
            _SHARD.k == 0,
        )
        .order_by(JOBS.c.created_at.desc())
        .limit(1)
    )
    return newest


def _lives(row: Row[Any], now: datetime, is_gone: Callable[[str], bool]) -> bool:
    return row.lease_until is not None and moment(row.lease_until) > now and not is_gone(row.claimed_by)


def _start(connection: Connection, job_id: str, now: datetime) -> None:
    if _failed(connection, job_id):
        move_job(connection, job_id, JobState.PENDING, now, error=None, completed_at=None)
    started = func.coalesce(JOBS.c.started_at, literal(stamp(now), JOBS.c.started_at.type))
    move_job(connection, job_id, JobState.PROCESSING, now, started_at=started)


def _failed(connection: Connection, job_id: str) -> bool:
    status: str | None = connection.scalar(select(JOBS.c.status).where(JOBS.c.id == job_id))
    return status == JobState.FAILED.value


def _settle_job(connection: Connection, job_id: str, all_shards: list[Shard], now: datetime) -> bool:
    outcome = worst(Outcome(shard.state.value) for shard in all_shards)
    total = sum((shard.counters for shard in all_shards), Counters())
    used = Figures(total.requests, total.points, total.busy_ms / 1000)
    values: dict[str, Any] = figures_values("used", used)
    if outcome in {Outcome.FAILED, Outcome.DEAD}:
        values["failures"] = JOBS.c.failures + 1
    error = next((shard.error for shard in all_shards if shard.state.value == outcome.value), None)
    return move_job(connection, job_id, JOB_STATE[outcome], now, completed_at=stamp(now), error=error, **values)


def _locked(job_id: str, k: int) -> Select[Any]:
    # SQLite has no FOR UPDATE and needs none: the transaction began as a writer.
    return select(JOB_SHARDS).where(_SHARD.job_id == job_id, _SHARD.k == k).with_for_update()


def _fenced(connection: Connection, claim: Claim, **values: Any) -> None:  # noqa: ANN401 - columns of many types
    _hit(connection.execute(update(JOB_SHARDS).where(*_FENCE).values(**values), _fence(claim)).rowcount, claim)


def _fence(claim: Claim) -> dict[str, Any]:
    return {
        "of_job": claim.job_id,
        "of_k": claim.k,
        "of_attempt": claim.attempt,
        "of_epoch": claim.lease_epoch,
    }


def _hit(rows: int, claim: Claim) -> None:
    if rows != 1:
        raise LeaseLost(f"job {claim.job_id}, shard {claim.k}, formerly held by {claim.holder}")


def _shard(row: Row[Any]) -> Shard:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's documented way to read by name
    return Shard(
        k=row.k,
        state=ShardState(row.state),
        spec=row.spec,
        checkpoint=row.checkpoint,
        attempt=row.attempt,
        claimed_by=row.claimed_by,
        lease_until=row.lease_until,
        lease_epoch=row.lease_epoch,
        error=row.error,
        counters=Counters(*(columns[name] for name in _COUNTERS)),
    )
