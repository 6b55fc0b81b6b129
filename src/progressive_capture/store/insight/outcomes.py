"""Statements about what settled jobs used and how they ended, over all of them in a span of time; nothing changes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select
from sqlalchemy import text as clause

from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import EngineName, JobState, Outcome, Processor
from progressive_capture.domain.rollout import FEATURE
from progressive_capture.domain.scope import stamp
from progressive_capture.domain.verdict import Outcomes
from progressive_capture.store.tables import IS_OPEN, JOB_METRICS, JOBS, ROLLOUT_METRICS

_SUMMED: Final = (
    "requests",
    "points",
    "ms",
    "cpu_ms",
    "timeouts",
    "waits",
    "runner_minutes",
    "executions",
    "rows",
    "bytes_in",
    "cost_microusd",
)

_USED: Final = JOB_METRICS.c
_ALIKE: Final = (_USED.processor_type, _USED.engine, _USED.outcome, _USED.price_book)
_FINISHED: Final = _USED.finished_at.type
_TOTALS: Final = (
    select(
        *_ALIKE,
        func.count(),
        func.count().filter(_USED.cost_microusd.is_(None)),
        func.coalesce(func.max(_USED.peak_memory_bytes), 0),
        *(func.coalesce(func.sum(_USED[name]), 0) for name in _SUMMED),
    )
    .where(
        _USED.finished_at >= bindparam("begin", type_=_FINISHED), _USED.finished_at < bindparam("end", type_=_FINISHED)
    )
    .group_by(*_ALIKE)
)
"""Made once: a sum over a month of nothing takes less time than making its statement."""


class Totals(NamedTuple):
    """What the jobs that ended alike used together."""

    processor: Processor
    engine: EngineName | None
    outcome: Outcome
    price_book: str | None
    jobs: int
    unpriced: int
    """Jobs whose cost is not known: `cost_microusd` is of the others."""
    peak_memory_bytes: int
    requests: int
    points: int
    ms: int
    cpu_ms: int
    timeouts: int
    waits: int
    runner_minutes: int
    executions: int
    rows: int
    bytes_in: int
    cost_microusd: int


class Sample(NamedTuple):
    """One settled job, as far as its speed is concerned."""

    processor: Processor
    engine: EngineName | None
    outcome: Outcome
    route_rule: str | None
    created_at: str
    started_at: str | None
    finished_at: str
    ms: int


class Ended(NamedTuple):
    """How one processor's jobs ended."""

    processor: Processor
    outcomes: Outcomes


class Failures(NamedTuple):
    """Jobs that failed alike."""

    processor: Processor
    error_class: str | None
    state: JobState
    """`failed` awaits its retry, `dead` is final."""
    jobs: int
    last_at: str | None
    example: str | None
    """What one of them said."""


def totals(connection: Connection, since: datetime, until: datetime) -> list[Totals]:
    """Sum what jobs used that settled from `since`, before `until`: all of them, whatever the API host."""
    span = {"begin": stamp(since), "end": stamp(until)}
    return [_totals(row) for row in connection.execute(_TOTALS, span)]


def samples(connection: Connection, host_id: int, since: datetime, limit: int) -> list[Sample]:
    """Return the jobs of a host that settled since then, the newest first, at most `limit`."""
    used, job = JOB_METRICS.c, JOBS.c
    found = connection.execute(
        select(
            used.processor_type,
            used.engine,
            used.outcome,
            job.route_rule,
            job.created_at,
            job.started_at,
            used.finished_at,
            used.ms,
        )
        .join(JOBS, job.id == used.job_id)
        .where(used.finished_at >= stamp(since), job.host_id == host_id)
        .order_by(used.finished_at.desc(), used.job_id)
        .limit(limit)
    )
    return [
        Sample(Processor(processor), engine and EngineName(engine), Outcome(outcome), *rest)
        for processor, engine, outcome, *rest in found
    ]


def ended(connection: Connection, host_id: int, since: datetime) -> list[Ended]:
    """Count how the queue's jobs of a host ended since then, by processor; counted as the rollout's are."""
    metric = ROLLOUT_METRICS.c
    found = connection.execute(
        select(
            metric.processor_type,
            func.count().filter(metric.counted, metric.success_count > 0),
            func.count().filter(metric.counted, metric.error_count > 0),
            func.count().filter(~metric.counted),
            func.count().filter(metric.counted, metric.error_class == ErrorClass.TIMEOUT.value),
        )
        .where(metric.feature_name == FEATURE, metric.created_at >= stamp(since), metric.host_id == host_id)
        .group_by(metric.processor_type)
    )
    return [Ended(Processor(processor), Outcomes(*counts)) for processor, *counts in found]


def failures(connection: Connection, host_id: int, since: datetime) -> list[Failures]:
    """Count jobs that died since then, and those that await a retry now, by what stopped them."""
    used, job = JOB_METRICS.c, JOBS.c
    alike = (job.processor_type, job.error_class, job.status)
    told = select(*alike, func.count(), func.max(job.completed_at), func.max(job.error))
    # By their metrics, of which there are few in the window; dead jobs are kept for ever.
    dead = (
        told.join(JOB_METRICS, used.job_id == job.id)
        .where(used.finished_at >= stamp(since), used.outcome == Outcome.DEAD.value, job.host_id == host_id)
        .group_by(*alike)
    )
    failed = told.where(clause(IS_OPEN), job.status == JobState.FAILED.value, job.host_id == host_id).group_by(*alike)
    return [_failures(row) for statement in (dead, failed) for row in connection.execute(statement)]


def _totals(row: Iterable[Any]) -> Totals:
    processor, engine, outcome, book, *numbers = row
    # PostgreSQL sums big integers as numeric.
    counts = [int(number) for number in numbers]
    return Totals(Processor(processor), engine and EngineName(engine), Outcome(outcome), book, *counts)


def _failures(row: Iterable[Any]) -> Failures:
    processor, error_class, state, *rest = row
    return Failures(Processor(processor), error_class, JobState(state), *rest)
