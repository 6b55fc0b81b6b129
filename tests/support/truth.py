"""The comparison of a database with the sandbox's truth, in both directions; what is compared stands in tables beside.

The rules of normalisation are `docs/reference/normalisation.md`'s, written here a second time from GitHub's side.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, select

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.scope import SourceChoice
from progressive_capture.store.database import Database
from progressive_capture.store.tables import HOSTS
from tests.support.truth_columns import COMPARED, is_untold
from tests.support.truth_expected import Key, Right, World, world_of
from tests.support.truth_people import demanded, is_missing_rightly
from tests.support.truth_proof import LACKING, proof_differences, substituted
from tests.support.truth_stored import Stored, reading
from tests.support.truth_world import Line, Truth

SHOWN: Final = 40
"""Differences that are told; one more line says how many there are."""

HISTORIES: Final = frozenset({"repository_names", "contributor_logins"})
"""Tables that keep former names."""

PEOPLE: Final = frozenset({"contributors", "contributor_logins"})
"""Tables of the same people."""

VALUE_SHOWN: Final = 120

BY: Final = {choice: frozenset({choice.value}) for choice in SourceChoice} | {
    SourceChoice.AUTO: frozenset(source.value for source in Source)
}
"""What a row may say that it came by."""


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

    @cached_property
    def people(self) -> frozenset[str] | None:
        """Whom the capture must have met."""
        return demanded("contributors", self.truth, self.api)

    def demanded(self, table: str) -> frozenset[str] | None:
        """Node ids of the lines that must be stored in a table; None where every line of its kind must be."""
        return self.people if table in PEOPLE else demanded(table, self.truth, self.api)

    def api_of_row(self, table: str, row: Stored, line: Line) -> Source:
        """The API that excuses what a row lacks: its own if that is its pull request's, or is said to have stood in."""
        value = reading(table).value
        own = Source(value(row, "source", self.api_of_all))
        is_excused = table not in LACKING or (value(row, "pull_request_id"), LACKING[table]) in self.by_substitute
        return own if is_excused or own is self.api(line) else self.api(line)

    def rows(self, table: str) -> list[Stored]:
        """The rows of a table that GitHub still shows."""
        return list(reading(table).rows(self.connection, self.host_id, self.repository_id))


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
    stored = compared.rows("pull_requests")
    value = reading("pull_requests").value
    compared.sources.update({value(row, "number"): Source(value(row, "source")) for row in stored})
    compared.by_substitute.update(substituted(compared.connection, compared.host_id))
    for table in COMPARED:
        yield from _table(compared, table, stored if table == "pull_requests" else compared.rows(table))
    yield from proof_differences(
        compared.connection, compared.host_id, compared.repository_id, compared.truth, compared.api
    )


def _table(compared: _Comparison, table: str, rows: list[Stored]) -> Iterator[str]:
    spec, expected = COMPARED[table], compared.world.expected(table, patches=compared.patches)
    if expected.is_ambiguous:
        yield f"{table}: the truth has two lines with the same {spec.key}"
    keys = list(map(reading(table).key, rows))
    stored = dict(zip(keys, rows, strict=True))
    if len(stored) != len(rows):
        yield f"{table}: stored twice: {_short([key for key, count in Counter(keys).items() if count > 1])}"
    yield from _beside(compared, table, stored, expected.rows)
    wanted = compared.demanded(table)
    width = len(spec.columns)
    for key, right in expected.rows.items():
        row = stored.get(key)
        if row is not None:
            values = row[:width]
            if values != right.values or tuple(map(type, values)) != right.types:
                yield from (f"{table} {key}: {wrong}" for wrong in _columns(compared, table, row, right))
        elif (wanted is None or right.line["id"] in wanted) and not is_missing_rightly(right.line, compared.api):
            yield f"{table} {key}: missing"
    if not (compared.renamed and table in HISTORIES):
        yield from (f"{table} {key}: GitHub has no such row" for key in stored.keys() - expected.rows.keys())


def _beside(
    compared: _Comparison, table: str, stored: Mapping[Key, Stored], expected: Mapping[Key, Right]
) -> Iterator[str]:
    """Say which rows came by another API than was to be used, and which threads count other comments than theirs."""
    read, allowed = reading(table), BY[compared.choice]
    if "source" in read.names:
        place = read.names.index("source")
        strange = ((key, row[place]) for key, row in stored.items() if row[place] not in allowed and key in expected)
        yield from (f"{table} {key}: it came by {source}" for key, source in strange)
    if table == "pr_review_threads":
        comments = compared.truth.comments_of
        for key in stored.keys() & expected.keys():
            total = read.value(stored[key], "comments_total")
            if total not in {None, comments[expected[key].line["id"]]}:
                yield f"{table} {key}: comments_total is {total}"


def _columns(compared: _Comparison, table: str, row: Stored, right: Right) -> Iterator[str]:
    excused = compared.api_of_row(table, row, right.line)
    columns = COMPARED[table].columns
    for name, found, wanted in zip(columns, row[: len(columns)], right.values, strict=True):
        if found is wanted or (found == wanted and type(found) is type(wanted)):
            continue
        may_lack = found is None and name not in compared.completed
        if not (may_lack and is_untold(table, name, right.line, compared.truth, excused)):
            yield f"{name} is {_short(found)}, GitHub has {_short(wanted)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}… ({len(text)} characters)"
