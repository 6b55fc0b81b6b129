"""The tables of the rollout: its settings, every change of them, and the outcomes that judge it."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Float, ForeignKey, Index, Table

from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.rollout import Strategy
from progressive_capture.store.tables.base import METADATA, big, flag, host_key, integer, one_of, own_time, text
from progressive_capture.store.tables.rollout_triggers import attach
from progressive_capture.store.types import JSON_OR_NULL, JSON_VALUE, SERIAL, UUID_TEXT


def _percentage(name: str) -> CheckConstraint:
    return CheckConstraint(f"{name} >= 0 AND {name} <= 100", name=name)


ROLLOUT_CONFIGURATION: Final = Table(
    "rollout_configuration",
    METADATA,
    Column("id", UUID_TEXT, primary_key=True),
    text("feature_name", unique=True),
    Column("rollout_percentage", Float, nullable=True),
    text("rollout_strategy", null=True),
    flag("is_active"),
    flag("emergency_stop"),
    flag("auto_rollback_enabled", null=True),
    Column("max_error_rate", Float, nullable=True),
    Column("monitoring_window_hours", Float, nullable=True),
    Column("target_repositories", JSON_VALUE, nullable=False, info={"doc": "The whitelist: repository ids."}),
    Column("excluded_repositories", JSON_VALUE, nullable=False, info={"doc": "Repository ids."}),
    flag("whitelist_closed"),
    own_time("rolled_back_at", null=True),
    Column("size_shares", JSON_OR_NULL, nullable=True, info={"doc": "What repository_size admits of each category."}),
    Column("before_stop", JSON_OR_NULL, nullable=True, info={"doc": "What `resume` restores."}),
    integer("version", info={"doc": "Rises by one with every change, whoever makes it and whatever is written here."}),
    Column("change_id", UUID_TEXT, nullable=True, info={"doc": "New with every change by the program."}),
    text("change_action", null=True),
    text("changed_by", null=True),
    text("changed_reason", null=True),
    Column("change_evidence", JSON_OR_NULL, nullable=True),
    own_time("changed_at"),
    one_of("rollout_strategy", Strategy),
    _percentage("rollout_percentage"),
    _percentage("max_error_rate"),
    CheckConstraint("monitoring_window_hours > 0", name="monitoring_window_hours"),
    info={"doc": "The rollout's settings, one row for each feature; one that is NULL is set elsewhere."},
)

ROLLOUT_HISTORY: Final = Table(
    "rollout_history",
    METADATA,
    Column("id", SERIAL, primary_key=True),
    text("feature_name"),
    integer("version"),
    own_time("at"),
    text("action"),
    text("who"),
    text("reason"),
    Column("evidence", JSON_OR_NULL, nullable=True),
    Column("before", JSON_OR_NULL, nullable=True),
    Column("after", JSON_VALUE, nullable=False),
    Index("ix_rollout_history_feature_name", "feature_name", "id"),
    info={"doc": "Every change of the rollout's settings, written by triggers; rows are only added."},
)

ROLLOUT_METRICS: Final = Table(
    "rollout_metrics",
    METADATA,
    Column("job_id", UUID_TEXT, ForeignKey("progressive_capture_jobs.id"), primary_key=True),
    text("feature_name"),
    host_key(),
    big("repository_id"),
    text("processor_type"),
    flag("is_eligible", null=True),
    integer("rollout_version", null=True),
    integer("success_count"),
    integer("error_count"),
    flag("counted"),
    Column("average_processing_time", Float, nullable=False, info={"doc": "Seconds."}),
    integer("requests"),
    integer("points"),
    Column("cost_usd", Float, nullable=True, info={"doc": "NULL when it is not known."}),
    text("error_class", null=True),
    own_time("created_at", info={"doc": "When the job last settled."}),
    one_of("processor_type", Processor),
    Index("ix_rollout_metrics_created_at", "feature_name", "created_at"),
    info={"doc": "The last outcome of every job that the rollout routed; what counts for its judgement is marked."},
)

attach(ROLLOUT_CONFIGURATION, ROLLOUT_HISTORY)
