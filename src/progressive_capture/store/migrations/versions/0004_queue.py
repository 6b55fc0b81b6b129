"""What the hybrid queue, the rollout and tracked repositories need; jobs of before keep their place in line."""

import uuid
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from progressive_capture.store.tables.rollout_triggers import rollout_triggers
from progressive_capture.store.types import JSON_OR_NULL, JSON_VALUE, SERIAL, UUID_TEXT, OwnTime, is_one_of

revision = "0004"
down_revision = "0003"

FEATURE = "hybrid_progressive_capture"
PROCESSORS = ("inngest", "github_actions")
ENGINES = ("inngest", "github_actions", "local")
OPEN = "status IN ('pending', 'dispatched', 'processing', 'failed')"
CLAIMABLE = "status IN ('pending', 'failed') AND held_reason IS NULL AND route_rule <> 'pc-capture'"


def upgrade() -> None:
    """Make the tables, columns, indexes and triggers, and the feature's row, whose every setting is NULL."""
    _jobs()
    _job_indexes()
    _work()
    _tracking()
    _rollout()
    for statement in rollout_triggers(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)
    _feature()


def _jobs() -> None:
    for column in (
        sa.Column("turn_at", OwnTime(), nullable=True),
        sa.Column("held_reason", sa.Text(), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("item_count", sa.Integer(), nullable=True),
        sa.Column("data_age_seconds", sa.BigInteger(), nullable=True),
        sa.Column("is_eligible", sa.Boolean(), nullable=True),
    ):
        op.add_column("progressive_capture_jobs", column)
    op.execute("UPDATE progressive_capture_jobs SET turn_at = created_at")
    for name in ("cpu_ms", "executions", "peak_memory_bytes", "runner_minutes"):
        op.add_column("job_shards", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("job_shards", sa.Column("error_class", sa.Text(), nullable=True))


def _job_indexes() -> None:
    by_condition: tuple[tuple[str, str | None, list[str | sa.TextClause]], ...] = (
        ("line", CLAIMABLE, ["processor_type", sa.text("priority DESC"), "turn_at", "id", "run_at"]),
        ("turns", OPEN, ["repository_id", "host_id", "processor_type", "turn_at"]),
        ("running", "status IN ('dispatched', 'processing')", ["engine", "id"]),
        ("held", "status = 'pending' AND held_reason IS NOT NULL", ["created_at", "id"]),
        ("throttle", "status = 'completed'", ["dedupe_key", "completed_at"]),
        ("created_at", None, ["created_at", "id"]),
        ("status", None, ["status", "created_at", "id"]),
        ("repository", None, ["repository_id", "host_id", "created_at", "id"]),
    )
    for name, condition, columns in by_condition:
        where = None if condition is None else sa.text(condition)
        op.create_index(
            f"ix_progressive_capture_jobs_{name}",
            "progressive_capture_jobs",
            columns,
            sqlite_where=where,
            postgresql_where=where,
        )


def _work() -> None:
    op.create_table(
        "job_metrics",
        sa.Column("job_id", UUID_TEXT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("processor_type", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("cpu_ms", sa.BigInteger(), nullable=False),
        sa.Column("peak_memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("timeouts", sa.Integer(), nullable=False),
        sa.Column("waits", sa.Integer(), nullable=False),
        sa.Column("runner_minutes", sa.Integer(), nullable=False),
        sa.Column("executions", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), nullable=False),
        sa.Column("cost_microusd", sa.BigInteger(), nullable=True),
        sa.Column("price_book", sa.Text(), nullable=True),
        sa.Column("finished_at", OwnTime(), nullable=False),
        sa.CheckConstraint(is_one_of("engine", *ENGINES), name=op.f("ck_job_metrics_engine")),
        sa.CheckConstraint(
            is_one_of("outcome", "completed", "cancelled", "failed", "dead"), name=op.f("ck_job_metrics_outcome")
        ),
        sa.CheckConstraint(is_one_of("processor_type", *PROCESSORS), name=op.f("ck_job_metrics_processor_type")),
        sa.ForeignKeyConstraint(["job_id"], ["progressive_capture_jobs.id"], name="fk_job_metrics_job_id"),
        sa.PrimaryKeyConstraint("job_id", name="pk_job_metrics"),
    )
    op.create_index("ix_job_metrics_finished_at", "job_metrics", ["finished_at"])
    op.create_index("ix_job_metrics_engine", "job_metrics", ["engine", "finished_at"])
    op.create_table(
        "leader_leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", OwnTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leader_leases"),
    )
    op.create_table(
        "duty_runs",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("started_at", OwnTime(), nullable=False),
        sa.Column("finished_at", OwnTime(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("result", JSON_OR_NULL, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_duty_runs"),
    )
    op.create_index("ix_duty_runs_duty", "duty_runs", ["duty", "id"])
    op.create_table(
        "workers",
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("lanes", JSON_VALUE, nullable=False),
        sa.Column("started_at", OwnTime(), nullable=False),
        sa.Column("seen_at", OwnTime(), nullable=False),
        sa.Column("stopped_at", OwnTime(), nullable=True),
        sa.PrimaryKeyConstraint("holder", name="pk_workers"),
    )


def _tracking() -> None:
    op.create_table(
        "tracked_repositories",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("first_tracked_at", OwnTime(), nullable=False),
        sa.Column("changed_at", OwnTime(), nullable=False),
        sa.Column("tracked_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            is_one_of("state", "active", "paused", "untracked"), name=op.f("ck_tracked_repositories_state")
        ),
        sa.PrimaryKeyConstraint("repository_id", "host_id", name="pk_tracked_repositories"),
    )
    op.create_index("ix_tracked_repositories_name", "tracked_repositories", ["repository_name", "repository_id"])
    op.create_table(
        "repository_categories",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("priority_level", sa.Integer(), nullable=True),
        sa.Column("is_test_repository", sa.Boolean(), nullable=False),
        sa.Column("star_count", sa.Integer(), nullable=True),
        sa.Column("contributor_count", sa.Integer(), nullable=True),
        sa.Column("pr_count", sa.Integer(), nullable=True),
        sa.Column("monthly_activity_score", sa.Float(), nullable=True),
        sa.Column("categorized_at", OwnTime(), nullable=False),
        sa.CheckConstraint(
            is_one_of("category", "test", "small", "medium", "large", "enterprise"),
            name=op.f("ck_repository_categories_category"),
        ),
        sa.PrimaryKeyConstraint("repository_id", "host_id", name="pk_repository_categories"),
    )
    op.create_index("ix_repository_categories_category", "repository_categories", ["category"])


def _rollout() -> None:
    op.create_table(
        "rollout_configuration",
        sa.Column("id", UUID_TEXT, nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=False),
        sa.Column("rollout_percentage", sa.Float(), nullable=True),
        sa.Column("rollout_strategy", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("emergency_stop", sa.Boolean(), nullable=False),
        sa.Column("auto_rollback_enabled", sa.Boolean(), nullable=True),
        sa.Column("max_error_rate", sa.Float(), nullable=True),
        sa.Column("monitoring_window_hours", sa.Float(), nullable=True),
        sa.Column("target_repositories", JSON_VALUE, nullable=False),
        sa.Column("excluded_repositories", JSON_VALUE, nullable=False),
        sa.Column("whitelist_closed", sa.Boolean(), nullable=False),
        sa.Column("rolled_back_at", OwnTime(), nullable=True),
        sa.Column("size_shares", JSON_OR_NULL, nullable=True),
        sa.Column("before_stop", JSON_OR_NULL, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("change_id", UUID_TEXT, nullable=True),
        sa.Column("change_action", sa.Text(), nullable=True),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("changed_reason", sa.Text(), nullable=True),
        sa.Column("change_evidence", JSON_OR_NULL, nullable=True),
        sa.Column("changed_at", OwnTime(), nullable=False),
        sa.CheckConstraint(
            is_one_of("rollout_strategy", "percentage", "whitelist", "repository_size"),
            name=op.f("ck_rollout_configuration_rollout_strategy"),
        ),
        sa.CheckConstraint(
            "rollout_percentage >= 0 AND rollout_percentage <= 100",
            name=op.f("ck_rollout_configuration_rollout_percentage"),
        ),
        sa.CheckConstraint(
            "max_error_rate >= 0 AND max_error_rate <= 100", name=op.f("ck_rollout_configuration_max_error_rate")
        ),
        sa.CheckConstraint(
            "monitoring_window_hours > 0", name=op.f("ck_rollout_configuration_monitoring_window_hours")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_rollout_configuration"),
        sa.UniqueConstraint("feature_name", name="uq_rollout_configuration_feature_name"),
    )
    op.create_table(
        "rollout_history",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", OwnTime(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", JSON_OR_NULL, nullable=True),
        sa.Column("before", JSON_OR_NULL, nullable=True),
        sa.Column("after", JSON_VALUE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rollout_history"),
    )
    op.create_index("ix_rollout_history_feature_name", "rollout_history", ["feature_name", "id"])
    op.create_table(
        "rollout_metrics",
        sa.Column("job_id", UUID_TEXT, nullable=False),
        sa.Column("feature_name", sa.Text(), nullable=False),
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("processor_type", sa.Text(), nullable=False),
        sa.Column("is_eligible", sa.Boolean(), nullable=True),
        sa.Column("rollout_version", sa.Integer(), nullable=True),
        sa.Column("success_count", sa.Integer(), nullable=False),
        sa.Column("error_count", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("average_processing_time", sa.Float(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("created_at", OwnTime(), nullable=False),
        sa.CheckConstraint(is_one_of("processor_type", *PROCESSORS), name=op.f("ck_rollout_metrics_processor_type")),
        sa.ForeignKeyConstraint(["job_id"], ["progressive_capture_jobs.id"], name="fk_rollout_metrics_job_id"),
        sa.PrimaryKeyConstraint("job_id", name="pk_rollout_metrics"),
    )
    op.create_index("ix_rollout_metrics_created_at", "rollout_metrics", ["feature_name", "created_at"])


def _feature() -> None:
    row = {
        "id": str(uuid.uuid4()),
        "feature_name": FEATURE,
        "is_active": True,
        "emergency_stop": False,
        "target_repositories": [],
        "excluded_repositories": [],
        "whitelist_closed": False,
        "version": 1,
        "change_action": "create",
        "changed_by": "program",
        "changed_reason": "the database was set up",
        "changed_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    types: dict[str, Any] = {
        "id": UUID_TEXT,
        "target_repositories": JSON_VALUE,
        "excluded_repositories": JSON_VALUE,
        "changed_at": OwnTime(),
    }
    table = sa.table("rollout_configuration", *(sa.column(name, types.get(name)) for name in row))
    op.bulk_insert(table, [row])
