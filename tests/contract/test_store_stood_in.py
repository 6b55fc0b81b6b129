import pytest
from sqlalchemy import Connection

from progressive_capture.domain.kinds import Kind, Proof, Source, State
from progressive_capture.domain.records import Records
from progressive_capture.store.completeness import save_completeness
from progressive_capture.store.database import Database
from progressive_capture.store.index import save_index
from progressive_capture.store.rows import save_hydrated
from progressive_capture.store.staleness import stale_numbers, times_stood_in
from tests.contract.store_rows import HOST, OLD, REPOSITORY, T0, T1, T2, index_row, known, pull_request

PLACE = (HOST, REPOSITORY)
KIND = Kind.REVIEW_COMMENTS
CHANGED = "2026-01-01T12:00:00Z"


def capture(connection: Connection, at: str, updated_at: str = OLD) -> None:
    listed = Records(index=[index_row(1, updated_at=updated_at)])
    save_index(connection, *PLACE, listed_at=at, source=Source.REST, records=listed, completeness=[])
    read = Records(pull_requests=[pull_request(1, updated_at=updated_at)])
    save_hydrated(connection, *PLACE, source=Source.GRAPHQL, captured_at=at, records=read)


def end(connection: Connection, at: str, state: State, reads: int, stored: int | None = 3) -> None:
    proof = Proof.UNAVAILABLE if stored is None else Proof.END_OF_LIST
    row = known(1, KIND, state, stored=stored, expected=stored, proof=proof, reads=reads)
    save_completeness(connection, *PLACE, {1001: at}, [row])


def stale(connection: Connection, *, full_before: str | None = None) -> list[int]:
    settled = {State.COMPLETE}
    return list(stale_numbers(connection, *PLACE, kinds={KIND}, settled=settled, full_before=full_before))


@pytest.mark.parametrize(("reads", "left"), [(0, False), (1, False), (2, True)])
def test_what_rest_stood_in_for_twice_is_stale_once_it_changes_or_all_is_read(
    database: Database, reads: int, *, left: bool
) -> None:
    with database.transaction() as connection:
        capture(connection, T0)
        end(connection, T0, State.UNAVAILABLE, reads)
        assert stale(connection) == ([] if left else [1])
        assert stale(connection, full_before=T1) == [1]
        capture(connection, T1)
        assert stale(connection) == ([] if left else [1])
        capture(connection, T2, CHANGED)
        assert stale(connection) == [1]


def test_a_kind_that_rest_does_not_know_is_stale_however_often_it_was_read(database: Database) -> None:
    with database.transaction() as connection:
        capture(connection, T0)
        end(connection, T0, State.UNAVAILABLE, 2, stored=None)
        assert stale(connection) == [1]
        assert times_stood_in(connection, HOST, [1001]) == {}


@pytest.mark.parametrize("state", [State.UNAVAILABLE, State.PENDING])
def test_how_often_rest_stood_in_is_forgotten_once_the_pull_request_changes(database: Database, state: State) -> None:
    with database.transaction() as connection:
        capture(connection, T0)
        end(connection, T0, state, 1)
        assert times_stood_in(connection, HOST, [1001, 1002]) == {(1001, KIND): 1}
        capture(connection, T1)
        assert times_stood_in(connection, HOST, [1001]) == {(1001, KIND): 1}
        capture(connection, T2, CHANGED)
        assert times_stood_in(connection, HOST, [1001]) == {}


@pytest.mark.parametrize("state", [State.GAP, State.SHORT, State.COMPLETE])
def test_short_readings_are_none_in_which_rest_stood_in(database: Database, state: State) -> None:
    with database.transaction() as connection:
        capture(connection, T0)
        end(connection, T0, state, 2)
        assert times_stood_in(connection, HOST, [1001]) == {}
