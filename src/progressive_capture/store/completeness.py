"""What is proven of each kind of each pull request; rows of those kinds are counted elsewhere."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, Table, bindparam, select, update

from progressive_capture.domain.kinds import Kind, Proof, State
from progressive_capture.domain.records import CompletenessRow
from progressive_capture.store.bulk import Upsert, Write, write
from progressive_capture.store.database import Lock, lock
from progressive_capture.store.keys import among
from progressive_capture.store.tables import (
    COMPLETENESS,
    PR_ASSIGNEES,
    PR_COMMITS,
    PR_FILES,
    PR_ISSUE_COMMENTS,
    PR_LABELS,
    PR_REQUESTED_REVIEWERS,
    PR_REVIEW_COMMENTS,
    PR_REVIEW_THREADS,
    PR_REVIEWS,
)

KIND_TABLES: Final[Mapping[Kind, Table]] = {
    Kind.LABELS: PR_LABELS,
    Kind.ASSIGNEES: PR_ASSIGNEES,
    Kind.REQUESTED_REVIEWERS: PR_REQUESTED_REVIEWERS,
    Kind.REVIEWS: PR_REVIEWS,
    Kind.REVIEW_THREADS: PR_REVIEW_THREADS,
    Kind.REVIEW_COMMENTS: PR_REVIEW_COMMENTS,
    Kind.ISSUE_COMMENTS: PR_ISSUE_COMMENTS,
    Kind.COMMITS: PR_COMMITS,
    Kind.FILES: PR_FILES,
}

_COMPLETENESS: Final = Upsert(
    COMPLETENESS,
    columns=(*CompletenessRow._fields, "captured_at"),
    constants=("host_id", "repository_id"),
    condition="excluded.captured_at >= completeness.captured_at",
)

_KNOWN: Final = select(*(COMPLETENESS.c[name] for name in (*CompletenessRow._fields, "captured_at"))).where(
    COMPLETENESS.c.host_id == bindparam("of_host"), among(COMPLETENESS.c.pull_request_id, "of_ids")
)


class Dated(NamedTuple):
    """What is known of a kind of a pull request."""

    row: CompletenessRow
    captured_at: str
    """When the reading began that it is known from."""


class Counted(NamedTuple):
    """A kind of a pull request that GitHub counts otherwise than what is stored."""

    known: Dated
    """What was known when the rows were counted."""
    expected: int
    """How many GitHub counts."""
    stored: int
    """How many rows were stored."""


_NOTE_GAP: Final = (
    update(COMPLETENESS)
    .where(
        COMPLETENESS.c.host_id == bindparam("of_host"),
        COMPLETENESS.c.pull_request_id == bindparam("of_pull"),
        COMPLETENESS.c.kind == bindparam("of_kind"),
        COMPLETENESS.c.captured_at == bindparam("as_of"),
    )
    .values(state=State.GAP.value, expected=bindparam("counted"), stored=bindparam("held"))
)

_WORDS: Final[Mapping[str, str]] = {word: word.value for words in (Kind, Proof, State) for word in words}
"""Plain text of each word: looked up in a third of the time that an enumeration takes to tell its value."""


def save_completeness(
    connection: Connection,
    host_id: int,
    repository_id: int,
    generations: Mapping[int, str],
    rows: Iterable[CompletenessRow],
) -> None:
    """Store what is known of kinds, as of the reading of each pull request; nothing newer is overwritten.

    Rows of pull requests that are not in `generations` are dropped.
    """
    write(connection, [completeness_write(host_id, repository_id, generations, rows)])


def completeness_write(
    host_id: int, repository_id: int, generations: Mapping[int, str], rows: Iterable[CompletenessRow]
) -> Write:
    """Make the write of `save_completeness`, for a page that is written as a whole."""
    kept = {
        (row.pull_request_id, row.kind): (*_plain(row), generations[row.pull_request_id])
        for row in rows
        if row.pull_request_id in generations
    }
    return Write(_COMPLETENESS, list(kept.values()), (host_id, repository_id))


def note_gaps(connection: Connection, host_id: int, found: Sequence[Counted]) -> None:
    """Take kinds for gaps that GitHub counts otherwise now, so that the next capture reads them again.

    What was read again since the rows were counted stays as it is, whenever that reading began.
    """
    if found:
        lock(connection, Lock.HOST, host_id)
        values = [
            {
                "of_host": host_id,
                "of_pull": known.row.pull_request_id,
                "of_kind": known.row.kind.value,
                "as_of": known.captured_at,
                "counted": expected,
                "held": stored,
            }
            for known, expected, stored in found
        ]
        connection.execute(_NOTE_GAP, values)


def stored_completeness(
    connection: Connection, host_id: int, ids: Collection[int]
) -> dict[tuple[int, Kind], CompletenessRow]:
    """Return what is known of all kinds of these pull requests."""
    return {key: known.row for key, known in dated_completeness(connection, host_id, ids).items()}


def dated_completeness(connection: Connection, host_id: int, ids: Collection[int]) -> dict[tuple[int, Kind], Dated]:
    """Return what is known of all kinds of these pull requests, and from which reading."""
    found = connection.execute(_KNOWN, {"of_host": host_id, "of_ids": ids})
    rows = (
        Dated(CompletenessRow(number, Kind(kind), expected, stored, Proof(proof), State(state), reads), captured_at)
        for number, kind, expected, stored, proof, state, reads, captured_at in found
    )
    return {(known.row.pull_request_id, known.row.kind): known for known in rows}


def _plain(row: CompletenessRow) -> tuple[int | str | None, ...]:
    """Turn words into plain text: the driver of SQLite looks for an adapter of everything else, value by value."""
    number, kind, expected, stored, proof, state, reads = row
    return number, _WORDS[kind], expected, stored, _WORDS[proof], _WORDS[state], reads
