"""Databases that have all tables from the start, made directly, not by migrations, and only once.

That migrations make the same tables is tested elsewhere.
"""

import multiprocessing
import shutil
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path

import psycopg
import pytest

from progressive_capture.store.database import Database
from progressive_capture.store.tables import METADATA
from tests.support import postgres
from tests.support.forking import MEASURED
from tests.support.services import Server

EMPTY = """
DO $$
DECLARE
    name text;
    names text;
BEGIN
    SELECT string_agg(quote_ident(tablename), ', ') INTO names FROM pg_tables WHERE schemaname = 'public';
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', names);
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DELETE FROM %s', name);
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL;
END $$
"""
"""Deletes all rows, in any order since no foreign key is looked at: TRUNCATE makes files anew, for more than a test.

Waits for whoever writes: what a test that leaks a transaction wrote could not be seen, and would be left to the next.
"""

SHRINK = """
DO $$
DECLARE
    names text;
BEGIN
    SELECT string_agg(quote_ident(tablename), ', ') INTO names FROM pg_tables WHERE schemaname = 'public';
    EXECUTE 'TRUNCATE ' || names;
END $$
"""
"""Gives back the room of deleted rows, by which a planner takes a table for large."""


def _make_tables(url: str) -> None:
    database = Database.open(url)
    with database.transaction() as connection:
        METADATA.create_all(connection)
    database.close()


@pytest.fixture(scope="session")
def many_processes() -> None:
    """Start what the processes of tests are forked from: with all they import, and without measuring coverage.

    Most of them are killed, and so would not tell what they ran.
    """
    multiprocessing.set_forkserver_preload(["tests.contract.queue.killing", "tests.contract.test_store_processes"])
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(MEASURED, raising=False)
        forkserver.ensure_running()


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a SQLite file to be copied."""
    path = tmp_path_factory.mktemp("tables") / "tables.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def pg_with_tables(pg_server: Server, pg_admin: psycopg.Connection) -> Iterator[str]:
    """Make a PostgreSQL database to be used again and again, which takes a tenth of the time of copying it; its URL."""
    with postgres.database(pg_admin) as name:
        url = postgres.url(pg_server, name)
        _make_tables(url)
        yield url


@pytest.fixture(scope="session")
def pg_with_tables_open(pg_with_tables: str) -> Iterator[Database]:
    """Open it once for all tests: a connection to PostgreSQL takes as long as many a test."""
    database = Database.open(pg_with_tables)
    yield database
    database.close()


@pytest.fixture(scope="session")
def pg_emptier(pg_with_tables: str) -> Iterator[psycopg.Connection]:
    """Connect once to empty it after each test; one that still writes ten seconds after its end has failed."""
    with psycopg.connect(pg_with_tables, autocommit=True, options="-c lock_timeout=10s") as connection:
        yield connection


@pytest.fixture
def nothing_known_to_planners(request: pytest.FixtureRequest, tables_url: str) -> None:
    """Let no table look larger than its rows, whatever tests were before."""
    if not tables_url.startswith("sqlite"):
        request.getfixturevalue("pg_emptier").execute(SHRINK)


@pytest.fixture
def pg_tables_url(pg_with_tables: str, pg_emptier: psycopg.Connection) -> Iterator[str]:
    """Return the DATABASE_URL of a PostgreSQL database with all tables and no rows."""
    yield pg_with_tables
    pg_emptier.execute(EMPTY)


@pytest.fixture(params=["sqlite", "postgresql"])
def tables_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the DATABASE_URL of a database with all tables and no rows, once for each kind of database."""
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("sqlite_with_tables"), tmp_path / "capture.db")
        yield f"sqlite:///{path}"
        return
    yield request.getfixturevalue("pg_tables_url")


@pytest.fixture
def database(request: pytest.FixtureRequest, tables_url: str) -> Iterator[Database]:
    """Open a database with all tables and no rows."""
    if not tables_url.startswith("sqlite"):
        yield request.getfixturevalue("pg_with_tables_open")
        return
    database = Database.open(tables_url)
    yield database
    database.close()
