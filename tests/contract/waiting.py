"""When connections to PostgreSQL wait for each other; no tests."""

from typing import Final

import psycopg

_WAITING: Final = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""


def until_waiting(url: str, count: int) -> None:
    """Return once so many connections wait for locks of others."""
    with psycopg.connect(url, autocommit=True) as watcher:
        while watcher.execute(_WAITING).fetchone() != (count,):
            pass
