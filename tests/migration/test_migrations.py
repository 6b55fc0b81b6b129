from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from progressive_capture.store import schema
from progressive_capture.store.database import Database
from progressive_capture.store.errors import SchemaMissing, SchemaTooNew, StoreError
from progressive_capture.store.tables import METADATA, pr_comments_view


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
    with pytest.raises(SchemaMissing, match="run a capture"):
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
