"""Jobs as lines of lists, claims and decisions: one job, a page of many, how many; nothing is changed here."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, select, tuple_
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import EngineName, JobState, JobType, Processor, Trigger
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.values import JobFilter, JobLine
from progressive_capture.store.tables import IS_CLAIMABLE, IS_HELD, JOBS

_RENAMED: Final = {"processor": "processor_type", "state": "status"}
_COLUMNS: Final = [JOBS.c[_RENAMED.get(each.name, each.name)] for each in fields(JobLine)]
_JOB: Final = JOBS.c

_BATCH: Final = 500
"""Ids that one statement names."""

Place = tuple[str, str]
"""Where a page of a list ends: `created_at` and id of its last job."""


def lines() -> Select[Any]:
    """Select jobs as lines."""
    return select(*_COLUMNS)


def line_of(row: Row[Any]) -> JobLine:
    """Make a line of a row that `lines` selected."""
    values: dict[str, Any] = dict(zip((each.name for each in fields(JobLine)), row, strict=True))
    engine = values["engine"]
    typed = {
        "job_type": JobType(values["job_type"]),
        "processor": Processor(values["processor"]),
        "state": JobState(values["state"]),
        "trigger": Trigger(values["trigger"]),
        "engine": None if engine is None else EngineName(engine),
    }
    return JobLine(**(values | typed))


def find_line(connection: Connection, job_id: str) -> JobLine | None:
    """Return one job, None when there is none of that id."""
    row = connection.execute(lines().where(_JOB.id == job_id)).one_or_none()
    return None if row is None else line_of(row)


def page_of_jobs(connection: Connection, wanted: JobFilter, after: Place | None, size: int) -> list[JobLine]:
    """Return at most `size` jobs, the newest first, from behind the place where the page before ended."""
    statement = lines().where(*conditions(wanted)).order_by(_JOB.created_at.desc(), _JOB.id.desc()).limit(size)
    if after is not None:
        place = tuple_(literal(after[0], _JOB.created_at.type), literal(after[1], _JOB.id.type))
        statement = statement.where(tuple_(_JOB.created_at, _JOB.id) < place)
    return [line_of(row) for row in connection.execute(statement)]


def count_jobs(connection: Connection, wanted: JobFilter, most: int | None) -> int:
    """Count the jobs that a filter means, no further than `most`; None: all of them."""
    counted = select(_JOB.id).where(*conditions(wanted)).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(counted)) or 0


def in_line(connection: Connection, lane: Processor, size: int, *, due_at: datetime | None = None) -> list[JobLine]:
    """Return jobs that wait in a lane, due or not, or due at a time, in the order in which they are claimed."""
    statement = lines().where(clause(IS_CLAIMABLE), _JOB.processor_type == lane.value).order_by(*turn()).limit(size)
    if due_at is not None:
        statement = statement.where(_JOB.run_at <= stamp(due_at))
    return [line_of(row) for row in connection.execute(statement)]


def held_jobs(connection: Connection, after: Place | None, size: int) -> list[JobLine]:
    """Return jobs that no processor was open to, the oldest first, from behind a place."""
    statement = lines().where(clause(IS_HELD)).order_by(_JOB.created_at, _JOB.id).limit(size)
    if after is not None:
        place = tuple_(literal(after[0], _JOB.created_at.type), literal(after[1], _JOB.id.type))
        statement = statement.where(tuple_(_JOB.created_at, _JOB.id) > place)
    return [line_of(row) for row in connection.execute(statement)]


def cancelled_runs(connection: Connection, job_ids: Sequence[str]) -> list[tuple[EngineName, str]]:
    """Return by what each engine knows the newest run of cancelled jobs; none of a job that had none."""
    found = []
    for first in range(0, len(job_ids), _BATCH):
        among = _JOB.id.in_(job_ids[first : first + _BATCH])
        runs = select(_JOB.engine, _JOB.engine_run_ref).where(
            among, _JOB.status == JobState.CANCELLED.value, _JOB.engine.is_not(None), _JOB.engine_run_ref.is_not(None)
        )
        found += [(EngineName(engine), ref) for engine, ref in connection.execute(runs)]
    return found


def turn() -> tuple[ColumnElement[Any], ...]:
    """Return the order of claims: priority, then its place in line."""
    return (_JOB.priority.desc(), _JOB.turn_at, _JOB.id)


def conditions(wanted: JobFilter) -> list[ColumnElement[bool]]:
    """Return what a filter asks of a job."""
    chosen = [
        (_JOB.status, wanted.states),
        (_JOB.processor_type, wanted.processors),
        (_JOB.job_type, wanted.job_types),
        (_JOB.trigger, wanted.triggers),
    ]
    found: list[ColumnElement[bool]] = [_any_of(column, words) for column, words in chosen if words]
    equal = [
        (_JOB.host_id, wanted.host_id),
        (_JOB.repository_id, wanted.repository_id),
        (_JOB.error_class, wanted.error_class),
    ]
    found += [column == value for column, value in equal if value is not None]
    if wanted.created_from is not None:
        found.append(_JOB.created_at >= stamp(wanted.created_from))
    if wanted.created_before is not None:
        found.append(_JOB.created_at < stamp(wanted.created_before))
    return found


def _any_of(column: Any, words: frozenset[Any]) -> ColumnElement[bool]:  # noqa: ANN401 - columns of text
    (first, *rest) = sorted(word.value for word in words)
    # One word as an equation: an index that begins with it then also gives the order.
    return and_(column == first) if not rest else column.in_([first, *rest])
