"""What engines used this month and what is under way, which quotas and prices reckon with; nothing is changed here."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.quotas import Usage
from progressive_capture.domain.scope import stamp
from progressive_capture.store.tables import IS_RUNNING, JOB_METRICS, JOBS


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
    """Return what an engine's jobs used that settled in this calendar month (UTC), but for one.

    A cost that is not known counts as nothing.
    """
    used = JOB_METRICS.c
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    sums = [func.coalesce(func.sum(used[name]), 0) for name in ("runner_minutes", "executions", "cost_microusd")]
    statement = select(*sums).where(used.engine == engine.value, used.finished_at >= stamp(month))
    if without is not None:
        statement = statement.where(used.job_id != without)
    return Usage(*(int(total) for total in connection.execute(statement).one()))


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
