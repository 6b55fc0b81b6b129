"""What engines used this month and what is under way, which quotas and prices reckon with; nothing is changed here."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Label, bindparam, case, func, select
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import EngineName
from progressive_capture.domain.quotas import Usage
from progressive_capture.domain.savings import STEP_MS
from progressive_capture.domain.scope import stamp
from progressive_capture.store.tables import ENGINE_USAGE, IS_RUNNING, JOB_SHARDS, JOBS

_USAGE: Final = ENGINE_USAGE.c
_JOB: Final = JOBS.c
_SHARD: Final = JOB_SHARDS.c
_OF_MONTH: Final = select(_USAGE.runner_minutes, _USAGE.executions, _USAGE.cost_microusd).where(
    _USAGE.engine == bindparam("of_engine"), _USAGE.month == bindparam("of_month")
)


class UnderWay(NamedTuple):
    """What jobs that an engine was given, and that have not settled, will use beyond what they have used already.

    By their forecasts, and of each job one at least: also of those that nobody has begun, which have no forecast.
    """

    jobs: int
    runner_minutes: int
    """Of each job the begun minute counts whole."""
    executions: int
    """Of each job a run, and its steps."""


def month_of(now: datetime) -> str:
    """Name the calendar month (UTC) as the sums of engines do."""
    return stamp(now)[: len("2026-01")]


def month_usage(connection: Connection, engine: EngineName, now: datetime) -> Usage:
    """Return what an engine elsewhere used in this calendar month (UTC), as far as it was told.

    A cost that is not known counts as nothing. What this machine uses is not added up.
    """
    row = connection.execute(_OF_MONTH, {"of_engine": engine.value, "of_month": month_of(now)}).one_or_none()
    return Usage() if row is None else Usage(*row)


def under_way(connection: Connection, engine: EngineName) -> UnderWay:
    """Return what an engine's dispatched and processing jobs are expected to use still."""
    minutes = (_JOB.forecast_ms + 59_999) // 60_000
    steps = (_JOB.forecast_ms + STEP_MS - 1) // STEP_MS
    each = (
        select(_left(minutes, "runner_minutes"), _left(1 + steps, "executions"))
        .where(clause(IS_RUNNING), _JOB.engine == engine.value)
        .subquery()
    )
    sums = [func.coalesce(func.sum(case((left > 1, left), else_=1)), 0) for left in each.c]
    return UnderWay(*(int(total) for total in connection.execute(select(func.count(), *sums).select_from(each)).one()))


def _left(expected: ColumnElement[int], name: str) -> Label[int]:
    used = select(func.coalesce(func.sum(_SHARD[name]), 0)).where(_SHARD.job_id == _JOB.id).scalar_subquery()
    return (func.coalesce(expected, 0) - used).label(name)
