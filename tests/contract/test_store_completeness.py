from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import Connection, delete, text

from progressive_capture.capture import live
from progressive_capture.capture.prove import prove
from progressive_capture.domain.kinds import HYDRATE_KINDS, Kind, Proof, Source, State
from progressive_capture.domain.records import Records
from progressive_capture.domain.scope import Scope
from progressive_capture.github.results import RepoRef
from progressive_capture.store.closing import count_rows
from progressive_capture.store.completeness import (
    Counted,
    dated_completeness,
    note_gaps,
    save_completeness,
    stored_completeness,
)
from progressive_capture.store.database import Database, Lock
from progressive_capture.store.gaps import WINDOW, gaps, summary
from progressive_capture.store.index import save_index
from progressive_capture.store.rows import save_hydrated
from progressive_capture.store.tables import PR_COMMITS, PR_FILES, PULL_REQUESTS
from tests.contract.store_rows import (
    HOST,
    NEW,
    REPOSITORY,
    T0,
    T1,
    T2,
    close_kinds,
    commit,
    file,
    index_row,
    known,
    pull_request,
    stored,
)

PLACE = (HOST, REPOSITORY)


def hydrate(connection: Connection, at: str, **rows: list[Any]) -> None:
    save_hydrated(connection, *PLACE, source=Source.GRAPHQL, captured_at=at, records=Records(**rows))


def list_all(connection: Connection, at: str, *rows: Any) -> None:
    records = Records(index=list(rows))
    save_index(connection, *PLACE, listed_at=at, source=Source.REST, records=records, completeness=[])


def complete(connection: Connection, at: str, number: int, kind: Kind, count: int, **fields: Any) -> None:
    row = known(number, kind, **{"expected": count, "stored": count, **fields})
    save_completeness(connection, *PLACE, {1000 + number: at}, [row])


def test_closing_counts_and_marks_what_was_not_seen_again(database: Database) -> None:
    with database.transaction() as connection:
        hydrate(connection, T0, pull_requests=[pull_request(1), pull_request(2)], pr_files=[file("a", 1), file("b", 1)])
        assert close_kinds(connection, HOST, [(1001, Kind.FILES, T0), (1002, Kind.FILES, T0)]) == {
            (1001, Kind.FILES): 2,
            (1002, Kind.FILES): 0,
        }
        hydrate(connection, T1, pull_requests=[pull_request(1)], pr_files=[file("b", 1), file("c", 1)])
        assert close_kinds(connection, HOST, [(1001, Kind.FILES, T1)]) == {(1001, Kind.FILES): 2}
        marks = {row["path"]: row["deleted_at"] for row in stored(connection, PR_FILES)}
        assert marks == {"a": T1, "b": None, "c": None}
        hydrate(connection, T2, pull_requests=[pull_request(1)], pr_files=[file("a", 1)])
        assert close_kinds(connection, HOST, [(1001, Kind.FILES, T2)]) == {(1001, Kind.FILES): 1}
        marks = {row["path"]: row["deleted_at"] for row in stored(connection, PR_FILES)}
        assert marks == {"a": None, "b": T2, "c": T2}


def test_a_reading_that_was_overtaken_closes_nothing(database: Database) -> None:
    with database.transaction() as connection:
        hydrate(connection, T0, pull_requests=[pull_request(1)], pr_files=[file("a", 1)])
        hydrate(connection, T1, pull_requests=[pull_request(1)])
        assert close_kinds(connection, HOST, [(1001, Kind.FILES, T0), (1009, Kind.FILES, T0)]) == {}
        assert close_kinds(connection, HOST, []) == {}
        assert [row["deleted_at"] for row in stored(connection, PR_FILES)] == [None]


def test_completeness_is_never_overwritten_by_an_older_reading(database: Database) -> None:
    with database.transaction() as connection:
        complete(connection, T1, 1, Kind.FILES, 3)
        complete(connection, T0, 1, Kind.FILES, 9, state=State.GAP)
        assert stored_completeness(connection, HOST, [1001]) == {
            (1001, Kind.FILES): known(1, Kind.FILES, expected=3, stored=3)
        }
        complete(connection, T1, 1, Kind.FILES, 4, proof=Proof.END_OF_LIST, state=State.SHORT, reads=2)
        (row,) = stored_completeness(connection, HOST, [1001]).values()
        assert row == known(1, Kind.FILES, State.SHORT, expected=4, stored=4, proof=Proof.END_OF_LIST, reads=2)


def seen(connection: Connection, number: int, kind: Kind, expected: int) -> Counted:
    """A kind that GitHub counts otherwise than it is known now."""
    return Counted(dated_completeness(connection, HOST, [1000 + number])[1000 + number, kind], expected, 0)


def test_what_is_counted_otherwise_is_a_gap(database: Database) -> None:
    with database.transaction() as connection:
        for number, kind in ((1, Kind.REVIEWS), (1, Kind.FILES), (2, Kind.REVIEWS)):
            complete(connection, T1, number, kind, 0)
        note_gaps(connection, HOST, [])
        assert {row.state for row in stored_completeness(connection, HOST, [1001]).values()} == {State.COMPLETE}
        note_gaps(connection, HOST, [seen(connection, 1, Kind.REVIEWS, 2)])
        found = {
            key: (row.state, row.expected) for key, row in stored_completeness(connection, HOST, [1001, 1002]).items()
        }
        assert found == {
            (1001, Kind.REVIEWS): (State.GAP, 2),
            (1001, Kind.FILES): (State.COMPLETE, 0),
            (1002, Kind.REVIEWS): (State.COMPLETE, 0),
        }


def test_what_was_stored_since_the_rows_were_counted_is_no_gap(database: Database) -> None:
    """However early its reading began: GitHub's count of now was made after both."""
    with database.transaction() as connection:
        complete(connection, T1, 1, Kind.REVIEWS, 0)
        counted = seen(connection, 1, Kind.REVIEWS, 2)
        complete(connection, T2, 1, Kind.REVIEWS, 2)
        note_gaps(connection, HOST, [counted])
        assert stored_completeness(connection, HOST, [1001]) == {
            (1001, Kind.REVIEWS): known(1, Kind.REVIEWS, expected=2, stored=2)
        }


@pytest.mark.parametrize("tables_url", ["postgresql"], indirect=True)
def test_what_is_stored_while_the_rows_are_counted_is_no_gap(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite one transaction sees one state."""
    with database.transaction() as connection:
        list_all(connection, T0, index_row(1))
        complete(connection, T1, 1, Kind.REVIEWS, 0)

    def count_before_a_capture_stores(connection: Connection, host_id: int, kind: Kind, ids: list[int]) -> Any:
        counted = count_rows(connection, host_id, kind, ids)
        with database.transaction() as other:
            complete(other, T2, 1, Kind.REVIEWS, 2)
        return counted

    monkeypatch.setattr(live, "count_rows", count_before_a_capture_stores)
    tools = SimpleNamespace(database=database, host_id=HOST)
    window = live._window(cast("Any", tools), RepoRef("o/r", "R", REPOSITORY), 0)
    assert window.known[1001, Kind.REVIEWS] == (known(1, Kind.REVIEWS, expected=0, stored=0), T1)


LOCKED = "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND classid = :subject AND objid = :number"


@pytest.mark.parametrize("tables_url", ["postgresql"], indirect=True)
def test_noting_gaps_excludes_captures_of_the_same_host(database: Database) -> None:
    """Both update many rows of one table, each in an order of its own. SQLite has one writer at a time."""
    with database.transaction() as connection:
        complete(connection, T1, 1, Kind.REVIEWS, 0)
        note_gaps(connection, HOST, [seen(connection, 1, Kind.REVIEWS, 2)])
        assert connection.scalar(text(LOCKED), {"subject": Lock.HOST.value, "number": HOST}) == 1


def test_a_repository_that_was_read_whole_has_no_gap(database: Database) -> None:
    with database.transaction() as connection:
        list_all(connection, T0, index_row(1))
        hydrate(connection, T0, pull_requests=[pull_request(1)], pr_files=[file("a", 1)])
        for kind in HYDRATE_KINDS:
            complete(connection, T0, 1, kind, 1 if kind is Kind.FILES else 0)
        complete(connection, T0, 1, Kind.REVIEW_THREADS, 0, stored=None, expected=None, state=State.UNAVAILABLE)
        assert list(gaps(connection, *PLACE, kinds=HYDRATE_KINDS)) == []


def test_every_way_of_missing_something_is_found(database: Database) -> None:
    with database.transaction() as connection:
        list_all(connection, T0, *(index_row(number) for number in range(1, 9)))
        hydrate(
            connection,
            T0,
            pull_requests=[pull_request(number) for number in range(2, 9)],
            pr_commits=[commit("x", 4), commit("y", 4), commit("x", 8)],
        )
        complete(connection, T0, 3, Kind.COMMITS, 0, state=State.PENDING)
        complete(connection, T0, 4, Kind.COMMITS, 2)
        complete(connection, T0, 5, Kind.COMMITS, 0, expected=7, state=State.GAP)
        complete(connection, T0, 6, Kind.COMMITS, 0, expected=7, state=State.SHORT)
        complete(connection, T0, 7, Kind.COMMITS, 0)
        complete(connection, T0, 8, Kind.COMMITS, 1)
        connection.execute(delete(PR_COMMITS).where(PR_COMMITS.c.sha == "y"))
        connection.execute(delete(PULL_REQUESTS).where(PULL_REQUESTS.c.number == 8))
        list_all(connection, T1, index_row(7, updated_at=NEW))
        found = list(gaps(connection, *PLACE, kinds={Kind.COMMITS}))
        assert [(gap.number, gap.state, gap.expected, gap.stored, gap.is_gap) for gap in found] == [
            (1, State.PENDING, None, 0, True),
            (2, State.PENDING, None, 0, True),
            (3, State.PENDING, 0, 0, True),
            (4, State.GAP, 2, 1, True),
            (5, State.GAP, 7, 0, True),
            (6, State.SHORT, 7, 0, False),
            (7, State.PENDING, 0, 0, True),
            (8, State.GAP, 1, 1, True),
        ]
        assert len({gap.why for gap in found}) == 8
        assert [gap.number for gap in found if gap.is_unread] == [1]
        assert [gap.number for gap in gaps(connection, *PLACE, kinds={Kind.COMMITS}, numbers=[2, 6])] == [2, 6]


def test_gaps_are_found_beyond_one_window(database: Database) -> None:
    with database.transaction() as connection:
        list_all(connection, T0, *(index_row(number) for number in range(1, WINDOW + 3)))
        found = [gap.number for gap in gaps(connection, *PLACE, kinds={Kind.FILES})]
        assert found == list(range(1, WINDOW + 3))


def test_the_summary_counts_live_rows_of_one_repository(database: Database) -> None:
    with database.transaction() as connection:
        list_all(connection, T0, index_row(1), index_row(2))
        hydrate(connection, T0, pull_requests=[pull_request(1)], pr_files=[file("a", 1), file("b", 1)])
        hydrate(connection, T1, pull_requests=[pull_request(1)], pr_files=[file("a", 1)])
        close_kinds(connection, HOST, [(1001, Kind.FILES, T1)])
        complete(connection, T1, 1, Kind.FILES, 1)
        for number in (1, 7):
            nothing = {"expected": None, "stored": None, "proof": Proof.UNAVAILABLE, "state": State.UNAVAILABLE}
            complete(connection, T1, number, Kind.COMMITS, 0, **nothing)
        save_index(
            connection,
            HOST,
            78,
            listed_at=T0,
            source=Source.REST,
            records=Records(index=[index_row(7)]),
            completeness=[],
        )
        found = summary(connection, *PLACE)
        assert found.rows["pull_request_index"] == 2
        assert (found.rows["pull_requests"], found.rows["pr_files"], found.rows["pr_commits"]) == (1, 1, 0)
        assert found.unavailable == {Kind.COMMITS: 1}


def test_a_proof_counts_pull_requests_with_gaps_and_those_never_read_once_each(database: Database) -> None:
    with database.transaction() as connection:
        list_all(connection, T0, *(index_row(number) for number in (1, 2, 3)))
        hydrate(connection, T0, pull_requests=[pull_request(3)])
        proven = prove(connection, *PLACE, Scope(kinds=frozenset({Kind.COMMITS, Kind.FILES, Kind.LABELS})), None)
    assert (list(proven.incomplete), proven.gap_count) == ([1, 2, 3], 9)
    assert (list(proven.unread), proven.unread_gaps) == ([1, 2], 4)
