"""The closing of kinds that were read to their end: what was not seen again is marked, what is there is counted."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, Update, bindparam, func, select, update

from progressive_capture.domain.kinds import INDEX_KINDS, Kind
from progressive_capture.store.completeness import KIND_TABLES
from progressive_capture.store.database import Lock, lock
from progressive_capture.store.keys import among
from progressive_capture.store.tables import PR_REVIEW_THREADS, PULL_REQUEST_INDEX, PULL_REQUESTS

Closing = tuple[int, Kind, str]
"""A pull request's id, a kind that was read to its end, and the generation of that reading."""


def _present(table: Table) -> tuple[ColumnElement[bool], ...]:
    """Say in SQL which rows are of these pull requests, deleted ones left out."""
    rows = table.c
    return rows.host_id == bindparam("of_host"), among(rows.pull_request_id, "of_ids"), rows.deleted_at.is_(None)


_THREADS: Final = select(PR_REVIEW_THREADS.c.node_id, PR_REVIEW_THREADS.c.pull_request_id).where(
    *_present(PR_REVIEW_THREADS)
)
_THREAD_TOTALS: Final = (
    select(
        PR_REVIEW_THREADS.c.pull_request_id,
        func.count(),
        func.count(PR_REVIEW_THREADS.c.comments_total),
        func.sum(PR_REVIEW_THREADS.c.comments_total),
    )
    .where(*_present(PR_REVIEW_THREADS))
    .group_by(PR_REVIEW_THREADS.c.pull_request_id)
)


class _Readings(NamedTuple):
    """The newest and the first reading of a pull request that are stored."""

    newest: str
    first: str


def count_read(connection: Connection, host_id: int, closings: Iterable[Closing]) -> dict[tuple[int, Kind], int]:
    """Count the rows that these readings brought, by pull request and kind.

    Pull requests of which another reading is stored by now are left out; rows of older readings do not count.
    """
    counted: dict[tuple[int, Kind], int] = {}
    for kind, generations in _current(connection, host_id, closings).items():
        found = connection.execute(_readings(kind), {"of_host": host_id, "of_ids": generations})
        counted |= dict.fromkeys(((number, kind) for number in generations), 0)
        for row in found:
            if row.captured_at == generations[row.pull_request_id].newest:
                counted[row.pull_request_id, kind] = row.rows
    return counted


def mark_absent(connection: Connection, host_id: int, closings: Iterable[Closing]) -> None:
    """Mark as deleted what these readings, each known to be whole, did not bring any more.

    Pull requests first stored in the same reading have nothing older.
    """
    lock(connection, Lock.HOST, host_id)
    for kind, readings in _current(connection, host_id, closings).items():
        older: defaultdict[str, list[int]] = defaultdict(list)
        for number, reading in readings.items():
            if reading.first != reading.newest:
                older[reading.newest].append(number)
        for generation, numbers in older.items():
            mark_unseen(connection, host_id, KIND_TABLES[kind], numbers, generation)


def _current(connection: Connection, host_id: int, closings: Iterable[Closing]) -> dict[Kind, dict[int, _Readings]]:
    """The closings whose generation is still the newest one stored, by kind and pull request."""
    by_kind: defaultdict[Kind, dict[int, str]] = defaultdict(dict)
    for number, kind, generation in closings:
        by_kind[kind][number] = generation
    hydrated = _first_readings(connection, host_id, PULL_REQUESTS, _numbers(by_kind, index=False))
    listed = _first_readings(connection, host_id, PULL_REQUEST_INDEX, _numbers(by_kind, index=True))
    current: dict[Kind, dict[int, _Readings]] = {}
    for kind, generations in by_kind.items():
        readings = listed if kind in INDEX_KINDS else hydrated
        current[kind] = {
            number: readings[number]
            for number, generation in generations.items()
            if number in readings and readings[number].newest == generation
        }
    return current


def mark_unseen(connection: Connection, host_id: int, table: Table, ids: Collection[int], generation: str) -> None:
    """Mark as deleted what this reading of these pull requests did not bring any more."""
    if not ids:
        return
    connection.execute(_unseen(table), {"of_host": host_id, "of_ids": ids, "of_generation": generation})


def count_rows(connection: Connection, host_id: int, kind: Kind, ids: Collection[int]) -> dict[int, int]:
    """Count the rows of a kind that are not deleted, by pull request; those with none are left out."""
    if not ids:
        return {}
    found = connection.execute(_counts(kind), {"of_host": host_id, "of_ids": ids})
    return {number: rows for number, rows in found}  # noqa: C416 - the row type says nothing of a pair


def threads_of(connection: Connection, host_id: int, ids: Collection[int]) -> dict[str, int]:
    """Return the threads that are not deleted, by node id, each with its pull request."""
    found = connection.execute(_THREADS, {"of_host": host_id, "of_ids": ids})
    return {row.node_id: row.pull_request_id for row in found}


def thread_totals(connection: Connection, host_id: int, ids: Collection[int]) -> dict[int, int | None]:
    """Sum up how many comments GitHub counts in the threads of each pull request; None while one is not known."""
    found = connection.execute(_THREAD_TOTALS, {"of_host": host_id, "of_ids": ids})
    sums = {number: total if threads == known else None for number, threads, known, total in found}
    return {number: sums.get(number, 0) for number in ids}


def _numbers(by_kind: Mapping[Kind, Mapping[int, str]], *, index: bool) -> set[int]:
    return {number for kind, readings in by_kind.items() if (kind in INDEX_KINDS) == index for number in readings}


def _first_readings(connection: Connection, host_id: int, table: Table, ids: Collection[int]) -> dict[int, _Readings]:
    """Return the newest and the first reading of each pull request: of hydration, or of the list."""
    if not ids:
        return {}
    found = connection.execute(_newest_and_first(table), {"of_host": host_id, "of_ids": ids})
    return {number: _Readings(newest_reading, first_reading) for number, newest_reading, first_reading in found}


@cache
def _readings(kind: Kind) -> Select[Any]:
    rows = KIND_TABLES[kind]
    reading = (rows.c.pull_request_id, rows.c.captured_at)
    return select(*reading, func.count().label("rows")).where(*_present(rows)).group_by(*reading)


@cache
def _counts(kind: Kind) -> Select[Any]:
    rows = KIND_TABLES[kind]
    return select(rows.c.pull_request_id, func.count()).where(*_present(rows)).group_by(rows.c.pull_request_id)


@cache
def _unseen(table: Table) -> Update:
    generation = bindparam("of_generation", type_=table.c.captured_at.type)
    return update(table).where(*_present(table), table.c.captured_at < generation).values(deleted_at=generation)


@cache
def _newest_and_first(table: Table) -> Select[Any]:
    hydrated = table is PULL_REQUESTS
    key = table.c.id if hydrated else table.c.pull_request_id
    newest, first = ("captured_at", "first_captured_at") if hydrated else ("listed_at", "first_listed_at")
    return select(key, table.c[newest], table.c[first]).where(
        table.c.host_id == bindparam("of_host"), among(key, "of_ids")
    )
