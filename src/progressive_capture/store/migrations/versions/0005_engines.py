"""What is known of engines elsewhere: whether they answer, and which of their runs are to be accounted for."""

import sqlalchemy as sa
from alembic import op

from progressive_capture.store.types import UUID_TEXT, OwnTime, is_one_of

revision = "0005"
down_revision = "0004"

ENGINES = ("inngest", "github_actions", "local")


def upgrade() -> None:
    """Make the two tables, empty."""
    _breakers()
    _runs()


def _breakers() -> None:
    op.create_table(
        "engine_breakers",
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trips", sa.Integer(), nullable=False),
        sa.Column("until", OwnTime(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("changed_at", OwnTime(), nullable=False),
        sa.CheckConstraint(is_one_of("engine", *ENGINES), name=op.f("ck_engine_breakers_engine")),
        sa.PrimaryKeyConstraint("engine", name="pk_engine_breakers"),
    )


def _runs() -> None:
    op.create_table(
        "engine_runs",
        sa.Column("job_id", UUID_TEXT, nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("handed_over_at", OwnTime(), nullable=False),
        sa.Column("ask_at", OwnTime(), nullable=True),
        sa.Column("runner_minutes", sa.Integer(), nullable=True),
        sa.Column("executions", sa.Integer(), nullable=True),
        sa.CheckConstraint(is_one_of("engine", *ENGINES), name=op.f("ck_engine_runs_engine")),
        sa.ForeignKeyConstraint(["job_id"], ["progressive_capture_jobs.id"], name="fk_engine_runs_job_id"),
        sa.PrimaryKeyConstraint("job_id", "attempt", name="pk_engine_runs"),
    )
    op.create_index("uq_engine_runs_ref", "engine_runs", ["engine", "ref"], unique=True)
    unbooked = sa.text("ask_at IS NOT NULL")
    op.create_index(
        "ix_engine_runs_ask_at", "engine_runs", ["ask_at"], sqlite_where=unbooked, postgresql_where=unbooked
    )
