"""The rows by which tests of engines show that they came through, end to end; starting one stands with each engine."""

from datetime import datetime
from typing import Final

from progressive_capture.queue.schedule import DONE
from progressive_capture.store import duties
from progressive_capture.store.database import Database

_NEWEST: Final = 50


def leave(database: Database, duty: str, nonce: str, holder: str, now: datetime) -> None:
    """Note, under a duty's name, that a test has come through.

    Raises:
        StoreError: the database cannot be written.
    """
    with database.transaction() as connection:
        run = duties.begin_run(connection, duty, holder, now)
        duties.end_run(connection, run, DONE, now, {"nonce": nonce})


def has_come(database: Database, duty: str, nonce: str) -> bool:
    """Whether a test has left its row.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        return any((run.result or {}).get("nonce") == nonce for run in duties.runs(connection, duty, _NEWEST))
