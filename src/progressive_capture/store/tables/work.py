"""The tables of jobs, their shards and events, and of the budgets that all processes share."""

from dataclasses import fields
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, SmallInteger, Table
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import (
    OPEN,
    Counters,
    EngineName,
    JobState,
    JobType,
    Processor,
    ShardState,
    Trigger,
)
from progressive_capture.domain.scope import SourceChoice
from progressive_capture.store.tables.base import (
    METADATA,
    big,
    flag,
    host_key,
    integer,
    key,
    one_of,
    own_time,
    text,
)
from progressive_capture.store.types import JSON_VALUE, SERIAL, UUID_TEXT

IS_OPEN: Final = "status IN ({})".format(", ".join(f"'{state}'" for state in JobState if state in OPEN))
"""The condition of the partial unique index: the upsert that opens a job repeats it word for word."""

IS_CLAIMABLE: Final = "status IN ('pending', 'failed') AND held_reason IS NULL AND route_rule <> 'pc-capture'"
"""Jobs that workers may take: not those that no processor is open to, nor what `pc capture` runs by itself."""

IS_RUNNING: Final = "status IN ('dispatched', 'processing')"
IS_HELD: Final = "status = 'pending' AND held_reason IS NOT NULL"
IS_COMPLETED: Final = "status = 'completed'"

_METERED: Final = frozenset({"cpu_ms", "peak_memory_bytes", "executions", "runner_minutes"})
"""Counters that came to shards later: those stored before have 0."""


def _figures(what: str) -> list[Column[Any]]:
    return [
        integer(f"{what}_requests", null=True),
        integer(f"{what}_points", null=True),
        big(f"{what}_ms", null=True),
    ]


JOBS: Final = Table(
    "progressive_capture_jobs",
    METADATA,
    Column("id", UUID_TEXT, primary_key=True),
    text("job_type"),
    Column("host_id", SmallInteger, nullable=False),
    big("repository_id"),
    text("repository_name", info={"doc": "owner/name as it was asked for."}),
    text("processor_type"),
    text("status"),
    text("trigger"),
    text("scope"),
    Column("kinds", JSON_VALUE, nullable=False),
    flag("full"),
    flag("patches"),
    text("source"),
    integer("time_range_days", null=True),
    integer("priority"),
    own_time("run_at", info={"doc": "Not before this time."}),
    integer("attempt"),
    integer("failures"),
    integer("max_attempts"),
    Column("retry_of", UUID_TEXT, ForeignKey("progressive_capture_jobs.id"), nullable=True),
    text("dedupe_key"),
    own_time("rerun_requested_at", null=True),
    text("route_rule", null=True),
    text("route_reason", null=True),
    text("route_policy", null=True),
    integer("rollout_version", null=True),
    text("engine", null=True, info={"doc": "What truly ran it."}),
    text("engine_run_ref", null=True),
    big("workflow_run_id", null=True),
    text("principal", null=True),
    Column("metadata", JSON_VALUE, nullable=False),
    text("error", null=True),
    *_figures("forecast"),
    *_figures("used"),
    own_time("created_at"),
    own_time("dispatched_at", null=True),
    own_time("dispatch_deadline", null=True),
    own_time("started_at", null=True),
    own_time("completed_at", null=True),
    own_time("cancel_requested_at", null=True),
    own_time("turn_at", null=True, info={"doc": "Its place in line within its priority; no time to wait for."}),
    text("held_reason", null=True, info={"doc": "Why no processor may take it now."}),
    text("error_class", null=True),
    integer("item_count", null=True, info={"doc": "Pull requests that routing reckoned with."}),
    big("data_age_seconds", null=True, info={"doc": "Age of the oldest change wanted, as routing knew it."}),
    flag("is_eligible", null=True),
    one_of("job_type", JobType),
    one_of("processor_type", Processor),
    one_of("status", JobState),
    one_of("trigger", Trigger),
    one_of("source", SourceChoice),
    one_of("engine", EngineName),
    info={"doc": "Jobs: the system of record, and the outbox."},
)

Index(
    "uq_progressive_capture_jobs_dedupe_key",
    JOBS.c.dedupe_key,
    unique=True,
    sqlite_where=clause(IS_OPEN),
    postgresql_where=clause(IS_OPEN),
)

Index("ix_progressive_capture_jobs_retry_of", JOBS.c.retry_of)


def _partial(name: str, condition: str, *columns: Any) -> None:  # noqa: ANN401 - columns, and orders of them
    where = clause(condition)
    Index(f"ix_progressive_capture_jobs_{name}", *columns, sqlite_where=where, postgresql_where=where)


_JOB: Final = JOBS.c
_partial("line", IS_CLAIMABLE, _JOB.processor_type, _JOB.priority.desc(), _JOB.turn_at, _JOB.id, _JOB.run_at)
_partial("turns", IS_OPEN, _JOB.repository_id, _JOB.host_id, _JOB.processor_type, _JOB.turn_at)
_partial("running", IS_RUNNING, _JOB.engine, _JOB.id)
_partial("held", IS_HELD, _JOB.created_at, _JOB.id)
_partial("throttle", IS_COMPLETED, _JOB.dedupe_key, _JOB.completed_at)
Index("ix_progressive_capture_jobs_created_at", _JOB.created_at, _JOB.id)
Index("ix_progressive_capture_jobs_status", _JOB.status, _JOB.created_at, _JOB.id)
Index("ix_progressive_capture_jobs_repository", _JOB.repository_id, _JOB.host_id, _JOB.created_at, _JOB.id)

JOB_SHARDS: Final = Table(
    "job_shards",
    METADATA,
    Column("job_id", UUID_TEXT, ForeignKey("progressive_capture_jobs.id"), primary_key=True),
    Column("k", Integer, primary_key=True, autoincrement=False),
    text("spec", info={"doc": "What it is to do, as JSON."}),
    text("state"),
    integer("attempt"),
    text("claimed_by", null=True),
    own_time("lease_until", null=True),
    integer("lease_epoch", info={"doc": "Rises with every claim; commits are fenced by it."}),
    text("checkpoint", null=True, info={"doc": "What is done, with pending follow-ups, as JSON."}),
    text("error", null=True),
    *(big(counter.name) for counter in fields(Counters) if counter.name not in _METERED),
    *(big(name, server_default="0") for name in sorted(_METERED)),
    Column(
        "cost_microusd",
        BigInteger,
        nullable=True,
        server_default="0",
        info={"doc": "What it added to bills, in millionths of a US dollar; NULL when that is not known."},
    ),
    text("error_class", null=True),
    one_of("state", ShardState),
    info={"doc": "The parts of a job; each is worked on by one holder at a time."},
)

JOB_EVENTS: Final = Table(
    "job_events",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    Column("job_id", UUID_TEXT, ForeignKey("progressive_capture_jobs.id"), nullable=False),
    integer("k", null=True, info={"doc": "The shard concerned; NULL for the job."}),
    own_time("at"),
    text("event"),
    text("who", null=True),
    text("detail", null=True),
    Index("ix_job_events_job_id", "job_id", "id"),
    info={"doc": "What happened to jobs; rows are only added."},
)

PRINCIPALS: Final = Table(
    "principals",
    METADATA,
    host_key(),
    text("fingerprint", info={"doc": "SHA-256 of the token in hex; the token itself is nowhere."}),
    text("principal"),
    own_time("seen_at"),
    key("fingerprint"),
    info={"doc": "Whom a token's budget belongs to."},
)

BUDGETS: Final = Table(
    "budgets",
    METADATA,
    host_key(),
    text("principal"),
    text("resource"),
    integer("limit", null=True, info={"doc": "0 when that server has no limits."}),
    integer("remaining", null=True),
    integer("reserved", info={"doc": "Points of requests that are in flight."}),
    own_time("reset_at", null=True),
    own_time("observed_at", null=True),
    own_time("paused_until", null=True),
    text("reason", null=True),
    own_time("next_at", null=True, info={"doc": "When the next request is due at an even pace."}),
    key("principal", "resource"),
    info={"doc": "What GitHub said of each principal's budgets, and what is promised of them."},
)

SLOTS: Final = Table(
    "slots",
    METADATA,
    host_key(),
    text("principal"),
    text("holder", null=True),
    text("resource", null=True),
    integer("cost"),
    own_time("lease_until", null=True),
    own_time("expected_end", null=True),
    text("turn_holder", null=True),
    own_time("turn_ends_at", null=True),
    text("next_holder", null=True),
    own_time("next_until", null=True),
    own_time("paused_until", null=True),
    text("reason", null=True),
    key("principal"),
    info={"doc": "The one request in flight of each principal, and who is next."},
)
