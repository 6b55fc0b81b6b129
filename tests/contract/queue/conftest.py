"""A transaction for each test, of which nothing stays: most of what the queue must do fits into one."""

from collections.abc import Iterator

import pytest

from progressive_capture.store.database import Connection, Database


class Undone(Exception):
    """Ends a transaction of which nothing shall stay."""


def _undo() -> None:
    raise Undone


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Begin a transaction on a database with all tables; it is undone at the end of the test."""
    try:
        with database.transaction() as opened:
            yield opened
            _undo()
    except Undone:
        pass
