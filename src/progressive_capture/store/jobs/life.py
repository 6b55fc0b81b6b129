"""Opening jobs, finding them and moving them through their life; their shards stand beside it."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    TextClause,
    Update,
    bindparam,
    case,
    insert,
    select,
    update,
)
from sqlalchemy import text as clause
from sqlalchemy.dialects import postgresql, sqlite

from progressive_capture.domain.jobs import (
    Counters,
    Figures,
    Job,
    JobState,
    JobType,
    NewJob,
    Outcome,
    Processor,
    ShardState,
    states_before,
)
from progressive_capture.domain.scope import stamp
from progressive_capture.store.tables import IS_OPEN, JOB_EVENTS, JOB_SHARDS, JOBS

_JOB: Final = (
    "id",
    "job_type",
    "host_id",
    "repository_id",
    "repository_name",
    "scope",
    "dedupe_key",
    "attempt",
    "failures",
    "max_attempts",
    "error",
    "created_at",
    "started_at",
    "completed_at",
    "rerun_requested_at",
    "cancel_requested_at",
)
"""Columns that a `Job` has under the same names."""

_STORED: Final = select(JOBS).where(JOBS.c.id == bindparam("of_job"))
_LOCKED: Final = _STORED.with_for_update(key_share=True)
# In the index's own words: bound parameters would keep SQLite from using a partial index.
_OPEN: Final = select(JOBS).where(JOBS.c.dedupe_key == bindparam("of_key"), clause(IS_OPEN))
_TOLD: Final = JOB_EVENTS.alias("told").c
_LAST_AT: Final = (
    select(_TOLD.at).where(_TOLD.job_id == bindparam("of_job")).order_by(_TOLD.id.desc()).limit(1).scalar_subquery()
)
_NOW: Final = bindparam("now", type_=JOB_EVENTS.c.at.type)
_EVENT: Final = insert(JOB_EVENTS).values(
    job_id=bindparam("of_job"),
    k=bindparam("of_k"),
    at=case((_LAST_AT > _NOW, _LAST_AT), else_=_NOW),
    event=bindparam("new_event"),
    who=bindparam("by"),
    detail=bindparam("new_detail"),
)


def open_job(connection: Connection, new: NewJob, now: datetime) -> Job:
    """Take the open job of the same key, or insert this one with its shard 0; two processes get the same job."""
    if insert_open(connection, job_values(new, now)) is not None:
        add_shard(connection, new.id, 0, new.spec)
        record_event(connection, new.id, now, "opened", who=new.trigger, detail=new.dedupe_key)
        return get(connection, new.id)
    # The other transaction's row is visible now: the insertion waited for its end.
    found = find_open(connection, new.dedupe_key)
    return found if found is not None else open_job(connection, new, now)


def insert_open(connection: Connection, values: dict[str, Any]) -> str | None:
    """Insert a job's row; None when one of its key is open, also one that another transaction inserted meanwhile."""
    inserted: str | None = connection.scalar(_inserting(connection.dialect.name, frozenset(values)), values)
    return inserted


@cache
def _inserting(dialect: str, names: frozenset[str]) -> Executable:
    insertion = postgresql.insert(JOBS) if dialect == "postgresql" else sqlite.insert(JOBS)
    return (
        insertion.values({name: bindparam(name) for name in names})
        .on_conflict_do_nothing(index_elements=["dedupe_key"], index_where=clause(IS_OPEN))
        .returning(JOBS.c.id)
    )


def find_open(connection: Connection, dedupe_key: str) -> Job | None:
    """Return the open job of a key, if there is one."""
    row = connection.execute(_OPEN, {"of_key": dedupe_key}).one_or_none()
    return None if row is None else job_of(row)


def get(connection: Connection, job_id: str) -> Job:
    """Return a job that exists."""
    return job_of(connection.execute(_STORED, {"of_job": job_id}).one())


def set_forecast(connection: Connection, job_id: str, figures: Figures) -> None:
    """Note what the job is expected to use."""
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(figures_values("forecast", figures)))


def lock_job(connection: Connection, job_id: str) -> Row[Any]:
    """Return a job's row, which nobody else changes until the transaction ends.

    Whoever changes a job and its shards locks the job first; whoever changes several locks all of them at once before
    (`lock_jobs`), or nobody's but in the order of their ids. Rows that refer to it may still be added by others.
    https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
    """
    return connection.execute(_LOCKED, {"of_job": job_id}).one()


def lock_jobs(connection: Connection, ids: Collection[str], *still: ColumnElement[bool] | TextClause) -> list[Row[Any]]:
    """Return the rows of those jobs of which all that still holds, in the order of their ids; nobody else changes them.

    Two that lock some of the same jobs cannot wait for each other: both begin with the same one.
    """
    found = select(JOBS).where(JOBS.c.id.in_(list(ids)), *still).order_by(JOBS.c.id)
    return list(connection.execute(found.with_for_update(key_share=True)))


def move_job(
    connection: Connection,
    job_id: str,
    to: JobState,
    now: datetime,
    *,
    who: str | None = None,
    detail: str | None = None,
    **values: Any,  # noqa: ANN401 - columns of many types
) -> bool:
    """Move a job to a state that the life cycle allows from where it is, with one event.

    Returns:
        Whether it moved: False from any other state.
    """
    moved = connection.execute(_moving(to, frozenset(values)), {"of_job": job_id, **values})
    if moved.rowcount == 0:
        return False
    record_event(connection, job_id, now, to.value, who=who, detail=values.get("error") or detail)
    return True


@cache
def _moving(to: JobState, columns: frozenset[str]) -> Update:
    """Make the statement that enters a state, guarded by the life cycle; made once, it is part of every claim."""
    before = [state.value for state in sorted(states_before(to))]
    return (
        update(JOBS)
        .where(JOBS.c.id == bindparam("of_job"), JOBS.c.status.in_(before))
        .values(status=to.value, **{name: bindparam(name) for name in columns})
    )


def record_event(
    connection: Connection,
    job_id: str,
    now: datetime,
    event: str,
    *,
    k: int | None = None,
    who: str | None = None,
    detail: str | None = None,
) -> None:
    """Add a line to the job's history, which never runs backwards.

    Each process learns the server's time from the answers that it gets, and so may know it to be earlier than it, or
    another process, took it to be before.
    """
    line = {"of_job": job_id, "of_k": k, "now": stamp(now), "new_event": event, "by": who, "new_detail": detail}
    connection.execute(_EVENT, line)


def not_before(now: datetime, *earlier: str | None) -> str:
    """Stamp a time of a job that comes after others of it, whatever clock told those."""
    return max(stamp(now), *(each for each in earlier if each is not None))


def add_shard(connection: Connection, job_id: str, k: int, spec: str) -> None:
    """Insert one shard, waiting to be claimed."""
    connection.execute(
        insert(JOB_SHARDS).values(
            job_id=job_id,
            k=k,
            spec=spec,
            state=ShardState.PENDING.value,
            attempt=0,
            lease_epoch=0,
            **asdict(Counters()),
        )
    )


def figures_values(what: str, figures: Figures) -> dict[str, int]:
    """Return the columns of forecast or use."""
    return {
        f"{what}_requests": figures.requests,
        f"{what}_points": figures.points,
        f"{what}_ms": round(figures.seconds * 1000),
    }


JOB_STATE: Final = {outcome: JobState(outcome.value) for outcome in Outcome}
"""The state that each outcome brings a job to."""


def job_values(new: NewJob, now: datetime) -> dict[str, Any]:
    """Return the columns of a new job, in line from now on."""
    return {
        "id": new.id,
        "job_type": new.job_type.value,
        "host_id": new.host_id,
        "repository_id": new.repository_id,
        "repository_name": new.repository_name,
        "processor_type": new.processor.value,
        "status": JobState.PENDING.value,
        "trigger": new.trigger.value,
        "scope": new.scope,
        "kinds": sorted(kind.value for kind in new.kinds),
        "full": new.full,
        "patches": new.patches,
        "source": new.source.value,
        "time_range_days": new.time_range_days,
        "priority": new.priority,
        "run_at": stamp(now),
        "turn_at": stamp(now),
        "attempt": 0,
        "failures": 0,
        "max_attempts": new.max_attempts,
        "retry_of": new.retry_of,
        "dedupe_key": new.dedupe_key,
        "route_rule": new.route_rule,
        "route_reason": new.route_reason,
        "route_policy": new.route_policy,
        "rollout_version": new.rollout_version,
        "engine": None if new.engine is None else new.engine.value,
        "principal": new.principal,
        "held_reason": new.held_reason,
        "item_count": new.item_count,
        "data_age_seconds": None if new.data_age_seconds is None else round(new.data_age_seconds),
        "is_eligible": new.is_eligible,
        "metadata": dict(new.metadata),
        "created_at": stamp(now),
    }


def job_of(row: Row[Any]) -> Job:
    """Make a job of its whole row."""
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's documented way to read by name
    same = {name: columns[name] for name in _JOB if name != "job_type"}
    return Job(
        **same,
        job_type=JobType(columns["job_type"]),
        processor=Processor(columns["processor_type"]),
        state=JobState(columns["status"]),
        forecast=_figures(columns, "forecast"),
        used=_figures(columns, "used"),
    )


def _figures(columns: Any, what: str) -> Figures | None:  # noqa: ANN401 - SQLAlchemy's row mapping
    if columns[f"{what}_requests"] is None:
        return None
    return Figures(columns[f"{what}_requests"], columns[f"{what}_points"], columns[f"{what}_ms"] / 1000)
