"""The table of what engines elsewhere used each month, and the triggers that keep it equal to the jobs' own figures.

The migration that makes the table runs these statements too: once released they are not edited, but replaced by those
of a later migration.
"""

from typing import Final

from sqlalchemy import DDL, Column, Table, Text, event

from progressive_capture.domain.jobs import EngineName
from progressive_capture.store.tables.base import METADATA, big, one_of
from progressive_capture.store.tables.queue import JOB_METRICS

ENGINE_USAGE: Final = Table(
    "engine_usage",
    METADATA,
    Column("engine", Text, primary_key=True),
    Column("month", Text, primary_key=True, info={"doc": "Year and month in UTC, as 2026-01."}),
    big("runner_minutes"),
    big("executions"),
    big("cost_microusd", info={"doc": "Millionths of a US dollar; a cost that is not known counts as nothing."}),
    one_of("engine", EngineName),
    info={"doc": "Sums of job_metrics by engine and month: a decision does not have to add up all jobs of a month."},
)

USAGE_LOCK: Final = 0x70630004
"""One transaction at a time adds to the sums: two that add to several rows of them would block each other."""

_LOCAL: Final = f"'{EngineName.LOCAL}'"
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


def usage_triggers(dialect: str) -> list[str]:
    """Return the statements that make the triggers on `sqlite` or `postgresql`, once both tables are there."""
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
        PERFORM pg_advisory_xact_lock({USAGE_LOCK}, 0);
        {body}
        RETURN NULL;
    END $$""",
            f"{trigger} EXECUTE FUNCTION job_metrics_{name}()",
        ]
    return statements


def usage_so_far(dialect: str) -> str:
    """Return the statement that adds up what was stored before there were sums."""
    month = _MONTH[dialect].format("job_metrics")
    return f"""INSERT INTO engine_usage (engine, month, runner_minutes, executions, cost_microusd)
    SELECT engine, {month}, sum(runner_minutes), sum(executions), coalesce(sum(cost_microusd), 0)
    FROM job_metrics WHERE engine <> {_LOCAL} GROUP BY engine, {month}"""  # noqa: S608 - all constants


def attach(usage: Table, metrics: Table) -> None:
    """Make the triggers whenever the tables are made from the metadata; the jobs' figures are made first."""
    usage.add_is_dependent_on(metrics)
    for dialect in ("sqlite", "postgresql"):
        for statement in usage_triggers(dialect):
            ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call] # SQLAlchemy leaves it unannotated
            event.listen(usage, "after_create", ddl)


attach(ENGINE_USAGE, JOB_METRICS)
