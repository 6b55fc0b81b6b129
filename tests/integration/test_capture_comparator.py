"""The comparator itself: equal to a perfect store, and every single column, row and proof that is wrong is told."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Integer, Table, literal, select, update

from github_sandbox.model import Record
from github_sandbox.population import build_world
from github_sandbox.truth import truth
from progressive_capture.domain import records
from progressive_capture.domain.kinds import Source
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.tables import COMPLETENESS, METADATA
from progressive_capture.store.types import GitHubTime
from tests.support.truth import differences
from tests.support.truth_columns import COMPARED, OWN, SELECTED_BY, UNTOLD
from tests.support.truth_fill import ROWS, fill
from tests.support.truth_makers import co_authors
from tests.support.truth_people import untold_fields
from tests.support.truth_world import Truth, repository_id_of

API = "http://127.0.0.1:1"
AWKWARD = {
    "deleted author",
    "bot author",
    "threads on a file, a left side, a range and lines that are gone",
    "every kind of changed file",
    "edited and minimized comments",
    "merged by an account since deleted",
    "team and user asked for review",
}


@pytest.fixture(scope="module")
def everything() -> list[Record]:
    """What the truth tells of the awkward repository."""
    return list(truth(build_world(lambda: 1_800_000_000.0, 7, ("hostile",)), "hostile", "everything"))


@pytest.fixture(scope="module")
def awkward(everything: list[Record]) -> list[bytes]:
    """A repository with a row in every table, and small."""
    chosen = {row["number"] for row in everything if row["kind"] == "pullRequest" and row["title"] in AWKWARD}
    kept = [
        row
        for row in everything
        if (row["number"] if row["kind"] == "pullRequest" else row.get("pullRequest", 0)) in chosen | {0}
    ]
    return [json.dumps(row).encode() for row in kept]


@dataclass
class Filled:
    """A store that equals its truth."""

    url: str
    lines: list[bytes]

    @property
    def repository_id(self) -> int:
        return repository_id_of(self.lines)

    def differences(self, source: str = "graphql", limit: int = 40) -> list[str]:
        return differences(self.url, API, self.repository_id, self.lines, source, limit=limit)

    def change(self, work: Callable[[Connection], object]) -> None:
        database = Database.open(self.url)
        try:
            with database.transaction() as connection:
                work(connection)
        finally:
            database.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, awkward: list[bytes]) -> Filled:
    filled = Filled(f"sqlite:///{tmp_path_factory.mktemp('small') / 'capture.db'}", awkward)
    fill(filled.url, API, filled.lines)
    return filled


@pytest.fixture
def broken(small: Filled, tmp_path: Path) -> Filled:
    """A copy to break."""
    copy = tmp_path / "copy.db"
    copy.write_bytes(Path(small.url.removeprefix("sqlite:///")).read_bytes())
    return Filled(f"sqlite:///{copy}", small.lines)


def test_a_perfect_store_equals_the_truth(database_url: str, awkward: list[bytes]) -> None:
    filled = Filled(database_url, awkward)
    fill(filled.url, API, filled.lines)
    assert filled.differences() == []


def test_every_column_of_every_row_is_compared_with_something() -> None:
    assert set(ROWS) <= set(COMPARED)
    for table, row in ROWS.items():
        assert set(row._fields) == set(COMPARED[table].columns), table
    for table in COMPARED:
        stored = {column.name for column in METADATA.tables[table].columns}
        assert stored == set(COMPARED[table].columns) | (stored & (SELECTED_BY | OWN.keys())), table


def test_every_row_of_the_records_has_a_table() -> None:
    beside = {records.ThreadTotalRow, records.CompletenessRow, records.PullRequestRow}
    named = {value for name, value in vars(records).items() if name.endswith("Row")}
    assert named - beside == set(ROWS.values()) - beside


@pytest.mark.parametrize("source", list(Source))
def test_what_an_api_cannot_give_is_what_the_store_keeps_untouched(everything: list[Record], source: Source) -> None:
    """The program leaves no column alone that the API could have told."""
    told = Truth(json.dumps(row).encode() for row in everything)
    allowed: dict[str, set[str]] = {}
    for table, spec in COMPARED.items():
        rows = told.by_kind[spec.kind]
        for name, column in spec.columns.items():
            hidden = any(set(column.fields) & untold_fields(row, source) for row in rows)
            if hidden or (table, name) in UNTOLD[source]:
                allowed.setdefault(table, set()).add(name)
    for table, columns in records.UNAVAILABLE[source].items():
        assert columns <= allowed[table], table


def another(table: Table, column: str, value: Any) -> Any:
    kind = table.c[column].type
    if isinstance(kind, Boolean):
        return not value
    if isinstance(kind, GitHubTime):
        return "1999-12-31T23:59:59Z"
    if isinstance(kind, Integer):
        return 987_654_321
    return '[{"name": "x", "email": "y"}]' if column == "co_authors" else f"{value or ''}x"


def spoil(filled: Filled, name: str, columns: Iterable[str]) -> None:
    """Write other values into some columns of one row."""
    table = METADATA.tables[name]
    keys = list(table.primary_key.columns)

    def work(connection: Connection) -> None:
        row = connection.execute(select(table).order_by(*keys).limit(1)).mappings().one()
        where = [key == row[key.name] for key in keys]
        changed = {column: another(table, column, row[column]) for column in columns}
        assert connection.execute(update(table).where(*where).values(changed)).rowcount == 1

    filled.change(work)


def content(table: str) -> list[str]:
    spec = COMPARED[table]
    return [name for name in spec.columns if name not in spec.key and name != "pull_request_id"]


@pytest.mark.parametrize("table", [table for table in COMPARED if content(table)])
def test_every_wrong_value_of_a_row_is_told(broken: Filled, table: str) -> None:
    names = content(table)
    spoil(broken, table, names)
    told = [line for line in broken.differences() if line.startswith(f"{table} ")]
    assert [name for name in names if not any(f": {name} is " in line for line in told)] == []


KEYS = [(name, key) for name, spec in COMPARED.items() for key in spec.key if name != "repositories"]


@pytest.mark.parametrize(("table", "column"), KEYS)
def test_a_wrong_key_is_told(broken: Filled, table: str, column: str) -> None:
    spoil(broken, table, [column])
    assert any("GitHub has no such row" in line for line in broken.differences())


@pytest.mark.parametrize("table", [table for table in COMPARED if table != "repositories"])
def test_one_missing_row_is_told(broken: Filled, table: str) -> None:
    stored = METADATA.tables[table]
    lost = [(table, each.name) for each in stored.primary_key.columns]

    def lose(connection: Connection) -> None:
        keys = [stored.c[name] for _, name in lost]
        row = connection.execute(select(*keys).order_by(*keys).limit(1)).one()
        pairs = zip(keys, row, strict=True)
        assert connection.execute(stored.delete().where(*(key == value for key, value in pairs))).rowcount == 1

    broken.change(lose)
    told = broken.differences()
    assert any(line.startswith(f"{table} ") and line.endswith(": missing") for line in told), told


@pytest.mark.parametrize(
    "table", [table for table in COMPARED if "deleted_at" in METADATA.tables[table].c and table != "pull_requests"]
)
def test_a_row_wrongly_marked_deleted_is_told(broken: Filled, table: str) -> None:
    stored = METADATA.tables[table]
    broken.change(
        lambda connection: connection.execute(update(stored).values(deleted_at="2026-11-22T00:00:00.000000Z"))
    )
    assert any(line.startswith(f"{table} ") and line.endswith(": missing") for line in broken.differences(limit=10_000))


@pytest.mark.parametrize("table", [table for table in COMPARED if table not in {"repositories", "milestones"}])
def test_one_row_too_many_is_told(broken: Filled, table: str) -> None:
    stored, key = METADATA.tables[table], COMPARED[table].key[-1]

    def invent(connection: Connection) -> None:
        first = connection.execute(select(stored).limit(1)).mappings().one()
        made = {each.name: another(stored, each.name, first[each.name]) for each in unique_columns(stored)}
        connection.execute(stored.insert().values({**first, **made, key: another(stored, key, first[key])}))

    broken.change(invent)
    assert any(line.startswith(f"{table} ") and "GitHub has no such row" in line for line in broken.differences())


def unique_columns(table: Table) -> list[Column[Any]]:
    """Columns, beside the key, of which the table allows no value twice."""
    named = {name for index in table.indexes if index.unique for name in index.columns.keys()}  # noqa: SIM118 - no dict
    return [table.c[name] for name in sorted(named - SELECTED_BY)]


@pytest.mark.parametrize("wrong", ["expected", "stored", "state", "missing"])
def test_one_wrong_proof_is_told(broken: Filled, wrong: str) -> None:
    of_commits = COMPLETENESS.c.kind == "commits"
    changed = {"state": literal("gap")} if wrong == "state" else {wrong: literal(4_242)}
    statement = (
        COMPLETENESS.delete().where(of_commits)
        if wrong == "missing"
        else update(COMPLETENESS).where(of_commits).values(changed)
    )
    broken.change(lambda connection: connection.execute(statement))
    told = broken.differences()
    assert len(told) >= len(Truth(broken.lines).by_number)
    assert all(line.startswith("completeness #") and " commits" in line for line in told)


def test_a_wrong_count_of_a_thread_is_told(broken: Filled) -> None:
    threads = METADATA.tables["pr_review_threads"]
    broken.change(lambda connection: connection.execute(update(threads).values(comments_total=999)))
    assert any("comments_total is 999" in line for line in broken.differences())


def test_a_row_that_came_by_another_api_is_told(broken: Filled) -> None:
    reviews = METADATA.tables["pr_reviews"]
    broken.change(lambda connection: connection.execute(update(reviews).values(source="rest")))
    assert any("it came by rest" in line for line in broken.differences())
    assert broken.differences("auto") == [] or all("previous_path" in line for line in broken.differences("auto"))


def test_a_row_that_came_by_nothing_known_is_told(broken: Filled) -> None:
    labels = METADATA.tables["labels"]
    broken.change(lambda connection: connection.execute(update(labels).values(source="zz")))
    assert any("it came by zz" in line for line in broken.differences("auto"))


def test_a_long_list_of_differences_is_cut(broken: Filled) -> None:
    files = METADATA.tables["pr_files"]
    broken.change(lambda connection: connection.execute(files.delete()))
    told = broken.differences(limit=3)
    assert len(told) == 4
    assert told[-1].startswith("… and ")


def test_co_authors_are_read_without_the_program() -> None:
    message = "Subject\n\nCo-authored-by: A B <a@x>\nCO-AUTHORED-BY: C <c@x>\nCo-authored-by: Again <A@X>\nNo: <n@x>"
    assert co_authors(message) == [{"name": "A B", "email": "a@x"}, {"name": "C", "email": "c@x"}]


def test_an_equal_value_of_another_type_is_told(broken: Filled) -> None:
    def retyped(line: bytes) -> bytes:
        row = json.loads(line)
        return json.dumps(row | {"additions": float(row["additions"])}).encode() if "additions" in row else line

    told = Filled(broken.url, list(map(retyped, broken.lines))).differences(limit=1_000)
    assert {line.split(" ")[0] for line in told} == {"pull_requests", "pr_files"}
    assert all(": additions is " in line and line.endswith(".0") for line in told)


def test_a_lost_value_is_told_where_the_api_could_tell_it(broken: Filled) -> None:
    pull_requests = METADATA.tables["pull_requests"]
    broken.change(lambda connection: connection.execute(update(pull_requests).values(author_id=None, body_text=None)))
    told = [line for line in broken.differences(limit=1_000) if " is None, GitHub has " in line]
    assert {line.split(": ")[1].split(" ")[0] for line in told} == {"author_id", "body_text"}


def test_what_another_repository_holds_is_not_compared(broken: Filled) -> None:
    def add(connection: Connection) -> None:
        for name, wanted in (("repositories", "id"), ("milestones", "repository_id")):
            table = METADATA.tables[name]
            row = connection.execute(select(table).limit(1)).mappings().one()
            made = {each.name: another(table, each.name, row[each.name]) for each in unique_columns(table)}
            other = another(table, wanted, row[wanted])
            connection.execute(table.insert().values({**row, **made, wanted: other}))

    broken.change(add)
    assert broken.differences() == []


def is_pull(row: Record) -> bool:
    return bool(row["kind"] == "pullRequest")


def test_what_hangs_on_a_deleted_pull_request_is_not_compared(broken: Filled) -> None:
    number = min(Truth(broken.lines).by_number)
    gone = {"deleted_at": "2026-11-22T00:00:00.000000Z"}

    def delete(connection: Connection) -> None:
        pull_requests, index = METADATA.tables["pull_requests"], METADATA.tables["pull_request_index"]
        for table in (pull_requests, index):
            connection.execute(update(table).where(table.c.number == number).values(gone))

    broken.change(delete)
    rows = [json.loads(line) for line in broken.lines]
    left = [row for row in rows if number not in {row.get("pullRequest"), row["number"] if is_pull(row) else None}]
    told = Filled(broken.url, [json.dumps(row).encode() for row in left]).differences()
    assert [line for line in told if "pull_requests_total is" not in line] == []
