import pytest

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import Records
from progressive_capture.store.database import Database
from progressive_capture.store.extent import Extent, extent
from progressive_capture.store.index import Counted, mark_unlisted, save_index
from tests.contract.store_rows import HOST, NEW, OLD, REPOSITORY, T0, T1, index_row


@pytest.fixture
def listed(database: Database) -> Database:
    """List pull requests 1 to 4, the even ones updated later."""
    rows = [index_row(number, updated_at=OLD if number % 2 else NEW) for number in range(1, 5)]
    with database.transaction() as connection:
        save_index(
            connection,
            HOST,
            REPOSITORY,
            listed_at=T0,
            source=Source.REST,
            records=Records(index=rows),
            completeness=[],
        )
    return database


def test_a_range_is_counted_with_its_oldest_and_what_is_active(listed: Database) -> None:
    with listed.reading() as connection:
        everything = extent(connection, HOST, REPOSITORY, active_since=NEW)
        late = extent(connection, HOST, REPOSITORY, updated_from=NEW, active_since=OLD)
        early = extent(connection, HOST, REPOSITORY, updated_to=OLD, active_since=NEW)
        named = extent(connection, HOST, REPOSITORY, numbers=(1, 2, 9), active_since=NEW)
    assert everything == Extent(4, OLD, 2)
    assert late == Extent(2, NEW, 4)
    assert early == Extent(2, OLD, 2)
    assert named == Extent(2, OLD, 1)


def test_other_repositories_and_deleted_pull_requests_do_not_count(listed: Database) -> None:
    with listed.transaction() as connection:
        mark_unlisted(connection, HOST, REPOSITORY, T1, Counted(T1))
        assert extent(connection, HOST, REPOSITORY, active_since=OLD) == Extent(0, None, 0)
        assert extent(connection, HOST, REPOSITORY + 1, active_since=OLD) == Extent(0, None, 0)
