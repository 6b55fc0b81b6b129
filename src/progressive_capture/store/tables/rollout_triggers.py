"""The triggers that version and record every change of the rollout's settings, also those by plain SQL; no table.

The migration that makes the tables runs these statements too: once released they are not edited, but replaced by those
of a later migration.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import DDL, Table, event

_SETTINGS: Final[Mapping[str, str]] = {
    "rollout_percentage": "plain",
    "rollout_strategy": "plain",
    "is_active": "flag",
    "emergency_stop": "flag",
    "auto_rollback_enabled": "flag",
    "max_error_rate": "plain",
    "monitoring_window_hours": "plain",
    "target_repositories": "json",
    "excluded_repositories": "json",
    "whitelist_closed": "flag",
    "rolled_back_at": "time",
    "size_shares": "json",
    "before_stop": "json",
}
"""What the history shows before and after, with what kind of value it is."""

_JSON: Final[Mapping[str, Mapping[str, str]]] = {
    "sqlite": {
        "flag": "json(CASE {0} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)",
        "json": "json({0})",
    },
    "postgresql": {"time": "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"},
}
"""How kinds of values become JSON, where they do not by themselves."""

_RECORD: Final = """
    INSERT INTO rollout_history (feature_name, version, at, action, who, reason, evidence, before, after)"""

_RECORD_NEW: Final = f"""{_RECORD}
    VALUES (
        NEW.feature_name, NEW.version, NEW.changed_at, coalesce(NEW.change_action, 'sql'),
        coalesce(NEW.changed_by, 'sql'), coalesce(NEW.changed_reason, 'changed outside the program'),
        NEW.change_evidence, {{former}}, {{new}}
    );"""

_SQLITE: Final = (
    f"CREATE TRIGGER rollout_configuration_inserted AFTER INSERT ON rollout_configuration BEGIN {_RECORD_NEW} END",
    # The inner UPDATE does not fire it again: https://www.sqlite.org/pragma.html#pragma_recursive_triggers
    f"""CREATE TRIGGER rollout_configuration_updated AFTER UPDATE ON rollout_configuration BEGIN
    UPDATE rollout_configuration SET
        version = OLD.version + 1,
        change_action = CASE WHEN {{ours}} THEN NEW.change_action ELSE 'sql' END,
        changed_by = CASE WHEN {{ours}} THEN NEW.changed_by ELSE 'sql' END,
        changed_reason = CASE WHEN {{ours}} THEN NEW.changed_reason ELSE 'changed outside the program' END,
        change_evidence = CASE WHEN {{ours}} THEN NEW.change_evidence END,
        changed_at = CASE WHEN {{ours}} THEN NEW.changed_at ELSE strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z' END
    WHERE id = NEW.id;
    {_RECORD}
    SELECT
        feature_name, version, changed_at, change_action, changed_by, changed_reason, change_evidence, {{old}}, {{new}}
    FROM rollout_configuration WHERE id = NEW.id;
    END""",  # noqa: S608 - all constants
)

_POSTGRESQL: Final = (
    """CREATE OR REPLACE FUNCTION rollout_configuration_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.version := OLD.version + 1;
        IF NEW.change_id IS NOT DISTINCT FROM OLD.change_id THEN
            NEW.change_action := 'sql';
            NEW.changed_by := 'sql';
            NEW.changed_reason := 'changed outside the program';
            NEW.change_evidence := NULL;
            NEW.changed_at := clock_timestamp();
        END IF;
        RETURN NEW;
    END $$""",
    f"""CREATE OR REPLACE FUNCTION rollout_configuration_record() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE former jsonb;
    BEGIN
        IF TG_OP = 'UPDATE' THEN former := {{old}}; END IF;
        {_RECORD_NEW}
        RETURN NULL;
    END $$""",
    """CREATE OR REPLACE FUNCTION rollout_rows_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING MESSAGE = 'rows of ' || TG_TABLE_NAME || ' are kept';
    END $$""",
    """CREATE TRIGGER rollout_configuration_updated BEFORE UPDATE ON rollout_configuration
    FOR EACH ROW EXECUTE FUNCTION rollout_configuration_version()""",
    """CREATE TRIGGER rollout_configuration_recorded AFTER INSERT OR UPDATE ON rollout_configuration
    FOR EACH ROW EXECUTE FUNCTION rollout_configuration_record()""",
)

_KEPT: Final = (
    ("rollout_configuration", "DELETE"),
    ("rollout_history", "DELETE"),
    ("rollout_history", "UPDATE"),
)
"""A version that began anew, or a history that was edited, would prove nothing."""


def rollout_triggers(dialect: str) -> list[str]:
    """Return the statements that make the triggers on `sqlite` or `postgresql`, once both tables are there."""
    return [*_changes(dialect), *_guards(dialect)]


def attach(configuration: Table, history: Table) -> None:
    """Make the triggers whenever the tables are made from the metadata; the configuration is made first."""
    history.add_is_dependent_on(configuration)
    for dialect in ("sqlite", "postgresql"):
        for statement in rollout_triggers(dialect):
            ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call] # SQLAlchemy leaves it unannotated
            event.listen(history, "after_create", ddl)


def _changes(dialect: str) -> list[str]:
    old, new = _settings("OLD", dialect), _settings("NEW", dialect)
    if dialect == "sqlite":
        ours = "NEW.change_id IS NOT OLD.change_id"
        return [each.format(ours=ours, old=old, new=new, former="NULL") for each in _SQLITE]
    return [each.format(old=old, new=new, former="former") for each in _POSTGRESQL]


def _guards(dialect: str) -> list[str]:
    does = {
        "sqlite": "BEGIN SELECT RAISE(ABORT, 'rows of {table} are kept'); END",
        "postgresql": "FOR EACH ROW EXECUTE FUNCTION rollout_rows_are_kept()",
    }[dialect]
    return [
        f"CREATE TRIGGER {table}_{change.lower()} BEFORE {change} ON {table} {does.format(table=table)}"
        for table, change in _KEPT
    ]


def _settings(row: str, dialect: str) -> str:
    """Write a row's settings as one JSON object."""
    ways = _JSON[dialect]
    pairs = ", ".join(f"'{name}', {ways.get(kind, '{0}').format(f'{row}.{name}')}" for name, kind in _SETTINGS.items())
    return f"json_object({pairs})" if dialect == "sqlite" else f"jsonb_build_object({pairs})"
