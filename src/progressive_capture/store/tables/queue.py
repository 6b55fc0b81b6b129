"""The tables of what jobs used and of who runs duties and lanes; jobs and shards themselves stand in `work`."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from progressive_capture.domain.jobs import EngineName, Outcome, Processor
from progressive_capture.store.tables.base import METADATA, big, integer, one_of, own_time, text
from progressive_capture.store.types import JSON_OR_NULL, JSON_VALUE, SERIAL, UUID_TEXT

JOB_METRICS: Final = Table(
    "job_metrics",
    METADATA,
    Column("job_id", UUID_TEXT, ForeignKey("progressive_capture_jobs.id"), primary_key=True),
    text("outcome"),
    text("processor_type"),
    text("engine", null=True, info={"doc": "NULL when no engine ever ran it."}),
    integer("requests"),
    integer("points"),
    big("ms", info={"doc": "Time at work, without waits."}),
    big("cpu_ms"),
    big("peak_memory_bytes"),
    integer("timeouts"),
    integer("waits"),
    integer("runner_minutes", info={"doc": "As billed: each run's begun minute counts whole."}),
    integer("executions"),
    big("rows"),
    big("bytes_in"),
    big("cost_microusd", null=True, info={"doc": "Millionths of a US dollar; NULL when it is not known."}),
    text("price_book", null=True),
    own_time("finished_at"),
    one_of("outcome", Outcome),
    one_of("processor_type", Processor),
    one_of("engine", EngineName),
    Index("ix_job_metrics_finished_at", "finished_at"),
    Index("ix_job_metrics_engine", "engine", "finished_at"),
    info={"doc": "What each settled job used over all its attempts; written in the transaction that settles it."},
)

LEADER_LEASES: Final = Table(
    "leader_leases",
    METADATA,
    Column("name", Text, primary_key=True),
    text("holder"),
    own_time("until"),
    info={"doc": "Who alone does what only one process may do, and until when."},
)

DUTY_RUNS: Final = Table(
    "duty_runs",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    text("duty"),
    own_time("started_at"),
    own_time("finished_at", null=True),
    text("outcome", null=True),
    text("holder"),
    Column("result", JSON_OR_NULL, nullable=True),
    Index("ix_duty_runs_duty", "duty", "id"),
    info={"doc": "Every run of a recurring duty, with what it came to."},
)

WORKERS: Final = Table(
    "workers",
    METADATA,
    Column("holder", Text, primary_key=True),
    Column("lanes", JSON_VALUE, nullable=False, info={"doc": "Slots by lane, as JSON."}),
    own_time("started_at"),
    own_time("seen_at"),
    own_time("stopped_at", null=True),
    info={"doc": "Local workers: since when, last seen when, and when they stopped by themselves."},
)
