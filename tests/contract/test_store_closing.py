"""What is counted of a pull request's rows: only those that are there, none that is marked as deleted."""

from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.records import Records, ThreadTotalRow
from progressive_capture.store.closing import count_read, count_rows, mark_unseen, thread_totals, threads_of
from progressive_capture.store.database import Database
from progressive_capture.store.rows import save_followed, save_hydrated
from progressive_capture.store.tables import PR_REVIEW_THREADS
from tests.contract.store_rows import HOST, REPOSITORY, T0, T1, pull_request, thread

THREADS = Kind.REVIEW_THREADS
IDS = (1001, 1002)


def test_deleted_rows_are_not_counted(database: Database) -> None:
    """Pull request 1 has lost its two threads, of one of which no count is known; 2 has its own still."""
    readings = dict.fromkeys(IDS, T0)
    closings = [(identity, THREADS, T0) for identity in IDS]
    records = Records(
        pull_requests=[pull_request(1), pull_request(2)],
        pr_review_threads=[thread("T1", 1), thread("T2", 1), thread("T3", 2)],
    )
    totals = Records(thread_totals=[ThreadTotalRow("T1", 2), ThreadTotalRow("T3", 4)])
    with database.transaction() as connection:
        save_hydrated(connection, HOST, REPOSITORY, source=Source.GRAPHQL, captured_at=T0, records=records)
        save_followed(connection, HOST, REPOSITORY, source=Source.GRAPHQL, generations=readings, records=totals)
        assert count_rows(connection, HOST, THREADS, IDS) == {1001: 2, 1002: 1}
        assert count_read(connection, HOST, closings) == {(1001, THREADS): 2, (1002, THREADS): 1}
        assert thread_totals(connection, HOST, IDS) == {1001: None, 1002: 4}
        mark_unseen(connection, HOST, PR_REVIEW_THREADS, [1001], T1)
        assert count_rows(connection, HOST, THREADS, IDS) == {1002: 1}
        assert count_read(connection, HOST, closings) == {(1001, THREADS): 0, (1002, THREADS): 1}
        assert thread_totals(connection, HOST, IDS) == {1001: 0, 1002: 4}
        assert threads_of(connection, HOST, IDS) == {"T3": 1002}
