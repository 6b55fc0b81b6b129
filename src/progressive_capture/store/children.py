"""The upserts of everything that hangs on a pull request; which readings are accepted is decided elsewhere."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, bindparam, update
from sqlalchemy import Update as SqlUpdate

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
from progressive_capture.domain.withheld import by_row
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
    },
    # REST brings patches only when they are asked for: those of the same content stay.
    PR_FILES.name: {
        "patch": "CASE WHEN excluded.patch IS NULL AND excluded.blob_sha = pr_files.blob_sha "
        "THEN pr_files.patch ELSE excluded.patch END"
    },
}


_NOT_OLDER: Final = (
    "excluded.updated_at >= {table}.updated_at OR excluded.updated_at IS NULL OR {table}.updated_at IS NULL"
)
"""A row with a stamp of its own is not overwritten by an older state of it, which a lagging server may give."""


def kept_where_null(table: Table, columns: Iterable[str]) -> dict[str, str]:
    """Make updates by which null leaves these columns as they are."""
    return {column: f"COALESCE(excluded.{column}, {table.name}.{column})" for column in sorted(columns)}


@cache
def _upsert(child: Child, source: Source, withheld: frozenset[str] = frozenset()) -> Upsert:
    kept = UNAVAILABLE[source].get(child.table.name, frozenset())
    own = {column: value for column, value in _UPDATES.get(child.table.name, {}).items() if column not in kept}
    own |= kept_where_null(child.table, withheld)
    return Upsert(
        child.table,
        columns=(*child.fields, "captured_at"),
        constants=("host_id", "repository_id", "source"),
        kept=kept,
        updates={"deleted_at": "NULL", **own},
        condition=_NOT_OLDER.format(table=child.table.name) if child.stamped else "",
    )


def child_writes(
    place: tuple[int, int, Source],
    generations: Mapping[int, str],
    records: Records,
) -> list[Write]:
    """Make the writes for the rows below the pull requests of `generations`; all others are dropped.

    Args:
        place: host id, repository id and source.
        generations: the reading that the rows of each pull request belong to.
        records: may hold rows of other pull requests too.
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
        shared = (host_id, repository_id, source.value)
        for row, columns in by_row(records.withheld, child.table.name).items():
            if (written := rows.pop(row, None)) is not None:
                writes.append(Write(_upsert(child, source, columns), [written], shared))
        writes.append(Write(_upsert(child, source), list(rows.values()), shared))
    return writes


def touch_seen(
    connection: Connection, host_id: int, generations: Mapping[int, str], records: Records, stored_before: set[int]
) -> None:
    """Note rows as seen that were given and kept a newer content; after the rows were written."""
    for child in CHILDREN:
        if not child.stamped:
            continue
        seen: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for row in child.rows(records):
            if row.pull_request_id in stored_before:
                seen[generations[row.pull_request_id]].append((row.pull_request_id, row.id))
        for generation, rows in seen.items():
            given = {
                "of_host": host_id,
                "of_pull_requests": {number for number, _ in rows},
                "of_ids": [identity for _, identity in rows],
                "of_generation": generation,
            }
            connection.execute(_touched(child.table), given)


@cache
def _touched(table: Table) -> SqlUpdate:
    rows = table.c
    generation = bindparam("of_generation", type_=rows.captured_at.type)
    return (
        update(table)
        .where(
            rows.host_id == bindparam("of_host"),
            among(rows.pull_request_id, "of_pull_requests"),
            among(rows.id, "of_ids"),
            rows.captured_at < generation,
        )
        .values(captured_at=generation, deleted_at=None)
    )
