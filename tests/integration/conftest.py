"""Databases of integration tests have all tables from the start, made once by our migrations; no rows.

Two tests ask for a database with nothing in it: that of the fixtures, and the first capture by the program.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from progressive_capture.store.database import Database
from tests.support import postgres
from tests.support.services import Server


def _migrate(url: str) -> None:
    database = Database.open(url)
    database.migrate()
    database.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a SQLite file to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "capture.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_database(pg_server: Server, pg_admin: psycopg.Connection) -> Iterator[str]:
    """Make a PostgreSQL database to be copied; its name."""
    with postgres.database(pg_admin) as name:
        _migrate(postgres.url(pg_server, name))
        yield name


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """Return the DATABASE_URL of a SQLite file with all tables."""
    return f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'capture.db')}"


@pytest.fixture
def pg_database(pg_admin: psycopg.Connection, migrated_database: str) -> Iterator[str]:
    """Make a PostgreSQL database with all tables, dropped after the test; its name."""
    with postgres.database(pg_admin, template=migrated_database) as name:
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the DATABASE_URL of a database with nothing in it, once for each kind of database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: Server = request.getfixturevalue("pg_server")
    with postgres.database(request.getfixturevalue("pg_admin")) as name:
        yield postgres.url(server, name)
