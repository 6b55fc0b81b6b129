"""The closing of kinds that were read to their end: what was not seen again is marked, what is there is counted."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection, Table, func, select, update

from progressive_capture.domain.kinds import INDEX_KINDS, Kind
from progressive_capture.store.completeness import KIND_TABLES
from progressive_capture.store.database import Lock, lock
from progressive_capture.store.keys import among
from progressive_capture.store.tables import PR_REVIEW_THREADS, PULL_REQUEST_INDEX, PULL_REQUESTS

Closing = tuple[int, Kind, str]
"""A pull request's id, a kind that was read to its end, and the generation of that reading."""


def close_kinds(connection: Connection, host_id: int, closings: Iterable[Closing]) -> dict[tuple[int, Kind], int]:
    """Mark as deleted what the readings did not bring any more, and count what they brought.

    Pull requests first stored in the same reading have nothing older, and only their rows are counted.

    Returns:
        Rows not deleted, by pull request and kind; without those of which another reading is stored by now.
    """
    lock(connection, Lock.HOST, host_id)
    by_kind: defaultdict[Kind, dict[int, str]] = defaultdict(dict)
    for number, kind, generation in closings:
        by_kind[kind][number] = generation
    counted: dict[tuple[int, Kind], int] = {}
    hydrated = _first_readings(connection, host_id, PULL_REQUESTS, _numbers(by_kind, index=False))
    listed = _first_readings(connection, host_id, PULL_REQUEST_INDEX, _numbers(by_kind, index=True))
    for kind, generations in by_kind.items():
        readings = listed if kind in INDEX_KINDS else hydrated
        current = {
            number: generation
            for number, generation in generations.items()
            if number in readings and readings[number][0] == generation
        }
        older: defaultdict[str, list[int]] = defaultdict(list)
        for number, generation in current.items():
            if readings[number][1] != generation:
                older[generation].append(number)
        for generation, numbers in older.items():
            mark_unseen(connection, host_id, KIND_TABLES[kind], numbers, generation)
        counts = count_rows(connection, host_id, kind, current)
        counted |= {(number, kind): counts.get(number, 0) for number in current}
    return counted


def mark_unseen(connection: Connection, host_id: int, table: Table, ids: Collection[int], generation: str) -> None:
    """Mark as deleted what this reading of these pull requests did not bring any more."""
    if not ids:
        return
    connection.execute(
        update(table)
        .where(
            table.c.host_id == host_id,
            among(connection, table.c.pull_request_id, ids),
            table.c.deleted_at.is_(None),
            table.c.captured_at < generation,
        )
        .values(deleted_at=generation)
    )


def count_rows(connection: Connection, host_id: int, kind: Kind, ids: Collection[int]) -> dict[int, int]:
    """Count the rows of a kind that are not deleted, by pull request; those with none are left out."""
    if not ids:
        return {}
    table = KIND_TABLES[kind].c
    found = connection.execute(
        select(table.pull_request_id, func.count().label("rows"))
        .where(table.host_id == host_id, among(connection, table.pull_request_id, ids), table.deleted_at.is_(None))
        .group_by(table.pull_request_id)
    )
    return {row.pull_request_id: row.rows for row in found}


def threads_of(connection: Connection, host_id: int, ids: Collection[int]) -> dict[str, int]:
    """Return the threads that are not deleted, by node id, each with its pull request."""
    table = PR_REVIEW_THREADS.c
    found = connection.execute(
        select(table.node_id, table.pull_request_id).where(
            table.host_id == host_id, among(connection, table.pull_request_id, ids), table.deleted_at.is_(None)
        )
    )
    return {row.node_id: row.pull_request_id for row in found}


def thread_totals(connection: Connection, host_id: int, ids: Collection[int]) -> dict[int, int | None]:
    """Sum up how many comments GitHub counts in the threads of each pull request; None while one is not known."""
    table = PR_REVIEW_THREADS.c
    found = connection.execute(
        select(table.pull_request_id, func.count(), func.count(table.comments_total), func.sum(table.comments_total))
        .where(table.host_id == host_id, among(connection, table.pull_request_id, ids), table.deleted_at.is_(None))
        .group_by(table.pull_request_id)
    )
    sums = {number: total if threads == known else None for number, threads, known, total in found}
    return {number: sums.get(number, 0) for number in ids}


def _numbers(by_kind: Mapping[Kind, Mapping[int, str]], *, index: bool) -> set[int]:
    return {number for kind, readings in by_kind.items() if (kind in INDEX_KINDS) == index for number in readings}


def _first_readings(
    connection: Connection, host_id: int, table: Table, ids: Collection[int]
) -> dict[int, tuple[str, str]]:
    """Return the newest and the first reading of each pull request: of hydration, or of the list."""
    if not ids:
        return {}
    hydrated = table is PULL_REQUESTS
    key = table.c.id if hydrated else table.c.pull_request_id
    newest, first = ("captured_at", "first_captured_at") if hydrated else ("listed_at", "first_listed_at")
    found = connection.execute(
        select(key, table.c[newest], table.c[first]).where(table.c.host_id == host_id, among(connection, key, ids))
    )
    return {number: (reading, first_reading) for number, reading, first_reading in found}
