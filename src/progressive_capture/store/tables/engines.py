"""The tables of what is known of engines elsewhere: whether they answer, and which runs are yet to be booked."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import EngineName
from progressive_capture.store.tables.base import METADATA, integer, one_of, own_time, text
from progressive_capture.store.types import UUID_TEXT

IS_UNBOOKED: Final = "ask_at IS NOT NULL"
"""Runs whose use nobody has told yet."""

ENGINE_BREAKERS: Final = Table(
    "engine_breakers",
    METADATA,
    Column("engine", Text, primary_key=True),
    integer("failures", info={"doc": "Requests without an answer since the last one that had one."}),
    integer("trips", info={"doc": "Times that it opened since a job was last taken."}),
    own_time("until", null=True, info={"doc": "When the engine may be tried; NULL while it is not left alone."}),
    text("why", null=True, info={"doc": "What the last request without an answer came to."}),
    own_time("changed_at"),
    one_of("engine", EngineName),
    info={"doc": "Whether engines elsewhere answer: one that does not is left alone for a while, by all processes."},
)

ENGINE_RUNS: Final = Table(
    "engine_runs",
    METADATA,
    Column("job_id", UUID_TEXT, ForeignKey("progressive_capture_jobs.id"), primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    text("engine"),
    text("ref", info={"doc": "What the engine knows the run by."}),
    own_time("handed_over_at"),
    own_time("ask_at", null=True, info={"doc": "When the engine is asked what it used; NULL once nothing is left."}),
    integer("runner_minutes", null=True, info={"doc": "As billed; NULL where the engine never told."}),
    integer("executions", null=True),
    one_of("engine", EngineName),
    Index("uq_engine_runs_ref", "engine", "ref", unique=True),
    Index("ix_engine_runs_ask_at", "ask_at", sqlite_where=clause(IS_UNBOOKED), postgresql_where=clause(IS_UNBOOKED)),
    info={"doc": "Runs of engines that tell only afterwards what they used; each attempt of a job has its own."},
)
