"""Databases of engines have all tables from the start, and the revision of our migrations, which need not run."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from progressive_capture.store.schema import REVISIONS


@pytest.fixture
def sqlite_url(sqlite_with_tables: Path, tmp_path: Path) -> str:
    """Return the DATABASE_URL of a SQLite file with all tables and no rows."""
    path = shutil.copy(sqlite_with_tables, tmp_path / "capture.db")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (REVISIONS[-1],))
    return f"sqlite:///{path}"
