"""Runs of engines elsewhere: how many have yet to begin, and what those used that tell it only afterwards."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, exists, func, select, update
from sqlalchemy import text as clause
from sqlalchemy.dialects import postgresql, sqlite

from progressive_capture.domain.jobs import EngineName, JobState
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.leaving import Among
from progressive_capture.store.tables import ENGINE_RUNS, IS_RUNNING, IS_UNBOOKED, JOBS

_RUN: Final = ENGINE_RUNS.c


class UnbookedRun(NamedTuple):
    """A run whose use nobody has told yet."""

    job_id: str
    attempt: int
    engine: EngineName
    ref: str
    handed_over_at: str


def count_waiting(connection: Connection, engine: EngineName) -> int:
    """Count the jobs that an engine was handed and nobody has begun."""
    job = JOBS.c
    waiting = select(func.count()).where(
        clause(IS_RUNNING), job.engine == engine.value, job.status == JobState.DISPATCHED.value
    )
    return connection.scalar(waiting) or 0


def count_small(connection: Connection, engine: EngineName) -> int:
    """Count the small jobs that an engine has, begun or not: each has a run, which takes others when it is done."""
    small = Among(is_small=True).conditions
    counted = select(func.count()).where(clause(IS_RUNNING), JOBS.c.engine == engine.value, *small)
    return connection.scalar(counted) or 0


def remember(connection: Connection, run: UnbookedRun, ask_at: datetime) -> None:
    """Remember a run, to ask later what it used; one that did the work of another job too belongs to that one alone."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(ENGINE_RUNS).values(run._asdict() | {"engine": run.engine.value, "ask_at": stamp(ask_at)})
    connection.execute(new.on_conflict_do_nothing())


def unbooked(connection: Connection, now: datetime, limit: int) -> list[UnbookedRun]:
    """Return runs whose engine is to be asked now what they used, those first that wait longest.

    Not those that are under way, as far as the job knows.
    """
    at_work = JOBS.c.status.in_([JobState.DISPATCHED.value, JobState.PROCESSING.value])
    is_under_way = exists().where(JOBS.c.id == _RUN.job_id, JOBS.c.attempt == _RUN.attempt, at_work)
    found = connection.execute(
        select(*(_RUN[name] for name in UnbookedRun._fields))
        .where(clause(IS_UNBOOKED), _RUN.ask_at <= stamp(now), ~is_under_way)
        .order_by(_RUN.ask_at, _RUN.job_id, _RUN.attempt)
        .limit(limit)
    )
    return [UnbookedRun(row.job_id, row.attempt, EngineName(row.engine), row.ref, row.handed_over_at) for row in found]


def ask_later(connection: Connection, run: UnbookedRun, at: datetime | None) -> None:
    """Ask again at a time; None: never."""
    connection.execute(update(ENGINE_RUNS).where(*_that(run)).values(ask_at=None if at is None else stamp(at)))


def close(connection: Connection, run: UnbookedRun, *, runner_minutes: int, executions: int) -> bool:
    """Note what a run used; False when somebody else has."""
    told = update(ENGINE_RUNS).where(*_that(run), clause(IS_UNBOOKED))
    values = {"ask_at": None, "runner_minutes": runner_minutes, "executions": executions}
    return connection.execute(told.values(values)).rowcount == 1


def _that(run: UnbookedRun) -> tuple[ColumnElement[bool], ...]:
    return (_RUN.job_id == run.job_id, _RUN.attempt == run.attempt)
