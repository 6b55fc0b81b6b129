"""Jobs with their shards and events, and the budgets that all processes share."""

import sqlalchemy as sa
from alembic import op

from progressive_capture.store.types import JSON_VALUE, SERIAL, UUID_TEXT, OwnTime, is_one_of

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "budgets",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=True),
        sa.Column("remaining", sa.Integer(), nullable=True),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("reset_at", OwnTime(), nullable=True),
        sa.Column("observed_at", OwnTime(), nullable=True),
        sa.Column("paused_until", OwnTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("next_at", OwnTime(), nullable=True),
        sa.PrimaryKeyConstraint("principal", "resource", "host_id", name="pk_budgets"),
    )
    op.create_table(
        "principals",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("seen_at", OwnTime(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "host_id", name="pk_principals"),
    )
    op.create_table(
        "progressive_capture_jobs",
        sa.Column("id", UUID_TEXT, nullable=False),
        sa.Column("job_type", sa.Text(), nullable=False),
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_name", sa.Text(), nullable=False),
        sa.Column("processor_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("kinds", JSON_VALUE, nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("patches", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("time_range_days", sa.Integer(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run_at", OwnTime(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("retry_of", UUID_TEXT, nullable=True),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("rerun_requested_at", OwnTime(), nullable=True),
        sa.Column("route_rule", sa.Text(), nullable=True),
        sa.Column("route_reason", sa.Text(), nullable=True),
        sa.Column("route_policy", sa.Text(), nullable=True),
        sa.Column("rollout_version", sa.Integer(), nullable=True),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.Column("engine_run_ref", sa.Text(), nullable=True),
        sa.Column("workflow_run_id", sa.BigInteger(), nullable=True),
        sa.Column("principal", sa.Text(), nullable=True),
        sa.Column("metadata", JSON_VALUE, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("forecast_requests", sa.Integer(), nullable=True),
        sa.Column("forecast_points", sa.Integer(), nullable=True),
        sa.Column("forecast_ms", sa.BigInteger(), nullable=True),
        sa.Column("used_requests", sa.Integer(), nullable=True),
        sa.Column("used_points", sa.Integer(), nullable=True),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.Column("created_at", OwnTime(), nullable=False),
        sa.Column("dispatched_at", OwnTime(), nullable=True),
        sa.Column("dispatch_deadline", OwnTime(), nullable=True),
        sa.Column("started_at", OwnTime(), nullable=True),
        sa.Column("completed_at", OwnTime(), nullable=True),
        sa.Column("cancel_requested_at", OwnTime(), nullable=True),
        sa.CheckConstraint(
            is_one_of("engine", "inngest", "github_actions", "local"), name=op.f("ck_progressive_capture_jobs_engine")
        ),
        sa.CheckConstraint(
            is_one_of(
                "job_type",
                "historical-pr-sync",
                "recent-prs",
                "pr-details",
                "pr-reviews",
                "pr-comments",
                "file-changes",
                "repository-sync",
                "reconcile",
            ),
            name=op.f("ck_progressive_capture_jobs_job_type"),
        ),
        sa.CheckConstraint(
            is_one_of("processor_type", "inngest", "github_actions"),
            name=op.f("ck_progressive_capture_jobs_processor_type"),
        ),
        sa.CheckConstraint(
            is_one_of("source", "auto", "graphql", "rest"), name=op.f("ck_progressive_capture_jobs_source")
        ),
        sa.CheckConstraint(
            is_one_of("status", "pending", "dispatched", "processing", "failed", "completed", "dead", "cancelled"),
            name=op.f("ck_progressive_capture_jobs_status"),
        ),
        sa.CheckConstraint(
            is_one_of("trigger", "manual", "webhook", "scheduled", "automatic", "repair"),
            name=op.f("ck_progressive_capture_jobs_trigger"),
        ),
        sa.ForeignKeyConstraint(
            ["retry_of"], ["progressive_capture_jobs.id"], name="fk_progressive_capture_jobs_retry_of"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_progressive_capture_jobs"),
    )
    op.create_index("ix_progressive_capture_jobs_retry_of", "progressive_capture_jobs", ["retry_of"], unique=False)
    op.create_index(
        "uq_progressive_capture_jobs_dedupe_key",
        "progressive_capture_jobs",
        ["dedupe_key"],
        unique=True,
        sqlite_where=sa.text("status IN ('pending', 'dispatched', 'processing', 'failed')"),
        postgresql_where=sa.text("status IN ('pending', 'dispatched', 'processing', 'failed')"),
    )
    op.create_table(
        "slots",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("resource", sa.Text(), nullable=True),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("lease_until", OwnTime(), nullable=True),
        sa.Column("expected_end", OwnTime(), nullable=True),
        sa.Column("turn_holder", sa.Text(), nullable=True),
        sa.Column("turn_ends_at", OwnTime(), nullable=True),
        sa.Column("next_holder", sa.Text(), nullable=True),
        sa.Column("next_until", OwnTime(), nullable=True),
        sa.Column("paused_until", OwnTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("principal", "host_id", name="pk_slots"),
    )
    op.create_table(
        "job_events",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("job_id", UUID_TEXT, nullable=False),
        sa.Column("k", sa.Integer(), nullable=True),
        sa.Column("at", OwnTime(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["progressive_capture_jobs.id"], name="fk_job_events_job_id"),
        sa.PrimaryKeyConstraint("id", name="pk_job_events"),
    )
    op.create_index("ix_job_events_job_id", "job_events", ["job_id", "id"], unique=False)
    op.create_table(
        "job_shards",
        sa.Column("job_id", UUID_TEXT, nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("lease_until", OwnTime(), nullable=True),
        sa.Column("lease_epoch", sa.Integer(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("pages", sa.BigInteger(), nullable=False),
        sa.Column("pull_requests", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("rest_requests", sa.BigInteger(), nullable=False),
        sa.Column("graphql_requests", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), nullable=False),
        sa.Column("waits", sa.BigInteger(), nullable=False),
        sa.Column("waited_ms", sa.BigInteger(), nullable=False),
        sa.Column("timeouts", sa.BigInteger(), nullable=False),
        sa.Column("busy_ms", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            is_one_of("state", "pending", "processing", "failed", "completed", "dead", "cancelled"),
            name=op.f("ck_job_shards_state"),
        ),
        sa.ForeignKeyConstraint(["job_id"], ["progressive_capture_jobs.id"], name="fk_job_shards_job_id"),
        sa.PrimaryKeyConstraint("job_id", "k", name="pk_job_shards"),
    )
