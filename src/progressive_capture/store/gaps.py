"""What is missing, recounted from the tables themselves; nothing is changed here."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, FromClause, Select, Table, and_, bindparam, func, select

from progressive_capture.domain.kinds import HYDRATE_KINDS, INDEX_KINDS, SETTLED, Kind, State
from progressive_capture.domain.records import CompletenessRow
from progressive_capture.domain.scope import moment
from progressive_capture.store.closing import count_rows
from progressive_capture.store.completeness import KIND_TABLES, stored_completeness
from progressive_capture.store.keys import among
from progressive_capture.store.staleness import Filters, bounded
from progressive_capture.store.tables import COMPLETENESS, PULL_REQUEST_INDEX, PULL_REQUESTS

SETTLED_AFTER: Final = timedelta(seconds=2)
"""GitHub's stamps have whole seconds: only a reading begun this long after one holds all of that second."""

WINDOW: Final = 500
"""Pull requests looked at together: what bounds the memory of a whole run."""


class Gap(NamedTuple):
    """One kind of one pull request that is not known to be complete, or is known to end before its end."""

    number: int
    pull_request_id: int
    kind: Kind
    state: State
    """SHORT and TRUNCATED are findings to show, all else is a gap."""
    expected: int | None
    """GitHub's count."""
    stored: int
    """Ours, counted now."""
    why: str
    is_unread: bool = False
    """Whether the pull request itself was never read, so that every kind is missing that reading it brings."""

    @property
    def is_gap(self) -> bool:
        """Whether another capture may fill it."""
        return self.state not in SETTLED


class _Listed(NamedTuple):
    number: int
    pull_request_id: int
    updated_at: str
    stored_updated_at: str | None
    captured_at: str | None

    def is_outdated(self, captured_at: str) -> bool:
        """Whether a kind's reading began too early to hold all of the pull request as stored (see `staleness`)."""
        if self.captured_at is None or self.stored_updated_at is None or captured_at >= self.captured_at:
            return False
        return moment(captured_at) < moment(self.stored_updated_at) + SETTLED_AFTER

    @property
    def is_read(self) -> bool:
        """Whether it was hydrated as the list now shows it."""
        return self.stored_updated_at is not None and self.stored_updated_at >= self.updated_at


@dataclass(frozen=True, slots=True)
class Summary:
    """What a repository's tables hold."""

    rows: Mapping[str, int]
    """Rows that are not deleted, by table."""
    unavailable: Mapping[Kind, int]
    """Pull requests by kind that the API used could not give."""


def _below_listed(table: Table) -> FromClause:
    """Join the list, which has a pull request once, with what hangs on it."""
    index = PULL_REQUEST_INDEX.c
    below = and_(table.c.host_id == index.host_id, table.c.pull_request_id == index.pull_request_id)
    return PULL_REQUEST_INDEX.join(table, below)


_HERE: Final = (
    PULL_REQUEST_INDEX.c.host_id == bindparam("of_host"),
    PULL_REQUEST_INDEX.c.repository_id == bindparam("of_repository"),
)
_PRESENT: Final = (*_HERE, PULL_REQUEST_INDEX.c.deleted_at.is_(None))
_UNAVAILABLE: Final = (
    select(COMPLETENESS.c.kind, func.count())
    .select_from(_below_listed(COMPLETENESS))
    .where(*_PRESENT, COMPLETENESS.c.state == State.UNAVAILABLE.value)
    .group_by(COMPLETENESS.c.kind)
)
_COMPLETE: Final = select(
    COMPLETENESS.c.pull_request_id, COMPLETENESS.c.kind, COMPLETENESS.c.stored, COMPLETENESS.c.captured_at
).where(
    COMPLETENESS.c.host_id == bindparam("of_host"),
    among(COMPLETENESS.c.pull_request_id, "of_ids"),
    COMPLETENESS.c.state == State.COMPLETE.value,
    COMPLETENESS.c.kind.in_(bindparam("of_kinds", expanding=True)),
)


def gaps(
    connection: Connection,
    host_id: int,
    repository_id: int,
    *,
    kinds: Collection[Kind],
    updated_from: str | None = None,
    updated_to: str | None = None,
    numbers: Collection[int] | None = None,
    listed_since: str | None = None,
) -> Iterator[Gap]:
    """Find every gap of the kinds asked for, and what is short or truncated, by number; filters as `stale_numbers`.

    Every kind's rows are counted again: a row that was lost from a table since is found. `unsound_numbers` only tells
    which pull requests to look at, and tells it sooner.
    """
    filters = Filters(updated_from, updated_to, numbers, listed_since)
    after = 0
    while window := _window(connection, host_id, repository_id, filters, after):
        yield from _in_window(connection, host_id, window, sorted(kinds))
        after = window[-1].number


def summary(connection: Connection, host_id: int, repository_id: int) -> Summary:
    """Count a repository's rows by table, and the pull requests of which a kind could not be had.

    With joins: SQLite would keep the whole list of ids in memory for each subquery that it looks them up in.
    """
    given = {"of_host": host_id, "of_repository": repository_id}
    tables = (PULL_REQUEST_INDEX, PULL_REQUESTS, *KIND_TABLES.values())
    rows = {table.name: connection.scalar(_count(table), given) or 0 for table in tables}
    return Summary(rows, {Kind(kind): count for kind, count in connection.execute(_UNAVAILABLE, given)})


@cache
def _count(table: Table) -> Select[int]:
    count, present = select(func.count()), table.c.deleted_at.is_(None)
    if table in {PULL_REQUEST_INDEX, PULL_REQUESTS}:
        here = (table.c.host_id == bindparam("of_host"), table.c.repository_id == bindparam("of_repository"))
        return count.select_from(table).where(*here, present)
    return count.select_from(_below_listed(table)).where(*_PRESENT, present)


def _window(connection: Connection, host_id: int, repository_id: int, filters: Filters, after: int) -> list[_Listed]:
    bounds = filters.given()
    given = bounds | {"of_host": host_id, "of_repository": repository_id, "after": after}
    return [_Listed(*row) for row in connection.execute(_next_listed(tuple(bounds)), given)]


@cache
def _next_listed(bounds: tuple[str, ...]) -> Select[Any]:
    index, pulls = PULL_REQUEST_INDEX.c, PULL_REQUESTS.c
    return (
        select(index.number, index.pull_request_id, index.updated_at, pulls.updated_at, pulls.captured_at)
        .select_from(
            PULL_REQUEST_INDEX.outerjoin(
                PULL_REQUESTS, and_(pulls.host_id == index.host_id, pulls.id == index.pull_request_id)
            )
        )
        .where(*_HERE, index.number > bindparam("after"), bounded(bounds))
        .order_by(index.number)
        .limit(WINDOW)
    )


def _in_window(connection: Connection, host_id: int, window: list[_Listed], kinds: list[Kind]) -> Iterator[Gap]:
    ids = [listed.pull_request_id for listed in window]
    counted = {kind: count_rows(connection, host_id, kind, ids) for kind in kinds}
    sound, outdated = _sound(connection, host_id, window, counted)
    doubted = [
        (listed, kind)
        for listed in window
        for kind in kinds
        if (listed.pull_request_id, kind) not in sound or not (kind in INDEX_KINDS or listed.is_read)
    ]
    if not doubted:
        return
    known = stored_completeness(connection, host_id, {listed.pull_request_id for listed, _ in doubted})
    for listed, kind in doubted:
        row = known.get((listed.pull_request_id, kind))
        if row is not None and (listed.pull_request_id, kind) in outdated:
            row = row._replace(state=State.PENDING)
        gap = _judge(listed, kind, row, counted[kind].get(listed.pull_request_id, 0))
        if gap is not None:
            yield gap


def _sound(
    connection: Connection, host_id: int, window: list[_Listed], counted: Mapping[Kind, Mapping[int, int]]
) -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
    """Return what is complete and was counted to be, nearly everything as a rule: no objects are made of it.

    And apart from it what was complete once, before the pull request was updated.
    """
    listed = {each.pull_request_id: each for each in window}
    given = {"of_host": host_id, "of_ids": listed, "of_kinds": [kind.value for kind in counted]}
    found = connection.execute(_COMPLETE, given).all()
    counts: Mapping[str, Mapping[int, int]] = {kind.value: rows for kind, rows in counted.items()}
    sound: set[tuple[int, str]] = set()
    outdated: set[tuple[int, str]] = set()
    for number, kind, stored, captured_at in found:
        if kind in HYDRATE_KINDS and listed[number].is_outdated(captured_at):
            outdated.add((number, kind))
        elif kind in counts and (stored is None or stored == counts[kind].get(number, 0)):
            sound.add((number, kind))
    return sound, outdated


def _judge(listed: _Listed, kind: Kind, row: CompletenessRow | None, counted: int) -> Gap | None:
    found = _unread(listed, kind, row) if row is None or row.state not in SETTLED else _unsound(listed, row, counted)
    if found is None:
        return None
    state, why = found
    expected = row.expected if row is not None else None
    is_unread = state is State.PENDING and kind in HYDRATE_KINDS and listed.stored_updated_at is None
    return Gap(listed.number, listed.pull_request_id, kind, state, expected, counted, why, is_unread)


def _unread(listed: _Listed, kind: Kind, row: CompletenessRow | None) -> tuple[State, str]:
    if kind in HYDRATE_KINDS and listed.stored_updated_at is None:
        return State.PENDING, "the pull request is listed, and was never read"
    if row is None:
        return State.PENDING, "it was never read"
    if row.state is State.PENDING:
        return State.PENDING, "its reading was broken off"
    return row.state, "GitHub's count and ours differ, or its answer was broken"


def _unsound(listed: _Listed, row: CompletenessRow, counted: int) -> tuple[State, str] | None:
    if row.kind in HYDRATE_KINDS and listed.stored_updated_at is None:
        return State.GAP, "the pull request itself is not there"
    if row.kind in HYDRATE_KINDS and (listed.stored_updated_at or "") < listed.updated_at:
        return State.PENDING, "the pull request was updated since it was read"
    if row.stored is not None and row.stored != counted:
        return State.GAP, f"{row.stored} rows were stored, {counted} are there"
    if row.state in _ENDS:
        return row.state, _ENDS[row.state]
    return None


_ENDS: Final = {
    State.SHORT: "read twice to its end, and still less than GitHub counts",
    State.TRUNCATED: "GitHub itself ends this list early",
}
