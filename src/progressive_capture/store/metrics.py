"""What engines used this month and what is under way, which quotas and prices reckon with; nothing is changed here."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, func, select
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.quotas import Usage
from progressive_capture.domain.scope import stamp
from progressive_capture.store.tables import ENGINE_USAGE, IS_RUNNING, JOB_METRICS, JOBS

_USAGE: Final = ENGINE_USAGE.c
_SUMS: Final = ("runner_minutes", "executions", "cost_microusd")


class UnderWay(NamedTuple):
    """Jobs that were handed to an engine and have not settled, with what they were expected to use."""

    jobs: int
    unknown: int
    """How many of them have no forecast yet: the other figures are without them."""
    requests: int
    points: int
    ms: int
    minutes: int
    """Of each job the begun minute counts whole."""


def month_usage(connection: Connection, engine: EngineName, now: datetime, *, without: str | None = None) -> Usage:
    """Return what an engine elsewhere used for jobs that settled in this calendar month (UTC), but for one of them.

    A cost that is not known counts as nothing. What this machine uses is not added up.
    """
    month = stamp(now)[: len("2026-01")]
    of_month = (_USAGE.engine == engine.value, _USAGE.month == month)
    total = _usage(connection, select(*(_USAGE[name] for name in _SUMS)).where(*of_month))
    if without is None:
        return total
    used = JOB_METRICS.c
    own = select(*(used[name] for name in _SUMS)).where(used.job_id == without, used.engine == engine.value)
    return total - _usage(connection, own.where(used.finished_at >= f"{month}-01T00:00:00.000000Z"))


def _usage(connection: Connection, figures: Select[Any]) -> Usage:
    row = connection.execute(figures).one_or_none()
    return Usage() if row is None else Usage(*(figure or 0 for figure in row))


def under_way(connection: Connection, engine: EngineName, *, lane: Processor | None = None) -> UnderWay:
    """Return what an engine's dispatched and processing jobs were forecast to use."""
    job = JOBS.c
    minutes = (job.forecast_ms + 59_999) // 60_000
    figures: list[Any] = [job.forecast_requests, job.forecast_points, job.forecast_ms, minutes]
    statement = select(
        func.count(),
        func.count() - func.count(job.forecast_ms),
        *(func.coalesce(func.sum(each), 0) for each in figures),
    ).where(clause(IS_RUNNING), job.engine == engine.value)
    if lane is not None:
        statement = statement.where(job.processor_type == lane.value)
    return UnderWay(*(int(total) for total in connection.execute(statement).one()))
