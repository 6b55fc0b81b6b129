"""What engines elsewhere used each month, kept as sums; those of before are added up once."""

import sqlalchemy as sa
from alembic import op

from progressive_capture.store.tables.usage import usage_so_far, usage_triggers
from progressive_capture.store.types import is_one_of

revision = "0006"
down_revision = "0005"

ENGINES = ("inngest", "github_actions", "local")


def upgrade() -> None:
    """Make the table, fill it, and make the triggers that keep it."""
    op.create_table(
        "engine_usage",
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("runner_minutes", sa.BigInteger(), nullable=False),
        sa.Column("executions", sa.BigInteger(), nullable=False),
        sa.Column("cost_microusd", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(is_one_of("engine", *ENGINES), name=op.f("ck_engine_usage_engine")),
        sa.PrimaryKeyConstraint("engine", "month", name="pk_engine_usage"),
    )
    connection = op.get_bind()
    connection.exec_driver_sql(usage_so_far(connection.dialect.name))
    for statement in usage_triggers(connection.dialect.name):
        connection.exec_driver_sql(statement)
