"""What settled jobs used and cost, and their outcomes as the rollout is judged by them: one row each a job."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert

from progressive_capture.domain.cost import PriceBook
from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import Counters, Outcome, Resources
from progressive_capture.domain.money import MICRO_USD
from progressive_capture.domain.rollout import FEATURE
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.values import PC_CAPTURE
from progressive_capture.store.tables import JOB_METRICS, ROLLOUT_METRICS

_METRIC: Final = JOB_METRICS.c
_ENDED_ILL: Final = frozenset({Outcome.FAILED, Outcome.DEAD})
_JUDGED_BY: Final = frozenset(
    {
        "processor_type",
        "is_eligible",
        "rollout_version",
        "success_count",
        "error_count",
        "counted",
        "error_class",
        "created_at",
    }
)
"""What a row of the rollout's says of an outcome, and where and when it was."""


@dataclass(frozen=True, slots=True)
class Use:
    """How a job ended, and what it used over all its attempts."""

    outcome: Outcome
    error_class: ErrorClass | None
    counters: Counters
    resources: Resources
    cost_micro_usd: int | None
    """What it added to the bills of paid engines, in millionths of a dollar; None when that is not known."""


def write_metrics(connection: Connection, job: Row[Any], use: Use, now: datetime, book: PriceBook | None) -> None:
    """Write a job's figures, in place of those of an attempt before.

    What `pc capture` ran by itself is no outcome of the rollout, and a cancellation takes back none: a job that failed
    before it was cancelled has failed.
    """
    micro_usd = use.cost_micro_usd
    _put(connection, JOB_METRICS, _figures(job, use, now) | {
        "cost_microusd": micro_usd,
        "price_book": None if book is None else book.name,
    })  # fmt: skip
    if job.route_rule != PC_CAPTURE:
        _put(connection, ROLLOUT_METRICS, _outcome(job, use, now) | {
            "cost_usd": None if micro_usd is None else micro_usd / MICRO_USD,
        }, kept=_JUDGED_BY if use.outcome is Outcome.CANCELLED else frozenset())  # fmt: skip


def rebook(
    connection: Connection, job_id: str, resources: Resources, micro_usd: int | None, book: PriceBook | None
) -> None:
    """Put what paid services told later into a job's figures; nothing while it has none."""
    changed = connection.execute(
        update(JOB_METRICS)
        .where(_METRIC.job_id == job_id)
        .values(
            runner_minutes=resources.runner_minutes,
            executions=resources.executions,
            cost_microusd=micro_usd,
            price_book=None if book is None else book.name,
        )
    )
    if changed.rowcount == 0:
        return
    cost_usd = None if micro_usd is None else micro_usd / MICRO_USD
    connection.execute(update(ROLLOUT_METRICS).where(ROLLOUT_METRICS.c.job_id == job_id).values(cost_usd=cost_usd))


def _figures(job: Row[Any], use: Use, now: datetime) -> dict[str, object]:
    counters, resources = use.counters, use.resources
    return {
        "job_id": job.id,
        "outcome": use.outcome.value,
        "processor_type": job.processor_type,
        "engine": job.engine,
        "requests": counters.requests,
        "points": counters.points,
        "ms": counters.busy_ms,
        "cpu_ms": resources.cpu_ms,
        "peak_memory_bytes": resources.peak_memory_bytes,
        "timeouts": counters.timeouts,
        "waits": counters.waits,
        "runner_minutes": resources.runner_minutes,
        "executions": resources.executions,
        "rows": counters.rows,
        "bytes_in": counters.bytes_in,
        "finished_at": stamp(now),
    }


def _outcome(job: Row[Any], use: Use, now: datetime) -> dict[str, object]:
    kind = use.error_class or ErrorClass.UNKNOWN
    ill = use.outcome in _ENDED_ILL
    counted = kind.counts_against_rollout if ill else use.outcome is Outcome.COMPLETED
    return {
        "job_id": job.id,
        "feature_name": FEATURE,
        "host_id": job.host_id,
        "repository_id": job.repository_id,
        "processor_type": job.processor_type,
        "is_eligible": job.is_eligible,
        "rollout_version": job.rollout_version,
        "success_count": int(use.outcome is Outcome.COMPLETED),
        "error_count": int(ill),
        "counted": counted,
        "average_processing_time": use.counters.busy_ms / 1000,
        "requests": use.counters.requests,
        "points": use.counters.points,
        "error_class": kind.value if ill else None,
        "created_at": stamp(now),
    }


def _put(connection: Connection, table: Table, values: dict[str, object], kept: frozenset[str] = frozenset()) -> None:
    """Write a job's row, or write all but what is `kept` anew."""
    connection.execute(_upsert(table, connection.dialect.name, frozenset(values), kept), values)


@cache
def _upsert(table: Table, dialect: str, names: frozenset[str], kept: frozenset[str]) -> Insert | sqlite.Insert:
    insert = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    new = {name: insert.excluded[name] for name in names - kept - {"job_id"}}
    return insert.on_conflict_do_update(index_elements=["job_id"], set_=new)
