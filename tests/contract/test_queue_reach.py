"""How old and how much the work is that a request means: by the index of the last walk, else by what was asked."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import Records
from progressive_capture.domain.scope import Scope, github_time, stamp
from progressive_capture.store.database import Database
from progressive_capture.store.index import save_index
from progressive_capture.store.tables import REPOSITORIES
from tests.contract.queue.bureau import Bureau
from tests.contract.queue.rows import NOW
from tests.contract.store_rows import HOST, REPOSITORY, T0, index_row

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TOTAL = 300
"""Pull requests of the repository, as GitHub counted them."""


def told(bureau: Bureau, scope: Scope) -> tuple[timedelta | None, int | None]:
    """Age and number with which a request was routed."""
    row = bureau.row(bureau.queued(scope))
    seconds = row.data_age_seconds
    # As far as time goes is rounded up to more than a span can be.
    age = None if seconds is None else timedelta(days=min(seconds / 86_400, timedelta.max.days))
    return age, row.item_count


@pytest.fixture
def walked(database: Database) -> Bureau:
    """Have a repository walked ten days ago: 30 pull requests had changed in the weeks before, 30 long ago."""
    bureau = Bureau(database)
    lately = [index_row(n, updated_at=github_time(NOW - 11 * DAY - n * DAY / 2 - HOUR)) for n in range(1, 31)]
    long_ago = [index_row(n, updated_at=github_time(NOW - 100 * DAY)) for n in range(31, 61)]
    rows = Records(index=[*lately, *long_ago])
    with database.transaction() as connection:
        save_index(connection, HOST, REPOSITORY, listed_at=T0, source=Source.REST, records=rows, completeness=[])
        connection.execute(update(REPOSITORIES).values(watermark=stamp(NOW - 10 * DAY)))
    return bureau


@pytest.mark.parametrize(
    ("scope", "age", "items"),
    [
        # What has changed since the walk is in no index: as many a day as in the last month.
        (Scope(), 10 * DAY, 10),
        (Scope(full=True), timedelta.max, TOTAL),
        (Scope(since_days=21), 20.5 * DAY + HOUR, 19),
        (Scope(updated_to="2025-11-01T00:00:00Z"), 100 * DAY, 30),
        (Scope(numbers=(5, 40)), 100 * DAY, 2),
        (Scope(numbers=(777,)), None, 1),
        (Scope(limit=7), None, 7),
        (Scope(limit=500), None, TOTAL),
    ],
    ids=lambda value: value.text if isinstance(value, Scope) else "",
)
def test_of_a_walked_repository_the_index_tells(
    walked: Bureau, scope: Scope, age: timedelta | None, items: int
) -> None:
    found, count = told(walked, scope)
    assert count == items
    assert (found is None) is (age is None)
    assert abs((found or DAY) - (age or DAY)) < (DAY if age == timedelta.max else HOUR / 60)


def test_of_one_that_was_never_walked_the_request_and_the_total_tell(database: Database) -> None:
    bureau = Bureau(database)
    assert told(bureau, Scope(since_days=21)) == (21 * DAY, None)
    assert told(bureau, Scope())[1] == TOTAL
