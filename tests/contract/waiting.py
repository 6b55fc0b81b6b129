"""When connections to PostgreSQL wait for each other; no tests."""

from collections.abc import Callable
from typing import Final

import psycopg

_WAITING: Final = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""


def until_waiting(url: str, count: int, *, is_over: Callable[[], bool] = lambda: False) -> None:
    """Return once so many connections wait for locks of others, or what should wait is over."""
    with psycopg.connect(url, autocommit=True) as watcher:
        while watcher.execute(_WAITING).fetchone() != (count,) and not is_over():
            pass
