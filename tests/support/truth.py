"""The comparison of a database with the sandbox's truth, in both directions; what is compared stands in tables beside.

The rules of normalisation are `docs/reference/normalisation.md`'s, written here a second time from GitHub's side.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.scope import SourceChoice
from progressive_capture.store.database import Database
from progressive_capture.store.tables import HOSTS, METADATA, PULL_REQUESTS
from tests.support.truth_columns import COMPARED, is_untold
from tests.support.truth_people import demanded, is_missing_rightly
from tests.support.truth_proof import LACKING, proof_differences, substituted
from tests.support.truth_world import Line, Truth

SHOWN: Final = 40
"""Differences that are told; one more line says how many there are."""

HISTORIES: Final = frozenset({"repository_names", "contributor_logins"})
"""Tables that keep former names."""

VALUE_SHOWN: Final = 120

Stored = Mapping[str, Any]


@dataclass(frozen=True)
class _Comparison:
    """One database beside one truth."""

    connection: Connection
    host_id: int
    repository_id: int
    truth: Truth
    choice: SourceChoice
    patches: bool
    renamed: bool
    sources: dict[int, Source] = field(default_factory=dict)
    """Which API last brought each pull request, by number."""
    by_substitute: set[tuple[int, str]] = field(default_factory=set)
    """Pull requests, by id, and kinds of which it is said that another API than theirs stood in for it."""

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

    def rows(self, table: str) -> list[Stored]:
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
        return [dict(row) for row in self.connection.execute(select(*columns).where(*where)).mappings()]


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
                connection, host_id, repository_id, Truth(truth_lines), SourceChoice(source), patches, renamed
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


def _table(compared: _Comparison, table: str, rows: list[Stored]) -> Iterator[str]:
    spec, truth = COMPARED[table], compared.truth
    lines = truth.by_kind[spec.kind] if spec.lines is None else spec.lines(truth)
    expected = {tuple(spec.columns[name].value(line, truth) for name in spec.key): line for line in lines}
    if len(expected) != len(list(lines)):
        yield f"{table}: the truth has two lines with the same {spec.key}"
    wanted = demanded(table, truth, compared.api)
    stored = {tuple(row[name] for name in spec.key): row for row in rows}
    if len(stored) != len(rows):
        twice = [key for key, count in Counter(tuple(row[n] for n in spec.key) for row in rows).items() if count > 1]
        yield f"{table}: stored twice: {_short(twice)}"
    for key, line in expected.items():
        if key in stored:
            yield from _row(compared, table, key, stored[key], line)
        elif (wanted is None or line["id"] in wanted) and not is_missing_rightly(line, compared.api):
            yield f"{table} {key}: missing"
    if not (compared.renamed and table in HISTORIES):
        yield from (f"{table} {key}: GitHub has no such row" for key in stored.keys() - expected.keys())


def _row(compared: _Comparison, table: str, key: tuple[Any, ...], row: Stored, line: Line) -> Iterator[str]:
    where = f"{table} {key}"
    choice, source = compared.choice, Source(row.get("source", compared.api_of_all))
    excused = compared.api_of_row(table, row, line)
    if choice is not SourceChoice.AUTO and source.value != choice.value:
        yield f"{where}: it came by {source}"
    for name, column in COMPARED[table].columns.items():
        found, right = _found(name, row), column.value(line, compared.truth)
        if name == "patch":
            right = right or "" if compared.patches else None
        if found == right and type(found) is type(right):
            continue
        may_lack = found is None and name not in compared.completed
        if not (may_lack and is_untold(table, name, line, compared.truth, excused)):
            yield f"{where}: {name} is {_short(found)}, GitHub has {_short(right)}"
    if table == "pr_review_threads" and row["comments_total"] not in {None, compared.truth.comments_of[line["id"]]}:
        yield f"{where}: comments_total is {row['comments_total']}"


def _found(name: str, row: Stored) -> Any:
    return json.loads(row[name]) if name == "co_authors" else row[name]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}… ({len(text)} characters)"
