"""What GitHub's list of pull requests says: the index, and the labels, assignees and reviewers that it carries."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, func, or_, select, true, update

from progressive_capture.domain.kinds import Kind, Source, State
from progressive_capture.domain.records import (
    AssigneeRow,
    CompletenessRow,
    IndexRow,
    LabelRow,
    PullRequestLabelRow,
    Records,
    RequestedReviewerRow,
    Target,
)
from progressive_capture.domain.scope import earlier, moment
from progressive_capture.store.bulk import Row, Upsert, Write, write
from progressive_capture.store.closing import mark_unseen
from progressive_capture.store.completeness import completeness_write
from progressive_capture.store.database import Lock, lock
from progressive_capture.store.keys import among
from progressive_capture.store.people import contributor_writes
from progressive_capture.store.tables import (
    LABELS,
    PR_ASSIGNEES,
    PR_LABELS,
    PR_REQUESTED_REVIEWERS,
    PULL_REQUEST_INDEX,
    PULL_REQUESTS,
)


class Listed(NamedTuple):
    """One kind that the list itself carries, as a set of rows."""

    kind: Kind
    table: Table
    upsert: Upsert

    def rows(self, records: Records) -> Sequence[Any]:
        """Pick its rows from what an answer brought."""
        rows: Sequence[Any] = getattr(records, self.table.name)
        return rows


class Counted(NamedTuple):
    """A moment at which GitHub counted pull requests."""

    at: str
    """When it was asked."""
    newest: int | None = None
    """The number of the one opened last, where GitHub told it with the count."""

    def certain(self, host_id: int, repository_id: int) -> ColumnElement[bool]:
        """The condition for pull requests opened before: GitHub's stamps have whole seconds, so not in the same one.

        Where the one opened last is known, its own stamp decides, and no clock; its number within that second.
        """
        table, last = PULL_REQUEST_INDEX.c, PULL_REQUEST_INDEX.alias().c
        if self.newest is None:
            return table.created_at < earlier(self.at, 0)
        here = (last.host_id == host_id, last.repository_id == repository_id, last.number == self.newest)
        opened_at = select(last.created_at).where(*here).scalar_subquery()
        in_order = table.number <= self.newest
        return or_(table.created_at < opened_at, and_(in_order, func.coalesce(table.created_at == opened_at, true())))


class _Known(NamedTuple):
    updated_at: str
    listed_at: str
    is_deleted: bool


def _set(kind: Kind, table: Table, fields: tuple[str, ...]) -> Listed:
    columns = (*fields, "captured_at")
    constants = ("host_id", "repository_id", "source")
    return Listed(kind, table, Upsert(table, columns, constants, updates={"deleted_at": "NULL"}))


LISTED: Final = (
    _set(Kind.LABELS, PR_LABELS, PullRequestLabelRow._fields),
    _set(Kind.ASSIGNEES, PR_ASSIGNEES, AssigneeRow._fields),
    _set(Kind.REQUESTED_REVIEWERS, PR_REQUESTED_REVIEWERS, RequestedReviewerRow._fields),
)

_INDEX: Final = Upsert(
    PULL_REQUEST_INDEX,
    columns=IndexRow._fields,
    constants=("host_id", "repository_id", "listed_at", "source", "first_listed_at"),
    kept=frozenset({"first_listed_at"}),
    updates={
        "deleted_at": "NULL",
        "listed_at": "CASE WHEN excluded.listed_at > pull_request_index.listed_at "
        "THEN excluded.listed_at ELSE pull_request_index.listed_at END",
    },
)

_LABELS: Final = Upsert(
    LABELS,
    columns=LabelRow._fields,
    constants=("host_id", "repository_id", "captured_at", "source"),
    updates={"deleted_at": "NULL"},
    condition="excluded.captured_at >= labels.captured_at",
)

_LISTED: Final = (
    PULL_REQUEST_INDEX.c.host_id == bindparam("of_host"),
    PULL_REQUEST_INDEX.c.repository_id == bindparam("of_repository"),
)
_PRESENT: Final = (*_LISTED, PULL_REQUEST_INDEX.c.deleted_at.is_(None))
_NUMBERED: Final = (*_LISTED, among(PULL_REQUEST_INDEX.c.number, "of_numbers"))
_TARGET: Final = select(
    PULL_REQUEST_INDEX.c.pull_request_id, PULL_REQUEST_INDEX.c.node_id, PULL_REQUEST_INDEX.c.number
).order_by(PULL_REQUEST_INDEX.c.number)
_NEXT: Final = _TARGET.where(*_PRESENT, PULL_REQUEST_INDEX.c.number > bindparam("after")).limit(bindparam("most"))
_THESE: Final = _TARGET.where(*_NUMBERED)
_STATES: Final = select(
    PULL_REQUEST_INDEX.c.number,
    PULL_REQUEST_INDEX.c.updated_at,
    PULL_REQUEST_INDEX.c.listed_at,
    PULL_REQUEST_INDEX.c.deleted_at,
).where(*_NUMBERED)
_STAMPS: Final = select(PULL_REQUEST_INDEX.c.number, PULL_REQUEST_INDEX.c.updated_at).where(*_PRESENT)
_RESTORED: Final = (
    update(PULL_REQUESTS)
    .where(
        PULL_REQUESTS.c.host_id == bindparam("of_host"),
        among(PULL_REQUESTS.c.id, "of_ids"),
        PULL_REQUESTS.c.deleted_at.is_not(None),
    )
    .values(deleted_at=None)
)


def save_index(
    connection: Connection,
    host_id: int,
    repository_id: int,
    *,
    listed_at: str,
    source: Source,
    records: Records,
    completeness: Sequence[CompletenessRow],
) -> frozenset[int]:
    """Store a page of the list, asked for at `listed_at`.

    A pull request of which a newer listing is stored, by (updated_at, listed_at), keeps its content, and is noted as
    seen: a lagging server's old state proves that it still exists.

    Labels and the like are stored as whole sets where `completeness` says that all of them were seen: others are then
    marked deleted.

    Returns:
        The ids of the accepted pull requests.
    """
    lock(connection, Lock.HOST, host_id)
    known = _known(connection, host_id, repository_id, [row.number for row in records.index])
    accepted = {
        row.pull_request_id: row for row in records.index if not _is_older(row, listed_at, known.get(row.number))
    }
    generations = dict.fromkeys(accepted, listed_at)
    shared = (host_id, repository_id, listed_at, source.value)
    write(
        connection,
        [
            Write(_INDEX, list(accepted.values()), (*shared, listed_at)),
            *contributor_writes(host_id, source, listed_at, records.contributors),
            Write(_LABELS, list({row.node_id: row for row in records.labels}.values()), shared),
            *_set_writes((host_id, repository_id, source), generations, records),
            completeness_write(host_id, repository_id, generations, completeness),
        ],
    )
    before = {row.pull_request_id for row in accepted.values() if row.number in known}
    for kind in LISTED:
        whole = {row.pull_request_id for row in completeness if row.kind is kind.kind and row.state is State.COMPLETE}
        mark_unseen(connection, host_id, kind.table, whole & before, listed_at)
    older = [row.number for row in records.index if row.pull_request_id not in accepted]
    _note_seen(connection, host_id, repository_id, older, listed_at)
    _restore(connection, host_id, [row.pull_request_id for row in records.index if _was_deleted(row, known)])
    return frozenset(accepted)


def mark_unlisted(
    connection: Connection, host_id: int, repository_id: int, listed_before: str, counted: Counted
) -> int:
    """Mark pull requests as deleted that a full walk, begun at `listed_before`, did not list.

    It proves nothing of those opened after GitHub was asked how many there are, at `counted`: they stay.

    Returns:
        How many were marked; listing them again takes the mark away.
    """
    lock(connection, Lock.HOST, host_id)
    table, pulls = PULL_REQUEST_INDEX.c, PULL_REQUESTS.c
    here = (table.host_id == host_id, table.repository_id == repository_id)
    marked = connection.execute(
        update(PULL_REQUEST_INDEX)
        .where(
            *here, table.deleted_at.is_(None), table.listed_at < listed_before, counted.certain(host_id, repository_id)
        )
        .values(deleted_at=listed_before)
    )
    gone = select(table.pull_request_id).where(*here, table.deleted_at == listed_before)
    connection.execute(
        update(PULL_REQUESTS)
        .where(pulls.host_id == host_id, pulls.id.in_(gone), pulls.deleted_at.is_(None))
        .values(deleted_at=listed_before)
    )
    return marked.rowcount


def count_listed(
    connection: Connection, host_id: int, repository_id: int, *, since: str = "", counted: Counted | None = None
) -> int:
    """Count listed pull requests, deleted ones left out.

    Only those that were listed at or after `since`, and that were opened before GitHub was asked at `counted`.
    """
    table = PULL_REQUEST_INDEX.c
    listed = [table.host_id == host_id, table.repository_id == repository_id, table.deleted_at.is_(None)]
    if since:
        listed.append(table.listed_at >= since)
    if counted is not None:
        listed.append(counted.certain(host_id, repository_id))
    return connection.scalar(select(func.count()).select_from(PULL_REQUEST_INDEX).where(*listed)) or 0


def listed_after(connection: Connection, host_id: int, repository_id: int, number: int, count: int) -> list[Target]:
    """Return the next listed pull requests with a higher number, by number, deleted ones left out."""
    given = {"of_host": host_id, "of_repository": repository_id, "after": number, "most": count}
    found = connection.execute(_NEXT, given)
    return [Target(*row) for row in found]


def stamps(connection: Connection, host_id: int, repository_id: int) -> dict[int, str]:
    """Return the `updated_at` of every listed pull request by its number, deleted ones left out."""
    found = connection.execute(_STAMPS, {"of_host": host_id, "of_repository": repository_id})
    return {number: updated_at for number, updated_at in found}  # noqa: C416 - the row type says nothing of a pair


def targets(connection: Connection, host_id: int, repository_id: int, numbers: Collection[int]) -> list[Target]:
    """Return the listed pull requests of these numbers, by number."""
    given = {"of_host": host_id, "of_repository": repository_id, "of_numbers": numbers}
    found = connection.execute(_THESE, given)
    return [Target(*row) for row in found]


def _known(connection: Connection, host_id: int, repository_id: int, numbers: Collection[int]) -> dict[int, _Known]:
    given = {"of_host": host_id, "of_repository": repository_id, "of_numbers": numbers}
    found = connection.execute(_STATES, given)
    return {
        number: _Known(updated_at, listed_at, deleted_at is not None)
        for number, updated_at, listed_at, deleted_at in found
    }


def _is_older(row: IndexRow, listed_at: str, known: _Known | None) -> bool:
    if known is None:
        return False
    return (moment(row.updated_at), listed_at) < (moment(known.updated_at), known.listed_at)


def _was_deleted(row: IndexRow, known: Mapping[int, _Known]) -> bool:
    return row.number in known and known[row.number].is_deleted


def _set_writes(place: tuple[int, int, Source], generations: Mapping[int, str], records: Records) -> Iterator[Write]:
    host_id, repository_id, source = place
    for kind in LISTED:
        rows: dict[Row, None] = {
            (*row, generations[row.pull_request_id]): None
            for row in kind.rows(records)
            if row.pull_request_id in generations
        }
        yield Write(kind.upsert, list(rows), (host_id, repository_id, source.value))


def _note_seen(
    connection: Connection, host_id: int, repository_id: int, numbers: Collection[int], listed_at: str
) -> None:
    if not numbers:
        return
    given = {"of_host": host_id, "of_repository": repository_id, "of_numbers": numbers}
    seen, listed = update(PULL_REQUEST_INDEX).where(*_NUMBERED), PULL_REQUEST_INDEX.c.listed_at
    connection.execute(seen.values(deleted_at=None), given)
    connection.execute(seen.where(listed < listed_at).values(listed_at=listed_at), given)


def _restore(connection: Connection, host_id: int, ids: Collection[int]) -> None:
    """Take the mark of deletion from pull requests that GitHub lists again."""
    if not ids:
        return
    connection.execute(_RESTORED, {"of_host": host_id, "of_ids": ids})
