"""The upserts of everything that hangs on a pull request; which readings are accepted is decided elsewhere."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, select, update

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import (
    UNAVAILABLE,
    CommitRow,
    FileRow,
    IssueCommentRow,
    Records,
    ReviewCommentRow,
    ReviewRow,
    ReviewThreadRow,
)
from progressive_capture.domain.scope import moment
from progressive_capture.store.bulk import Row, Upsert, Write
from progressive_capture.store.keys import among
from progressive_capture.store.tables import (
    PR_COMMITS,
    PR_FILES,
    PR_ISSUE_COMMENTS,
    PR_REVIEW_COMMENTS,
    PR_REVIEW_THREADS,
    PR_REVIEWS,
)


class Child(NamedTuple):
    """One table below pull requests."""

    table: Table
    fields: tuple[str, ...]
    key: str
    """What tells its rows of one pull request apart."""
    stamped: bool = False
    """Its rows carry GitHub's own time of their last change."""

    def rows(self, records: Records) -> Sequence[Any]:
        """Pick its rows from what an answer brought."""
        rows: Sequence[Any] = getattr(records, self.table.name)
        return rows


CHILDREN: Final = (
    Child(PR_REVIEWS, ReviewRow._fields, "id", stamped=True),
    Child(PR_REVIEW_THREADS, ReviewThreadRow._fields, "node_id"),
    Child(PR_REVIEW_COMMENTS, ReviewCommentRow._fields, "id", stamped=True),
    Child(PR_ISSUE_COMMENTS, IssueCommentRow._fields, "id", stamped=True),
    Child(PR_COMMITS, CommitRow._fields, "sha"),
    Child(PR_FILES, FileRow._fields, "path"),
)

_UPDATES: Final[Mapping[str, Mapping[str, str]]] = {
    # The count belongs to one reading: a new reading begins without one.
    PR_REVIEW_THREADS.name: {
        "comments_total": "CASE WHEN pr_review_threads.captured_at = excluded.captured_at "
        "THEN pr_review_threads.comments_total END"
    }
}


@cache
def _upsert(child: Child, source: Source) -> Upsert:
    return Upsert(
        child.table,
        columns=(*child.fields, "captured_at"),
        constants=("host_id", "repository_id", "source"),
        kept=UNAVAILABLE[source].get(child.table.name, frozenset()),
        updates={"deleted_at": "NULL", **_UPDATES.get(child.table.name, {})},
    )


def child_writes(
    connection: Connection,
    place: tuple[int, int, Source],
    generations: Mapping[int, str],
    records: Records,
    stored_before: set[int],
) -> list[Write]:
    """Make the writes for the rows below the pull requests of `generations`; all others are dropped.

    Args:
        connection: within a transaction.
        place: host id, repository id and source.
        generations: the reading that the rows of each pull request belong to.
        records: may hold rows of other pull requests too.
        stored_before: pull requests that may have rows already; only there can a stored row be newer.
    """
    host_id, repository_id, source = place
    tails = {pull_request_id: (generation,) for pull_request_id, generation in generations.items()}
    writes = []
    for child in CHILDREN:
        place_of_key = child.fields.index(child.key)
        rows: dict[Row, Row] = {
            (row.pull_request_id, row[place_of_key]): row + tails[row.pull_request_id]
            for row in child.rows(records)
            if row.pull_request_id in tails
        }
        if child.stamped and stored_before and rows:
            _set_newer_aside(connection, host_id, child, rows, stored_before)
        writes.append(Write(_upsert(child, source), list(rows.values()), (host_id, repository_id, source.value)))
    return writes


def _set_newer_aside(
    connection: Connection, host_id: int, child: Child, rows: dict[Row, Row], stored_before: set[int]
) -> None:
    """Take out the rows of which a newer state is stored; those are only noted as seen."""
    table, place = child.table.c, child.fields.index("updated_at")
    stored = connection.execute(
        select(table.pull_request_id, table.id, table.updated_at).where(
            table.host_id == host_id,
            among(connection, table.pull_request_id, stored_before),
            table.updated_at.is_not(None),
        )
    )
    for pull_request_id, identity, updated_at in stored:
        row = rows.get((pull_request_id, identity))
        if row is None or row[place] is None or moment(row[place]) >= moment(updated_at):
            continue
        del rows[pull_request_id, identity]
        connection.execute(
            update(child.table)
            .where(table.host_id == host_id, table.pull_request_id == pull_request_id, table.id == identity)
            .values(captured_at=row[-1], deleted_at=None)
        )
