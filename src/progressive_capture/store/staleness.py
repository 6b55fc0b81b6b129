"""Which listed pull requests must be hydrated; when that is done is decided elsewhere."""

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal_column, or_, select, true

from progressive_capture.domain.kinds import SETTLED, Kind, State
from progressive_capture.store.keys import among
from progressive_capture.store.tables import COMPLETENESS, PR_FILES, PULL_REQUEST_INDEX, PULL_REQUESTS

_SETTLED_AFTER: Final = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%S', pull_requests.updated_at, '+2 seconds')",
    "postgresql": "pull_requests.updated_at + interval '2 seconds'",
}
"""GitHub's stamps have whole seconds: only a reading begun two seconds after one holds all of that second.

The text of SQLite has no end (fraction, `Z`), so that it sorts before every time of our own within that second.
"""


STOOD_IN_BEFORE_SETTLED: Final = 2
"""Readings of one state of a pull request in which REST stood in for GraphQL before no further one is tried."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The part of the index that a question is about; None and empty mean no bound."""

    updated_from: str | None = None
    updated_to: str | None = None
    numbers: Collection[int] | None = None
    listed_since: str | None = None

    def condition(self, connection: Connection) -> ColumnElement[bool]:
        """Say in SQL which rows of the index are meant, deleted ones left out."""
        table = PULL_REQUEST_INDEX.c
        conditions: list[ColumnElement[bool]] = [table.deleted_at.is_(None)]
        if self.updated_from is not None:
            conditions.append(table.updated_at >= self.updated_from)
        if self.updated_to is not None:
            conditions.append(table.updated_at <= self.updated_to)
        if self.numbers is not None:
            conditions.append(among(connection, table.number, self.numbers))
        if self.listed_since is not None:
            conditions.append(table.listed_at >= self.listed_since)
        return and_(*conditions)


def stale_numbers(
    connection: Connection,
    host_id: int,
    repository_id: int,
    *,
    kinds: Collection[Kind],
    updated_from: str | None = None,
    updated_to: str | None = None,
    numbers: Collection[int] | None = None,
    listed_since: str | None = None,
    limit: int | None = None,
    full_before: str | None = None,
    settled: Collection[State] = SETTLED,
    patches: bool = False,
) -> Sequence[int]:
    """Return the numbers of listed pull requests that must be hydrated for these kinds, ascending, 8 bytes each.

    Fresh is only what was read at its listed `updated_at` or later, by a reading begun at least 2 s after that time,
    with every kind asked for in a state of `settled` by such a reading, and (`patches`) every file's patch asked for.

    Args:
        connection: within a transaction.
        host_id: the API host.
        repository_id: GitHub's id.
        kinds: the kinds that hydration brings, of those that were asked for.
        updated_from: compared with the index's `updated_at`, inclusive.
        updated_to: as `updated_from`.
        numbers: only these.
        listed_since: only what the list showed at or after this time.
        limit: at most so many.
        full_before: readings begun before this time do not count.
        settled: states that need no further reading; without `unavailable`, what another API could give is stale,
            but for columns that it did not give in `STOOD_IN_BEFORE_SETTLED` readings.
        patches: whether files without a patch, of which GitHub did not say that there is none, are to be read again.
    """
    filters = Filters(updated_from, updated_to, numbers, listed_since)
    statement = stale(
        connection, host_id, repository_id, kinds=kinds, full_before=full_before, settled=settled, patches=patches
    )
    return array("q", connection.scalars(statement.where(filters.condition(connection)).limit(limit)))


def stale(
    connection: Connection,
    host_id: int,
    repository_id: int,
    *,
    kinds: Collection[Kind],
    full_before: str | None,
    settled: Collection[State],
    patches: bool = False,
) -> Select[tuple[int]]:
    """Make the statement of `stale_numbers`, without its filters."""
    index, pulls, known = PULL_REQUEST_INDEX.c, PULL_REQUESTS.c, COMPLETENESS.c
    settled_after: ColumnElement[Any] = literal_column(_SETTLED_AFTER[connection.dialect.name])
    counts_from = known.captured_at >= full_before if full_before is not None else true()
    fresh_kinds = (
        select(func.count())
        .where(
            known.host_id == index.host_id,
            known.pull_request_id == index.pull_request_id,
            known.kind.in_([kind.value for kind in sorted(kinds)]),
            _needs_no_reading(settled),
            # Mostly both are of one reading, and the cheaper comparison is enough.
            or_(known.captured_at >= pulls.captured_at, known.captured_at >= settled_after),
            counts_from,
        )
        .scalar_subquery()
    )
    outdated: list[ColumnElement[bool]] = [
        pulls.id.is_(None),
        pulls.updated_at < index.updated_at,
        pulls.captured_at < settled_after,
    ]
    if full_before is not None:
        outdated.append(pulls.captured_at < full_before)
    if patches:
        outdated.append(_unpatched())
    return (
        select(index.number)
        .select_from(
            PULL_REQUEST_INDEX.outerjoin(
                PULL_REQUESTS, and_(pulls.host_id == index.host_id, pulls.id == index.pull_request_id)
            )
        )
        .where(
            index.host_id == host_id,
            index.repository_id == repository_id,
            or_(*outdated, fresh_kinds < len(kinds)),
        )
        .order_by(index.number)
    )


def times_stood_in(connection: Connection, host_id: int, ids: Collection[int]) -> dict[tuple[int, Kind], int]:
    """Return in how many readings REST stood in for a kind since its pull request, as it is stored, last changed.

    A kind whose reading has begun keeps the number until that ends; kinds for which REST did not stand in are left out.
    """
    if not ids:
        return {}
    pulls, known = PULL_REQUESTS.c, COMPLETENESS.c
    settled_after: ColumnElement[Any] = literal_column(_SETTLED_AFTER[connection.dialect.name])
    found = connection.execute(
        select(known.pull_request_id, known.kind, known.reads)
        .select_from(
            COMPLETENESS.join(PULL_REQUESTS, and_(pulls.host_id == known.host_id, pulls.id == known.pull_request_id))
        )
        .where(
            known.host_id == host_id,
            among(connection, known.pull_request_id, ids),
            or_(known.state == State.PENDING.value, _stood_in()),
            known.reads > 0,
            known.captured_at >= settled_after,
        )
    )
    return {(row.pull_request_id, Kind(row.kind)): row.reads for row in found}


def _needs_no_reading(settled: Collection[State]) -> ColumnElement[bool]:
    """Say in SQL that a kind is in one of these states, or that REST stood in for it often enough."""
    known = COMPLETENESS.c
    return or_(
        known.state.in_([state.value for state in sorted(settled)]),
        and_(_stood_in(), known.reads >= STOOD_IN_BEFORE_SETTLED),
    )


def _stood_in() -> ColumnElement[bool]:
    """Say in SQL that REST gave the rows of a kind without every column: of a kind it does not know, none is stored."""
    known = COMPLETENESS.c
    return and_(known.state == State.UNAVAILABLE.value, known.stored.is_not(None))


def _unpatched() -> ColumnElement[bool]:
    """Say in SQL that a pull request has a file of which nobody asked for the patch: an empty one was asked for."""
    index, files = PULL_REQUEST_INDEX.c, PR_FILES.c
    return exists().where(
        files.host_id == index.host_id,
        files.pull_request_id == index.pull_request_id,
        files.deleted_at.is_(None),
        files.patch.is_(None),
    )
