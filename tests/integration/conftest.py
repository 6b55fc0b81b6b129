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
from tests.support.forking import MEASURED
from tests.support.services import Server

HERE = Path(__file__).parent
MEASURE = {
    "test_actions_folder.py",
    "test_actions_install.py",
    "test_cli_json.py",
    "test_cli_refusals.py",
    "test_cli_rollout.py",
    "test_inngest_commands.py",
}
"""Files whose coverage is measured: they run what no smaller test does. Measuring all would take half their time again,
and say little: that a line ran on the way of a whole capture does not mean that a test looks at what it does."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure the coverage of some files alone."""
    for item in items:
        if HERE in item.path.parents and item.path.name not in MEASURE:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(autouse=True)
def programs_are_measured_as_their_test_is(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the programs of tests that are not measured run at full speed too."""
    if request.node.get_closest_marker("no_cover"):
        monkeypatch.delenv(MEASURED, raising=False)


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
