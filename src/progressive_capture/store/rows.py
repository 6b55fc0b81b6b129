"""Hydrated pull requests and what hangs on them: which readings are accepted, and their rows; the list is elsewhere."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy import Update as SqlUpdate

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import UNAVAILABLE, MilestoneRow, PullRequestRow, Records
from progressive_capture.domain.scope import moment
from progressive_capture.domain.withheld import by_row
from progressive_capture.store.bulk import Row, Update, Upsert, Write, write
from progressive_capture.store.children import child_writes, kept_where_null, touch_seen
from progressive_capture.store.database import Lock, lock
from progressive_capture.store.keys import among
from progressive_capture.store.people import contributor_writes
from progressive_capture.store.tables import MILESTONES, PR_FILES, PR_REVIEW_THREADS, PULL_REQUESTS


class _Stored(NamedTuple):
    """What must be known of a pull request that is already there."""

    updated_at: str
    captured_at: str
    head_sha: str
    base_sha: str
    additions: int
    deletions: int
    changed_files: int


_MILESTONES: Final = Upsert(
    MILESTONES,
    columns=MilestoneRow._fields,
    constants=("host_id", "repository_id", "captured_at", "source"),
    updates={"deleted_at": "NULL"},
    condition="(excluded.updated_at, excluded.captured_at) >= (milestones.updated_at, milestones.captured_at)",
)


_STORED: Final = select(PULL_REQUESTS.c.id, *(PULL_REQUESTS.c[name] for name in _Stored._fields)).where(
    PULL_REQUESTS.c.host_id == bindparam("of_host"), among(PULL_REQUESTS.c.id, "of_ids")
)
_READINGS: Final = select(PULL_REQUESTS.c.id, PULL_REQUESTS.c.captured_at, PULL_REQUESTS.c.first_captured_at).where(
    PULL_REQUESTS.c.host_id == bindparam("of_host"), among(PULL_REQUESTS.c.id, "of_ids")
)
_NEWEST: Final = select(func.max(PULL_REQUESTS.c.captured_at)).where(
    PULL_REQUESTS.c.host_id == bindparam("of_host"), among(PULL_REQUESTS.c.id, "of_ids")
)
_THREADS: Final = select(PR_REVIEW_THREADS.c.pull_request_id, PR_REVIEW_THREADS.c.node_id).where(
    PR_REVIEW_THREADS.c.host_id == bindparam("of_host"), among(PR_REVIEW_THREADS.c.pull_request_id, "of_ids")
)

_THREAD_TOTALS: Final = Update(
    PR_REVIEW_THREADS, columns=("comments_total",), keys=("pull_request_id", "node_id"), constants=("host_id",)
)


@cache
def _pull_requests(source: Source, withheld: frozenset[str] = frozenset()) -> Upsert:
    return Upsert(
        PULL_REQUESTS,
        columns=PullRequestRow._fields,
        constants=("host_id", "repository_id", "captured_at", "source", "first_captured_at"),
        kept=UNAVAILABLE[source].get("pull_requests", frozenset()) | {"first_captured_at"},
        updates={"deleted_at": "NULL", **kept_where_null(PULL_REQUESTS, withheld)},
    )


def save_hydrated(
    connection: Connection, host_id: int, repository_id: int, *, source: Source, captured_at: str, records: Records
) -> dict[int, bool]:
    """Store what hydrating some pull requests brought, as the reading (generation) begun at `captured_at`.

    A pull request of which a newer reading is stored, by (updated_at, captured_at), is left as it is, and all that
    hangs on it in `records` is dropped.

    Returns:
        The ids of the accepted pull requests, each with whether it was stored before.
    """
    lock(connection, Lock.HOST, host_id)
    incoming = {row.id: row for row in records.pull_requests}
    stored = _stored(connection, host_id, incoming)
    accepted = {
        row.id: _with_sizes(row, stored.get(row.id))
        for row in incoming.values()
        if not _is_older(row.updated_at, captured_at, stored.get(row.id))
    }
    before = set(stored) & set(accepted)
    moved = [number for number in before if _diff(accepted[number]) != _diff(stored[number])]
    _forget_file_details(connection, host_id, moved, source)
    shared = (host_id, repository_id, captured_at, source.value)
    generations = dict.fromkeys(accepted, captured_at)
    milestones = {row.number: row for row in records.milestones}
    write(
        connection,
        [
            *_pull_request_writes(source, accepted, records, (*shared, captured_at)),
            Write(_MILESTONES, list(milestones.values()), shared),
            *contributor_writes(host_id, source, captured_at, records.contributors),
            *child_writes((host_id, repository_id, source), generations, records),
        ],
    )
    touch_seen(connection, host_id, generations, records, before)
    return {number: number in before for number in accepted}


def save_followed(
    connection: Connection,
    host_id: int,
    repository_id: int,
    *,
    source: Source,
    generations: Mapping[int, str],
    records: Records,
) -> dict[int, bool]:
    """Store what a follow-up page brought, each pull request's rows as part of the reading they belong to.

    Args:
        connection: within a transaction.
        host_id: the API host.
        repository_id: GitHub's id.
        source: the API that the page came from.
        generations: the reading that each pull request's rows belong to; rows of others are dropped.
        records: all but index, labels and the like, which hang on the list.

    Returns:
        The ids of the pull requests whose stored reading is the one given, each with whether an earlier reading was
        stored before; the rows of others are dropped.
    """
    lock(connection, Lock.HOST, host_id)
    accepted = {}
    before = set()
    for number, reading, first in _readings(connection, host_id, generations):
        if reading == generations[number]:
            accepted[number] = reading
            before |= {number} if first != reading else set()
    if not accepted:
        return {}
    people = contributor_writes(host_id, source, max(accepted.values()), records.contributors)
    place = (host_id, repository_id, source)
    children = child_writes(place, accepted, records)
    # A thread that came in the same page has to be there before its count.
    write(connection, [*people, *children])
    write(connection, [_thread_totals(connection, host_id, accepted, records)])
    touch_seen(connection, host_id, accepted, records, before)
    return {number: number in before for number in accepted}


def newest_reading(connection: Connection, host_id: int, ids: Collection[int]) -> str | None:
    """Return when the newest reading of any of these pull requests began, None where none was ever read."""
    newest: str | None = connection.scalar(_NEWEST, {"of_host": host_id, "of_ids": ids})
    return newest


def _pull_request_writes(
    source: Source, accepted: Mapping[int, PullRequestRow], records: Records, constants: Row
) -> list[Write]:
    """Make the writes of pull requests; of those that GitHub shows in part, each with what is to stay."""
    partly = {number: columns for (number, _), columns in by_row(records.withheld, PULL_REQUESTS.name).items()}
    whole = [row for number, row in accepted.items() if number not in partly]
    shown_in_part = [
        Write(_pull_requests(source, columns), [accepted[number]], constants)
        for number, columns in partly.items()
        if number in accepted
    ]
    return [Write(_pull_requests(source), whole, constants), *shown_in_part]


def _stored(connection: Connection, host_id: int, ids: Collection[int]) -> dict[int, _Stored]:
    found = connection.execute(_STORED, {"of_host": host_id, "of_ids": ids})
    return {number: _Stored(*rest) for number, *rest in found}


def _readings(connection: Connection, host_id: int, ids: Collection[int]) -> list[tuple[int, str, str]]:
    found = connection.execute(_READINGS, {"of_host": host_id, "of_ids": ids})
    return [(number, reading, first) for number, reading, first in found]


def _is_older(updated_at: str, captured_at: str, stored: _Stored | None) -> bool:
    if stored is None:
        return False
    return (moment(updated_at), captured_at) < (moment(stored.updated_at), stored.captured_at)


def _with_sizes(row: PullRequestRow, stored: _Stored | None) -> PullRequestRow:
    """Keep the known sizes when the same diff is suddenly said to be empty: GitHub had not computed it."""
    if stored is None or (row.head_sha, row.base_sha) != (stored.head_sha, stored.base_sha):
        return row
    if row.additions or row.deletions or row.changed_files:
        return row
    return row._replace(additions=stored.additions, deletions=stored.deletions, changed_files=stored.changed_files)


def _diff(row: PullRequestRow | _Stored) -> tuple[str, str, int, int, int]:
    """Everything by which the diff of a pull request shows that it is another one."""
    return row.head_sha, row.base_sha, row.additions, row.deletions, row.changed_files


def _forget_file_details(connection: Connection, host_id: int, moved: list[int], source: Source) -> None:
    """Empty what told of another diff: of files read by GraphQL all that only REST can give, by REST the patches."""
    if not moved:
        return
    connection.execute(_without_details(source), {"of_host": host_id, "of_ids": moved})


@cache
def _without_details(source: Source) -> SqlUpdate:
    table = PR_FILES.c
    emptied: dict[str, Any] = dict.fromkeys(UNAVAILABLE[source].get("pr_files", ("patch",)))
    of_these = (table.host_id == bindparam("of_host"), among(table.pull_request_id, "of_ids"))
    return update(PR_FILES).where(*of_these).values(emptied)


def _thread_totals(connection: Connection, host_id: int, accepted: Mapping[int, str], records: Records) -> Write:
    """Make the write of GitHub's counts of the comments in threads, which came with the threads' ids alone."""
    totals = {row.node_id: row.comments_total for row in records.thread_totals}
    if not totals:
        return Write(_THREAD_TOTALS, [])
    threads = connection.execute(_THREADS, {"of_host": host_id, "of_ids": accepted})
    rows = [(totals[node_id], number, node_id) for number, node_id in threads if node_id in totals]
    return Write(_THREAD_TOTALS, rows, (host_id,))
