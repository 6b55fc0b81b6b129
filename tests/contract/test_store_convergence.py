"""Invariant I3: any order, repetition or overlap of readings ends in the same rows."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.records import Records
from progressive_capture.domain.scope import github_time, stamp
from progressive_capture.store.database import Database
from progressive_capture.store.rows import save_followed, save_hydrated
from progressive_capture.store.tables import (
    CONTRIBUTOR_LOGINS,
    CONTRIBUTORS,
    PR_FILES,
    PR_REVIEW_COMMENTS,
    PR_REVIEWS,
    PULL_REQUESTS,
)
from tests.contract.store_rows import (
    HOST,
    REPOSITORY,
    close_kinds,
    contributor,
    file,
    pull_request,
    review,
    review_comment,
    stored,
)
from tests.support.examples import examples

TABLES = (PULL_REQUESTS, PR_REVIEWS, PR_REVIEW_COMMENTS, PR_FILES, CONTRIBUTORS, CONTRIBUTOR_LOGINS)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
NUMBERS = (1, 2)


class World(NamedTuple):
    """What GitHub shows at one moment; its stamps rise with its version."""

    version: int
    files: frozenset[str]
    reviews: frozenset[int]
    login: str


def read(connection: Connection, at: float, world: World) -> None:
    """Read both pull requests at a second, with their comments in a page of its own, and close their kinds."""
    captured_at = stamp(EPOCH + timedelta(seconds=at))
    updated_at = github_time(EPOCH + timedelta(seconds=world.version))
    title = f"version {world.version}"
    records = Records(
        contributors=[contributor(9, login=world.login)],
        pull_requests=[pull_request(number, title=title, updated_at=updated_at) for number in NUMBERS],
        pr_files=[file(path, number) for path in sorted(world.files) for number in NUMBERS],
        pr_reviews=[
            review(identity * 10 + number, number, body=title, updated_at=updated_at)
            for identity in sorted(world.reviews)
            for number in NUMBERS
        ],
    )
    source = Source.GRAPHQL
    accepted = save_hydrated(connection, HOST, REPOSITORY, source=source, captured_at=captured_at, records=records)
    generations = dict.fromkeys(accepted, captured_at)
    comments = [review_comment(100 + identity, 1, body=title) for identity in sorted(world.reviews)]
    more = Records(pr_review_comments=comments)
    save_followed(connection, HOST, REPOSITORY, source=source, generations=generations, records=more)
    kinds = [Kind.FILES, Kind.REVIEWS, Kind.REVIEW_COMMENTS]
    close_kinds(connection, HOST, [(number, kind, captured_at) for number in accepted for kind in kinds])


def live(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Rows that GitHub still shows, without when they were first seen, which a late answer cannot know."""
    return {
        table.name: [
            {name: value for name, value in row.items() if name != "first_captured_at"}
            for row in stored(connection, table)
            if row.get("deleted_at") is None
        ]
        for table in TABLES
    }


def worlds() -> st.SearchStrategy[list[World]]:
    one = st.tuples(
        st.frozensets(st.sampled_from("abc")), st.frozensets(st.integers(1, 3)), st.sampled_from(["x", "y"])
    )
    return st.lists(one, min_size=1, max_size=4).map(
        lambda drawn: [World(version, *rest) for version, rest in enumerate(drawn)]
    )


def in_order_and_in_any(
    database: Database, readings: list[tuple[float, World]], data: st.DataObject
) -> list[dict[str, list[dict[str, Any]]]]:
    """What is stored after readings as they came, and after them in some order, a few repeated."""
    order = data.draw(st.permutations(readings))
    repeated = data.draw(st.lists(st.sampled_from(readings), max_size=3))
    found = []
    for sequence in (readings, [*order, *repeated]):
        with database.transaction() as connection:
            for table in TABLES:
                connection.execute(delete(table))
            for at, world in sequence:
                read(connection, at, world)
            found.append(live(connection))
    return found


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds(), st.data())
def test_readings_in_any_order_end_in_the_same_rows(
    database: Database, history: list[World], data: st.DataObject
) -> None:
    readings = [(float(at), world) for at, world in enumerate(history, start=len(history))]
    found = in_order_and_in_any(database, readings, data)
    assert found[0] == found[1]
    last = history[-1]
    assert {row["path"] for row in found[1]["pr_files"]} == last.files
    assert len(found[1]["pr_reviews"]) == 2 * len(last.reviews)
    assert {row["title"] for row in found[1]["pull_requests"]} == {f"version {last.version}"}


@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds(), st.data())
def test_readings_within_one_second_converge_in_any_order(
    database: Database, history: list[World], data: st.DataObject
) -> None:
    """GitHub's stamps tell nothing then: the one whose request began last is the newest, by microseconds."""
    readings = [(place / 1_000_000, world._replace(version=0)) for place, world in enumerate(history)]
    found = in_order_and_in_any(database, readings, data)
    assert found[0] == found[1]
    assert {row["path"] for row in found[1]["pr_files"]} == history[-1].files


def test_of_two_readings_with_one_stamp_the_later_writer_wins_unless_its_diff_is_empty(database: Database) -> None:
    empty = {"additions": 0, "deletions": 0, "changed_files": 0}
    with database.transaction() as connection:
        for title, sizes in (("first", {}), ("second", empty)):
            rows = Records(pull_requests=[pull_request(1, title=title, **sizes)])
            at = stamp(EPOCH)
            save_hydrated(connection, HOST, REPOSITORY, source=Source.GRAPHQL, captured_at=at, records=rows)
        (row,) = stored(connection, PULL_REQUESTS)
        assert (row["title"], row["additions"], row["changed_files"]) == ("second", 10, 1)


def test_comments_of_a_reading_that_was_overtaken_do_not_come_back(database: Database) -> None:
    old = World(0, frozenset("a"), frozenset({1}), "x")
    with database.transaction() as connection:
        read(connection, 5, old)
        read(connection, 7, old._replace(version=1, reviews=frozenset()))
        read(connection, 6, old)
        assert live(connection)["pr_review_comments"] == live(connection)["pr_reviews"] == []
