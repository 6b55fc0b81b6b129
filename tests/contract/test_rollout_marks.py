"""An operator's mark on a repository, while the duty reckons its category, on PostgreSQL: SQLite has one writer."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from progressive_capture.domain.categories import Category, Sizes
from progressive_capture.rollout.population import categorize_all, mark_as_test
from progressive_capture.store import categories
from progressive_capture.store.database import Database
from tests.contract.rollout_rows import ME, looked_up, rollout_of
from tests.contract.store_rows import HOST
from tests.contract.test_store_jobs import NOW
from tests.contract.waiting import until_waiting

SMALL = Sizes(10, 3, 50)


@pytest.fixture
def database(pg_tables_url: str) -> Iterator[Database]:
    database = Database.open(pg_tables_url)
    yield database
    database.close()


def stored(database: Database) -> categories.Categorized:
    with database.reading() as connection:
        found = categories.find(connection, HOST, 1)
    assert found is not None
    return found


@pytest.mark.parametrize("is_test", [True, False])
def test_a_mark_that_is_set_while_a_category_is_reckoned_stays(database: Database, *, is_test: bool) -> None:
    looked_up(database, 1)
    rollout = rollout_of(database)
    mark_as_test(rollout, [1], ME, is_test=True)
    if is_test:
        mark_as_test(rollout, [1], ME, is_test=False)
    meanwhile, is_asked = ThreadPoolExecutor(1), threading.Event()

    def mark(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO repository_categories") and not is_asked.is_set():
            is_asked.set()
            meanwhile.submit(mark_as_test, rollout, [1], ME, is_test=is_test).result(timeout=60)

    with database.transaction() as connection:
        event.listen(database._engine, "before_cursor_execute", mark)
        categories.save(connection, HOST, 1, SMALL, NOW + timedelta(days=1))
    meanwhile.shutdown()
    found = stored(database)
    assert (found.is_test_repository, found.category) == (is_test, Category.TEST if is_test else Category.SMALL)
    assert found.sizes == SMALL


def test_marks_and_categories_of_many_at_once_do_not_block_each_other(database: Database, pg_tables_url: str) -> None:
    for repository_id in (1, 2, 3):
        looked_up(database, repository_id)
        with database.transaction() as connection:
            # Those that were reckoned the longest ago come first: here the last one.
            categories.save(connection, HOST, repository_id, SMALL, NOW - timedelta(days=repository_id))
    rollout = rollout_of(database)
    with ThreadPoolExecutor(2) as pool:
        with database.transaction() as connection:
            categories.save(connection, HOST, 2, SMALL, NOW - timedelta(days=2))
            marking = pool.submit(mark_as_test, rollout, [1, 2, 3], ME)
            reckoning = pool.submit(categorize_all, rollout)
            until_waiting(pg_tables_url, 2)
        assert marking.result(timeout=60).marked == (1, 2, 3)
        assert reckoning.result(timeout=60).repositories == 3
    assert stored(database).category is Category.TEST
