"""Breakers of engines, shared by all processes: read by every decision, changed under a lock."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from progressive_capture.domain.breaker import Breaker
from progressive_capture.domain.jobs import EngineName
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.store.tables import ENGINE_BREAKERS

_BREAKER: Final = ENGINE_BREAKERS.c
_ALL: Final = select(ENGINE_BREAKERS)


def read(connection: Connection) -> dict[EngineName, Breaker]:
    """Return what is remembered of engines; of the others there is nothing to remember."""
    return {EngineName(row.engine): _breaker(row) for row in connection.execute(_ALL)}


def find(connection: Connection, engine: EngineName) -> Breaker:
    """Return what is remembered of one engine."""
    return read(connection).get(engine, Breaker())


def change(
    connection: Connection, engine: EngineName, rule: Callable[[Breaker], Breaker], now: datetime
) -> tuple[Breaker, Breaker]:
    """Apply a rule to an engine's breaker; of two processes at once the second sees what the first one made of it.

    Returns:
        What it was, and what it is now.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(ENGINE_BREAKERS).values(engine=engine.value, **_values(Breaker(), now))
    connection.execute(new.on_conflict_do_nothing())
    locked = select(ENGINE_BREAKERS).where(_BREAKER.engine == engine.value).with_for_update()
    before = _breaker(connection.execute(locked).one())
    after = rule(before)
    if after != before:
        connection.execute(update(ENGINE_BREAKERS).where(_BREAKER.engine == engine.value).values(_values(after, now)))
    return before, after


def _values(breaker: Breaker, now: datetime) -> dict[str, Any]:
    until = None if breaker.until is None else stamp(breaker.until)
    return asdict(breaker) | {"until": until, "changed_at": stamp(now)}


def _breaker(row: Row[Any]) -> Breaker:
    until = None if row.until is None else moment(row.until)
    return Breaker(failures=row.failures, trips=row.trips, until=until, why=row.why)
