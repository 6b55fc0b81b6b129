"""What GitHub counts and does not list: never told too low, and forgotten by no walk until the counts show it."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from progressive_capture.capture.checkpoint import Checkpoint, Walk, encode
from progressive_capture.capture.unlisted import by_updates, by_walk, newest_walk
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import Records
from progressive_capture.store.database import Database
from progressive_capture.store.index import save_index
from progressive_capture.store.tables import JOB_SHARDS
from tests.contract.insight_rows import add_job
from tests.contract.store_rows import HOST, NEW, REPOSITORY, T0, T1, T2, T3, index_row
from tests.contract.test_store_jobs import NOW

PLACE = (HOST, REPOSITORY)


def add_walk(connection: Connection, days: int, walk: Walk | None) -> None:
    """Store a job over everything, and how far its walk is: None before its first page."""
    job_id = add_job(
        connection,
        NOW + timedelta(days=days),
        repository_id=REPOSITORY,
        scope="all;kinds=all;source=auto",
        status="completed",
    )
    if walk is not None:
        text = encode(Checkpoint(walk=walk))
        connection.execute(update(JOB_SHARDS).where(JOB_SHARDS.c.job_id == job_id).values(checkpoint=text))


def walked(*, unlisted: int = 0, passed: bool = True, counted_at: str = T1) -> Walk:
    return Walk(
        started_at=T0,
        source=Source.REST,
        updated_order=True,
        counted_at=counted_at,
        unlisted=unlisted,
        passed=passed,
    )


def list_three(connection: Connection, at: str = T2) -> None:
    """The third was opened in the second in which GitHub counted."""
    rows = [index_row(1), index_row(2), index_row(3, created_at=NEW)]
    save_index(connection, *PLACE, listed_at=at, source=Source.REST, records=Records(index=rows), completeness=[])


def test_the_newest_walk_is_one_that_came_to_its_end(database: Database) -> None:
    with database.transaction() as connection:
        assert newest_walk(connection, *PLACE) is None
        add_walk(connection, 0, walked(unlisted=1))
        add_walk(connection, 1, walked(unlisted=2))
        add_walk(connection, 2, walked(unlisted=7, passed=False))
        add_walk(connection, 3, None)
        found = newest_walk(connection, *PLACE)
        assert found is not None
        assert found.unlisted == 2


@pytest.mark.parametrize(
    ("before", "counted_at", "total", "unlisted"),
    [(0, NEW, 3, 0), (1, NEW, 3, 1), (1, NEW, 2, 0), (2, NEW, 3, 1), (1, T1, 3, 0), (0, T1, 5, 2), (0, NEW, 5, 2)],
)
def test_what_the_walk_before_found_stands_as_far_as_the_counts_allow(
    database: Database, before: int, counted_at: str, total: int, unlisted: int
) -> None:
    with database.transaction() as connection:
        list_three(connection)
        add_walk(connection, 0, walked(unlisted=before))
        assert by_updates(connection, *PLACE, walked(counted_at=counted_at), total) == unlisted


def test_a_walk_stands_only_for_what_it_listed_after_github_counted(database: Database) -> None:
    with database.transaction() as connection:
        list_three(connection)
        assert by_walk(connection, *PLACE, walked(), 4) == 1
        assert by_walk(connection, *PLACE, walked(counted_at=NEW), 3) == 1
        later = walked(counted_at=T3)
        assert by_walk(connection, *PLACE, later, 3) == 0
        later.second = True
        assert by_walk(connection, *PLACE, later, 3) == 3
        assert by_walk(connection, *PLACE, walked(counted_at=""), 3) == 0


def test_a_count_whose_time_lies_behind_the_walks_beginning_is_one_of_before(database: Database) -> None:
    """Who asked for it went by a clock that was wrong."""
    with database.transaction() as connection:
        rows = [index_row(1), index_row(2, created_at=T1)]
        save_index(connection, *PLACE, listed_at=T2, source=Source.REST, records=Records(index=rows), completeness=[])
        assert by_walk(connection, *PLACE, walked(counted_at=T3), 2) == 1
