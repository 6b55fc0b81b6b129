"""Opening jobs, finding them and moving them through their life; their shards stand beside it."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update
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


def open_job(connection: Connection, new: NewJob, now: datetime) -> Job:
    """Take the open job of the same key, or insert this one with its shard 0; two processes get the same job."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(JOBS)
        .values(_values(new, now))
        .on_conflict_do_nothing(index_elements=["dedupe_key"], index_where=clause(IS_OPEN))
        .returning(JOBS.c.id)
    )
    if connection.scalar(statement) is not None:
        add_shard(connection, new.id, 0, new.spec)
        record_event(connection, new.id, now, "opened", who=new.trigger, detail=new.dedupe_key)
        return get(connection, new.id)
    # The other transaction's row is visible now: the insertion waited for its end.
    found = find_open(connection, new.dedupe_key)
    return found if found is not None else open_job(connection, new, now)


def find_open(connection: Connection, dedupe_key: str) -> Job | None:
    """Return the open job of a key, if there is one."""
    # In the index's own words: bound parameters would keep SQLite from using a partial index.
    row = connection.execute(select(JOBS).where(JOBS.c.dedupe_key == dedupe_key, clause(IS_OPEN))).one_or_none()
    return None if row is None else _job(row)


def get(connection: Connection, job_id: str) -> Job:
    """Return a job that exists."""
    return _job(connection.execute(select(JOBS).where(JOBS.c.id == job_id)).one())


def set_forecast(connection: Connection, job_id: str, figures: Figures) -> None:
    """Note what the job is expected to use."""
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(figures_values("forecast", figures)))


def move_job(connection: Connection, job_id: str, to: JobState, now: datetime, **values: Any) -> bool:  # noqa: ANN401 - columns of many types
    """Move a job to a state that the life cycle allows from where it is, with one event.

    Returns:
        Whether it moved: False from any other state.
    """
    before = [state.value for state in sorted(states_before(to))]
    moved = connection.execute(
        update(JOBS).where(JOBS.c.id == job_id, JOBS.c.status.in_(before)).values(status=to.value, **values)
    )
    if moved.rowcount == 0:
        return False
    record_event(connection, job_id, now, to.value, detail=values.get("error"))
    return True


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
    """Add a line to the job's history."""
    connection.execute(
        insert(JOB_EVENTS).values(job_id=job_id, k=k, at=stamp(now), event=event, who=who, detail=detail)
    )


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


def _values(new: NewJob, now: datetime) -> dict[str, object]:
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
        "metadata": dict(new.metadata),
        "created_at": stamp(now),
    }


def _job(row: Row[Any]) -> Job:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's documented way to read by name
    same = {name: columns[name] for name in _JOB if name != "job_type"}
    return Job(
        **same,
        job_type=JobType(columns["job_type"]),
        state=JobState(columns["status"]),
        forecast=_figures(columns, "forecast"),
        used=_figures(columns, "used"),
    )


def _figures(columns: Any, what: str) -> Figures | None:  # noqa: ANN401 - SQLAlchemy's row mapping
    if columns[f"{what}_requests"] is None:
        return None
    return Figures(columns[f"{what}_requests"], columns[f"{what}_points"], columns[f"{what}_ms"] / 1000)
