from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from progressive_capture.store import schema
from progressive_capture.store.database import Database
from progressive_capture.store.errors import SchemaMissing, SchemaTooNew, StoreError
from progressive_capture.store.tables import (
    ENGINE_USAGE,
    JOB_SHARDS,
    JOBS,
    METADATA,
    ROLLOUT_CONFIGURATION,
    ROLLOUT_HISTORY,
    pr_comments_view,
)

FEATURE = "hybrid_progressive_capture"
OLD_ID = "7a0f3c9e-0000-4000-8000-000000000001"
OLD_JOB = """
    INSERT INTO progressive_capture_jobs (
        id, job_type, host_id, repository_id, repository_name, processor_type, status, trigger, scope, kinds, "full",
        patches, source, priority, run_at, attempt, failures, max_attempts, dedupe_key, metadata, created_at
    ) VALUES (
        '7a0f3c9e-0000-4000-8000-000000000001', 'historical-pr-sync', 1, 7, 'octo/hello', 'github_actions', 'pending',
        'manual', 'all;kinds=all;source=auto', '[]', true, false, 'auto', 0, '2026-01-02T00:00:00.000000Z', 0, 0, 3,
        '1/7/historical-pr-sync/all', '{}', '2026-01-01T00:00:00.000000Z'
    )"""
OLD_SHARD = """
    INSERT INTO job_shards (
        job_id, k, spec, state, attempt, lease_epoch, pages, pull_requests, rows, rest_requests, graphql_requests,
        points, bytes_in, waits, waited_ms, timeouts, busy_ms
    ) VALUES ('7a0f3c9e-0000-4000-8000-000000000001', 0, '{}', 'pending', 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)"""


def shape(database: Database) -> dict[str, tuple[object, object]]:
    """What a comparison of metadata leaves out: checks and primary keys, by table."""
    with database.reading() as connection:
        found = inspect(connection)
        return {
            table: (
                sorted((str(check["name"]), check["sqltext"]) for check in found.get_check_constraints(table)),
                found.get_pk_constraint(table)["constrained_columns"],
            )
            for table in METADATA.tables
        }


def test_migrations_make_exactly_the_tables(database_url: str) -> None:
    database = Database.open(database_url)
    database.migrate()
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    migrated = shape(database)
    with database.transaction() as connection:
        connection.execute(text("DROP VIEW pr_comments"))
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    assert migrated == shape(database)
    database.close()


def triggers(database: Database) -> list[str]:
    """What is made beside the tables, as the database itself keeps it."""
    texts = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT pg_get_triggerdef(t.oid) || p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE NOT t.tgisinternal",
    }
    with database.reading() as connection:
        return sorted(connection.scalars(text(texts[database.dialect])))


def test_migrations_make_exactly_the_triggers(database_url: str) -> None:
    database = Database.open(database_url)
    database.migrate()
    migrated = triggers(database)
    with database.transaction() as connection:
        connection.execute(text("DROP VIEW pr_comments"))
        METADATA.drop_all(connection)
        METADATA.create_all(connection)
    assert migrated == triggers(database)
    assert len(migrated) == 5
    database.close()


def test_jobs_of_before_the_queue_keep_their_place_and_count_nothing_anew(database_url: str) -> None:
    database = Database.open(database_url)
    with database.transaction() as connection:
        schema.upgrade(connection, to="0003")
        connection.execute(text(OLD_JOB))
        connection.execute(text(OLD_SHARD))
    database.migrate()
    with database.reading() as connection:
        job = connection.execute(select(JOBS)).one()
        assert (job.turn_at, job.held_reason, job.is_eligible) == (job.created_at, None, None)
        shard = connection.execute(select(JOB_SHARDS)).one()
        assert (shard.pages, shard.cpu_ms, shard.peak_memory_bytes, shard.error_class) == (3, 0, 0, None)
    database.close()


OLD_EVENT = "INSERT INTO job_events (job_id, at, event) VALUES (:job_id, :told, 'processing')"
OLD_USE = "UPDATE job_shards SET runner_minutes = :minutes, executions = :executions WHERE job_id = :job_id"
OLD_METRIC = """
    INSERT INTO job_metrics (
        job_id, outcome, processor_type, engine, requests, points, ms, cpu_ms, peak_memory_bytes, timeouts, waits,
        runner_minutes, executions, rows, bytes_in, cost_microusd, finished_at
    ) VALUES (
        :job_id, 'completed', 'github_actions', :engine, 0, 0, 0, 0, 0, 0, 0, :settled, :executions, 0, 0, :cost, :told
    )"""


def spent(database: Database, number: int, engine: str, told: str, **figures: int | None) -> None:
    """A job of before, what its shard holds and, where it has settled, its figures of then."""
    job_id = f"{OLD_ID[:-1]}{number}"
    use = {"minutes": 0, "executions": 0} | figures
    named = {"job_id": job_id, "told": told, "engine": engine, "settled": use["minutes"]} | use
    with database.transaction() as connection:
        connection.execute(text(OLD_JOB.replace("1/7/", f"1/{number}/").replace(OLD_ID, job_id)))
        connection.execute(text(OLD_SHARD.replace(OLD_ID, job_id)))
        for statement in (OLD_USE, OLD_EVENT, *([OLD_METRIC] if "cost" in figures else [])):
            wanted = {name: value for name, value in named.items() if f":{name}" in statement}
            connection.execute(text(statement), wanted)


def test_sums_by_the_engine_that_ended_a_job_become_sums_by_the_engine_that_bills(database_url: str) -> None:
    database = Database.open(database_url)
    with database.transaction() as connection:
        schema.upgrade(connection, to="0006")
    january, february = "2026-01-31T23:59:59.000000Z", "2026-02-01T00:00:00.000000Z"
    spent(database, 1, "github_actions", january, minutes=5, cost=40_000)
    spent(database, 2, "local", january, minutes=7, executions=3, cost=0)
    spent(database, 3, "inngest", january, executions=9, cost=None)
    spent(database, 4, "github_actions", february, minutes=11)
    spent(database, 5, "github_actions", february, minutes=4, settled=3, cost=24_000)
    spent(database, 6, "local", february, cost=0)
    database.migrate()
    with database.reading() as connection:
        rows = connection.execute(select(ENGINE_USAGE).order_by(ENGINE_USAGE.c.engine, ENGINE_USAGE.c.month)).all()
        costs = connection.scalars(select(JOB_SHARDS.c.cost_microusd).order_by(JOB_SHARDS.c.job_id)).all()
    assert [tuple(row) for row in rows] == [
        ("github_actions", "2026-01", 12, 0, 40_000),
        ("github_actions", "2026-02", 15, 0, 24_000),
        ("inngest", "2026-01", 0, 12, 0),
    ]
    assert costs == [40_000, 0, None, None, None, 0]
    database.close()


def test_a_new_database_has_the_feature_with_every_setting_left_open(database_url: str) -> None:
    database = Database.open(database_url)
    database.migrate()
    with database.reading() as connection:
        row = connection.execute(select(ROLLOUT_CONFIGURATION)).one()
        (made,) = connection.execute(select(ROLLOUT_HISTORY)).all()
    assert (row.feature_name, row.version, row.is_active, row.emergency_stop) == (FEATURE, 1, True, False)
    open_settings = ("rollout_percentage", "rollout_strategy", "max_error_rate", "auto_rollback_enabled", "before_stop")
    assert {getattr(row, name) for name in open_settings} == {None}
    assert (made.version, made.action, made.who, made.before) == (1, "create", "program", None)
    assert made.after["is_active"] is True
    assert made.after["rollout_percentage"] is None
    database.close()


def test_the_view_over_both_kinds_of_comments_is_the_one_defined(database_url: str) -> None:
    database = Database.open(database_url)
    database.migrate()
    with database.transaction() as connection:
        migrated = inspect(connection).get_columns("pr_comments")
        connection.execute(text("DROP VIEW pr_comments"))
        connection.execute(text(pr_comments_view()))
        defined = inspect(connection).get_columns("pr_comments")
        assert [column["name"] for column in migrated] == [column["name"] for column in defined]
        assert "comment_type" in {column["name"] for column in migrated}
    database.close()


def test_revisions_are_those_that_alembic_finds() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).with_name("migrations")))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == schema.REVISIONS


@pytest.mark.parametrize("revision", schema.REVISIONS[:-1])
def test_every_older_schema_is_brought_up_to_date(database_url: str, revision: str) -> None:
    database = Database.open(database_url)
    with database.transaction() as connection:
        schema.upgrade(connection, to=revision)
    with pytest.raises(SchemaMissing, match=revision):
        database.check_schema()
    database.migrate()
    database.check_schema()
    database.close()


def test_a_newer_database_is_left_alone(database_url: str) -> None:
    database = Database.open(database_url)
    database.migrate()
    database.migrate()
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (database.migrate, database.check_schema, lambda: Database.open(database_url)):
        with pytest.raises(SchemaTooNew, match=r"newer version.*9999.*update the program"):
            use()
    database.close()


def test_an_empty_database_says_that_it_was_not_set_up(database_url: str) -> None:
    database = Database.open(database_url)
    with pytest.raises(SchemaMissing, match="pc capture, pc track or pc worker does that"):
        database.check_schema()
    database.close()


def fail_after_upgrade(database: Database) -> None:
    with database.transaction() as connection:
        schema.upgrade(connection)
        connection.execute(text("SELECT nonsense"))


def test_a_migration_that_fails_leaves_nothing(database_url: str) -> None:
    database = Database.open(database_url)
    with pytest.raises(StoreError):
        fail_after_upgrade(database)
    with database.reading() as connection:
        assert inspect(connection).get_table_names() == []
    database.close()


def test_migration_works_through_a_transaction_pooler(pooler_url: str) -> None:
    for _ in range(2):
        database = Database.open(f"{pooler_url}?pgbouncer=true")
        database.migrate()
        database.check_schema()
        database.close()
