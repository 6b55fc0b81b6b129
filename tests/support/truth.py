"""The comparison of a database with the sandbox's truth, in both directions; what is compared stands in tables beside.

The rules of normalisation are `docs/reference/normalisation.md`'s, written here a second time from GitHub's side.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, select

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.scope import SourceChoice
from progressive_capture.store.database import Database
from progressive_capture.store.tables import HOSTS, METADATA, PULL_REQUESTS
from tests.support.truth_columns import COMPARED, is_untold
from tests.support.truth_expected import Key, Right, World, world_of
from tests.support.truth_people import demanded, is_missing_rightly
from tests.support.truth_proof import LACKING, proof_differences, substituted
from tests.support.truth_world import Line, Truth

SHOWN: Final = 40
"""Differences that are told; one more line says how many there are."""

HISTORIES: Final = frozenset({"repository_names", "contributor_logins"})
"""Tables that keep former names."""

BESIDE: Final = ("pull_request_id", "source", "comments_total")
"""Columns that comparing needs beside those that are compared."""

VALUE_SHOWN: Final = 120

BY: Final = {choice: frozenset({choice.value}) for choice in SourceChoice} | {
    SourceChoice.AUTO: frozenset(source.value for source in Source)
}
"""What a row may say that it came by."""

Stored = Mapping[str, Any]


@dataclass(frozen=True)
class _Comparison:
    """One database beside one truth."""

    connection: Connection
    host_id: int
    repository_id: int
    world: World
    choice: SourceChoice
    patches: bool
    renamed: bool
    sources: dict[int, Source] = field(default_factory=dict)
    """Which API last brought each pull request, by number."""
    by_substitute: set[tuple[int, str]] = field(default_factory=set)
    """Pull requests, by id, and kinds of which it is said that another API than theirs stood in for it."""

    @property
    def truth(self) -> Truth:
        """What GitHub holds."""
        return self.world.truth

    @property
    def api_of_all(self) -> Source:
        """The API that a row came by which does not say so."""
        return Source.REST if self.choice is SourceChoice.REST else Source.GRAPHQL

    @property
    def completed(self) -> frozenset[str]:
        """Columns of files that REST must have filled after GraphQL could not."""
        if self.choice is not SourceChoice.AUTO:
            return frozenset()
        return frozenset({"previous_path", "patch", "blob_sha"} if self.patches else {"previous_path"})

    def api(self, line: Line) -> Source:
        """The API that last brought a line's pull request."""
        number = line["number"] if line["kind"] == "pullRequest" else line["pullRequest"]
        return self.sources.get(number, self.api_of_all)

    def api_of_row(self, table: str, row: Stored, line: Line) -> Source:
        """The API that excuses what a row lacks: its own if that is its pull request's, or is said to have stood in."""
        own = Source(row.get("source", self.api_of_all))
        is_excused = table not in LACKING or (row["pull_request_id"], LACKING[table]) in self.by_substitute
        return own if is_excused or own is self.api(line) else self.api(line)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a table that GitHub still shows; what hangs on a pull request that it does not is left out."""
        columns = METADATA.tables[table].c
        where = [columns.host_id == self.host_id]
        if "repository_id" in columns:
            where.append(columns.repository_id == self.repository_id)
        elif table == "repositories":
            where.append(columns.id == self.repository_id)
        if "deleted_at" in columns:
            where.append(columns.deleted_at.is_(None))
        if "pull_request_id" in columns:
            gone = select(PULL_REQUESTS.c.id).where(PULL_REQUESTS.c.deleted_at.is_not(None))
            where.append(columns.pull_request_id.not_in(gone))
        names = [name for name in dict.fromkeys((*COMPARED[table].columns, *BESIDE)) if name in columns]
        found = self.connection.execute(select(*(columns[name] for name in names)).where(*where))
        rows = [dict(zip(names, row, strict=True)) for row in found]
        for row in rows if "co_authors" in names else ():
            row["co_authors"] = json.loads(row["co_authors"])
        return rows


def differences(
    database_url: str,
    api_url: str,
    repository_id: int,
    truth_lines: Iterable[bytes],
    source: str,
    *,
    patches: bool = False,
    renamed: bool = False,
    limit: int = SHOWN,
) -> list[str]:
    """Say in what a captured repository differs from the truth, less what `source` cannot give; nothing when equal.

    Every column of every row is compared, rows that are missing and rows that should not be there are told, and the
    stored proofs are counted again. `patches` says that the capture was to hold patches, `renamed` that former names
    of people and repositories may stand beside their names of now.
    """
    database = Database.open(database_url, create=False)
    try:
        with database.reading() as connection:
            host_id = connection.scalar(select(HOSTS.c.id).where(HOSTS.c.api_url == api_url))
            if host_id is None:
                return [f"nothing is stored of {api_url}"]
            compared = _Comparison(
                connection, host_id, repository_id, world_of(truth_lines), SourceChoice(source), patches, renamed
            )
            return _bounded(_all(compared), limit)
    finally:
        database.close()


def _bounded(found: Iterator[str], limit: int) -> list[str]:
    told = [line for line, _ in zip(found, range(limit), strict=False)]
    more = sum(1 for _ in found)
    return [*told, f"… and {more} more"] if more else told


def _all(compared: _Comparison) -> Iterator[str]:
    pull_requests = compared.rows("pull_requests")
    compared.sources.update({row["number"]: Source(row["source"]) for row in pull_requests})
    compared.by_substitute.update(substituted(compared.connection, compared.host_id))
    for table in COMPARED:
        yield from _table(compared, table, pull_requests if table == "pull_requests" else compared.rows(table))
    yield from proof_differences(
        compared.connection, compared.host_id, compared.repository_id, compared.truth, compared.api
    )


def _table(compared: _Comparison, table: str, rows: Sequence[Stored]) -> Iterator[str]:
    spec, expected = COMPARED[table], compared.world.expected(table, patches=compared.patches)
    if expected.is_ambiguous:
        yield f"{table}: the truth has two lines with the same {spec.key}"
    wanted = demanded(table, compared.truth, compared.api)
    keys = [tuple(row[name] for name in spec.key) for row in rows]
    stored = dict(zip(keys, rows, strict=True))
    if len(stored) != len(rows):
        yield f"{table}: stored twice: {_short([key for key, count in Counter(keys).items() if count > 1])}"
    for key, right in expected.rows.items():
        if key in stored:
            yield from _row(compared, table, key, stored[key], right)
        elif (wanted is None or right.line["id"] in wanted) and not is_missing_rightly(right.line, compared.api):
            yield f"{table} {key}: missing"
    if not (compared.renamed and table in HISTORIES):
        yield from (f"{table} {key}: GitHub has no such row" for key in stored.keys() - expected.rows.keys())


def _row(compared: _Comparison, table: str, key: Key, row: Stored, right: Right) -> Iterator[str]:
    values = itemgetter(*COMPARED[table].columns)(row)
    source = row.get("source", compared.api_of_all.value)
    if source not in BY[compared.choice]:
        yield f"{table} {key}: it came by {source}"
    if values != right.values or tuple(map(type, values)) != right.types:
        yield from (f"{table} {key}: {wrong}" for wrong in _columns(compared, table, row, right))
    comments = compared.truth.comments_of
    if table == "pr_review_threads" and row["comments_total"] not in {None, comments[right.line["id"]]}:
        yield f"{table} {key}: comments_total is {row['comments_total']}"


def _columns(compared: _Comparison, table: str, row: Stored, right: Right) -> Iterator[str]:
    excused = compared.api_of_row(table, row, right.line)
    for name, wanted in zip(COMPARED[table].columns, right.values, strict=True):
        found = row[name]
        if found == wanted and type(found) is type(wanted):
            continue
        may_lack = found is None and name not in compared.completed
        if not (may_lack and is_untold(table, name, right.line, compared.truth, excused)):
            yield f"{name} is {_short(found)}, GitHub has {_short(wanted)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}… ({len(text)} characters)"
