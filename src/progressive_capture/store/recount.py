"""Which pull requests lost rows, or were never known to have all, in one statement; what is missing, gaps tell."""

from array import array
from collections.abc import Collection, Sequence
from functools import cache

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, func, or_, select

from progressive_capture.domain.kinds import SETTLED, Kind
from progressive_capture.store.completeness import KIND_TABLES
from progressive_capture.store.staleness import Filters, bounded
from progressive_capture.store.tables import COMPLETENESS, PULL_REQUEST_INDEX


def unsound_numbers(
    connection: Connection,
    host_id: int,
    repository_id: int,
    *,
    kinds: Collection[Kind],
    filters: Filters = Filters(),  # noqa: B008 - it cannot be changed
    after: int = 0,
    limit: int | None = None,
) -> Sequence[int]:
    """Return the numbers, ascending, of listed pull requests of which a kind is not settled, or has not its rows.

    Every row of these kinds is counted again, by the database itself: a fifth of the work of `gaps`, and of the
    kinds that the list carries as exact. Whether a reading began too early is for `stale_numbers` to say.

    Args:
        connection: within a transaction.
        host_id: the API host.
        repository_id: GitHub's id.
        kinds: those to count.
        filters: the part of the list that is meant.
        after: leaves out the numbers up to it.
        limit: at most so many.
    """
    if not kinds:
        return array("q")
    bounds = filters.given()
    given = bounds | {"of_host": host_id, "of_repository": repository_id, "after": after}
    if limit is not None:
        given["most"] = limit
    statement = _unsound(tuple(bounds), frozenset(kinds), is_limited=limit is not None)
    return array("q", connection.scalars(statement, given))


@cache
def _unsound(bounds: tuple[str, ...], kinds: frozenset[Kind], *, is_limited: bool) -> Select[int]:
    index = PULL_REQUEST_INDEX.c
    statement = (
        select(index.number)
        .where(
            index.host_id == bindparam("of_host"),
            index.repository_id == bindparam("of_repository"),
            index.number > bindparam("after"),
            bounded(bounds),
            or_(*(~_is_sound(kind) for kind in sorted(kinds))),
        )
        .order_by(index.number)
    )
    return statement.limit(bindparam("most")) if is_limited else statement


def _is_sound(kind: Kind) -> ColumnElement[bool]:
    """Say in SQL that a kind of a listed pull request is settled, with as many rows as were there when it was read."""
    index, known, rows = PULL_REQUEST_INDEX.c, COMPLETENESS.c, KIND_TABLES[kind].c
    counted = (
        select(func.count())
        .where(rows.host_id == index.host_id, rows.pull_request_id == index.pull_request_id, rows.deleted_at.is_(None))
        .correlate(PULL_REQUEST_INDEX)
        .scalar_subquery()
    )
    return exists().where(
        and_(
            known.host_id == index.host_id,
            known.pull_request_id == index.pull_request_id,
            known.kind == kind.value,
            known.state.in_([state.value for state in sorted(SETTLED)]),
            or_(known.stored.is_(None), known.stored == counted),
        )
    )
