"""Databases that have all tables from the start: copies of one that was made directly, not by migrations.

That migrations make the same tables is tested elsewhere.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from progressive_capture.store.database import Database
from progressive_capture.store.tables import METADATA
from tests.support import postgres
from tests.support.services import Server


def _make_tables(url: str) -> None:
    database = Database.open(url)
    with database.transaction() as connection:
        METADATA.create_all(connection)
    database.close()


@pytest.fixture(scope="session")
def sqlite_with_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a SQLite file to be copied."""
    path = tmp_path_factory.mktemp("tables") / "tables.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def pg_with_tables(pg_server: Server, pg_admin: psycopg.Connection) -> Iterator[str]:
    """Make a PostgreSQL database to be copied; its name."""
    with postgres.database(pg_admin) as name:
        _make_tables(postgres.url(pg_server, name))
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def tables_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the DATABASE_URL of a database with all tables and no rows, once for each kind of database."""
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("sqlite_with_tables"), tmp_path / "capture.db")
        yield f"sqlite:///{path}"
        return
    template, server = request.getfixturevalue("pg_with_tables"), request.getfixturevalue("pg_server")
    with postgres.database(request.getfixturevalue("pg_admin"), template) as name:
        yield postgres.url(server, name)


@pytest.fixture
def database(tables_url: str) -> Iterator[Database]:
    """Open a database with all tables and no rows."""
    database = Database.open(tables_url)
    yield database
    database.close()
