"""Which listed pull requests must be hydrated; when that is done is decided elsewhere."""

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)

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

_BOUNDS: Final[Mapping[str, ColumnElement[bool]]] = {
    "updated_from": PULL_REQUEST_INDEX.c.updated_at >= bindparam("updated_from"),
    "updated_to": PULL_REQUEST_INDEX.c.updated_at <= bindparam("updated_to"),
    "numbers": among(PULL_REQUEST_INDEX.c.number, "numbers"),
    "listed_since": PULL_REQUEST_INDEX.c.listed_at >= bindparam("listed_since"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """The part of the index that a question is about; None and empty mean no bound."""

    updated_from: str | None = None
    updated_to: str | None = None
    numbers: Collection[int] | None = None
    listed_since: str | None = None

    def given(self) -> dict[str, Any]:
        """Return the bounds that there are, by name: the parameters of `bounded`."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}


@cache
def bounded(bounds: tuple[str, ...]) -> ColumnElement[bool]:
    """Say in SQL which rows of the index are meant where these bounds of `Filters` are given, deleted ones left out."""
    return and_(PULL_REQUEST_INDEX.c.deleted_at.is_(None), *(_BOUNDS[name] for name in bounds))


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
    bounds = Filters(updated_from, updated_to, numbers, listed_since).given()
    given = bounds | {"of_host": host_id, "of_repository": repository_id}
    if full_before is not None:
        given["full_before"] = full_before
    if limit is not None:
        given["most"] = limit
    statement = _stale(connection.dialect.name, frozenset(given), frozenset(kinds), frozenset(settled), patches=patches)
    return array("q", connection.scalars(statement, given))


@cache
def _stale(
    dialect: str, given: frozenset[str], kinds: frozenset[Kind], settled: frozenset[State], *, patches: bool
) -> Select[int]:
    """Make the statement of `stale_numbers` for these parameters."""
    index, pulls, known = PULL_REQUEST_INDEX.c, PULL_REQUESTS.c, COMPLETENESS.c
    settled_after: ColumnElement[Any] = literal_column(_SETTLED_AFTER[dialect])
    full = "full_before" in given
    counts_from = known.captured_at >= bindparam("full_before") if full else true()
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
    if full:
        outdated.append(pulls.captured_at < bindparam("full_before"))
    if patches:
        outdated.append(_unpatched())
    statement = (
        select(index.number)
        .select_from(
            PULL_REQUEST_INDEX.outerjoin(
                PULL_REQUESTS, and_(pulls.host_id == index.host_id, pulls.id == index.pull_request_id)
            )
        )
        .where(
            index.host_id == bindparam("of_host"),
            index.repository_id == bindparam("of_repository"),
            bounded(tuple(name for name in _BOUNDS if name in given)),
            or_(*outdated, fresh_kinds < len(kinds)),
        )
        .order_by(index.number)
    )
    return statement.limit(bindparam("most")) if "most" in given else statement


def times_stood_in(connection: Connection, host_id: int, ids: Collection[int]) -> dict[tuple[int, Kind], int]:
    """Return in how many readings REST stood in for a kind since its pull request, as it is stored, last changed.

    A kind whose reading has begun keeps the number until that ends; kinds for which REST did not stand in are left out.
    """
    if not ids:
        return {}
    found = connection.execute(_times_stood_in(connection.dialect.name), {"of_host": host_id, "of_ids": ids})
    return {(row.pull_request_id, Kind(row.kind)): row.reads for row in found}


@cache
def _times_stood_in(dialect: str) -> Select[int, str, int]:
    pulls, known = PULL_REQUESTS.c, COMPLETENESS.c
    settled_after: ColumnElement[Any] = literal_column(_SETTLED_AFTER[dialect])
    return (
        select(known.pull_request_id, known.kind, known.reads)
        .select_from(
            COMPLETENESS.join(PULL_REQUESTS, and_(pulls.host_id == known.host_id, pulls.id == known.pull_request_id))
        )
        .where(
            known.host_id == bindparam("of_host"),
            among(known.pull_request_id, "of_ids"),
            or_(known.state == State.PENDING.value, _stood_in()),
            known.reads > 0,
            known.captured_at >= settled_after,
        )
    )


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
