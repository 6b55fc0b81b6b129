"""What engines elsewhere used each month, kept as sums; those of before are added up once."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from progressive_capture.store.types import is_one_of

revision = "0006"
down_revision = "0005"

ENGINES = ("inngest", "github_actions", "local")

_LOCK: Final = 0x70630004
_LOCAL: Final = "'local'"
_MONTH: Final = {
    "sqlite": "substr({0}.finished_at, 1, 7)",
    "postgresql": "to_char({0}.finished_at AT TIME ZONE 'UTC', 'YYYY-MM')",
}


def _add(dialect: str) -> str:
    # A row for every engine but this machine's: `WHERE` also keeps SQLite from reading ON as part of a join.
    # https://www.sqlite.org/lang_upsert.html#parsing_ambiguity
    return f"""INSERT INTO engine_usage (engine, month, runner_minutes, executions, cost_microusd)
        SELECT NEW.engine, {_MONTH[dialect].format("NEW")}, NEW.runner_minutes, NEW.executions,
            coalesce(NEW.cost_microusd, 0)
        WHERE NEW.engine <> {_LOCAL}
        ON CONFLICT (engine, month) DO UPDATE SET
            runner_minutes = engine_usage.runner_minutes + excluded.runner_minutes,
            executions = engine_usage.executions + excluded.executions,
            cost_microusd = engine_usage.cost_microusd + excluded.cost_microusd;"""


def _take(dialect: str) -> str:
    return f"""UPDATE engine_usage SET
            runner_minutes = runner_minutes - OLD.runner_minutes,
            executions = executions - OLD.executions,
            cost_microusd = cost_microusd - coalesce(OLD.cost_microusd, 0)
        WHERE engine = OLD.engine AND month = {_MONTH[dialect].format("OLD")};"""  # noqa: S608 - all constants


def _triggers(dialect: str) -> list[str]:
    elsewhere, was_elsewhere = f"NEW.engine <> {_LOCAL}", f"OLD.engine <> {_LOCAL}"
    conditions = {
        "inserted": ("INSERT", elsewhere),
        "updated": ("UPDATE", f"{elsewhere} OR {was_elsewhere}"),
        "deleted": ("DELETE", was_elsewhere),
    }
    does = {"inserted": [_add], "updated": [_take, _add], "deleted": [_take]}
    statements = []
    for name, (change, condition) in conditions.items():
        body = "\n        ".join(each(dialect) for each in does[name])
        trigger = f"CREATE TRIGGER job_metrics_{name} AFTER {change} ON job_metrics FOR EACH ROW WHEN ({condition})"
        if dialect == "sqlite":
            statements.append(f"{trigger} BEGIN\n        {body}\n    END")
            continue
        statements += [
            f"""CREATE OR REPLACE FUNCTION job_metrics_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock({_LOCK}, 0);
        {body}
        RETURN NULL;
    END $$""",
            f"{trigger} EXECUTE FUNCTION job_metrics_{name}()",
        ]
    return statements


def _so_far(dialect: str) -> str:
    month = _MONTH[dialect].format("job_metrics")
    return f"""INSERT INTO engine_usage (engine, month, runner_minutes, executions, cost_microusd)
    SELECT engine, {month}, sum(runner_minutes), sum(executions), coalesce(sum(cost_microusd), 0)
    FROM job_metrics WHERE engine <> {_LOCAL} GROUP BY engine, {month}"""  # noqa: S608 - all constants


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
    connection.exec_driver_sql(_so_far(connection.dialect.name))
    for statement in _triggers(connection.dialect.name):
        connection.exec_driver_sql(statement)
