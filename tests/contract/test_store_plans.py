"""The hot statements must not scan what grows; asked of the databases themselves, without statistics."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from progressive_capture.domain.jobs import Claim, Outcome
from progressive_capture.domain.kinds import HYDRATE_KINDS, Kind, Source
from progressive_capture.domain.records import Records, ThreadTotalRow
from progressive_capture.store import jobs
from progressive_capture.store.closing import thread_totals
from progressive_capture.store.database import Database
from progressive_capture.store.gaps import gaps
from progressive_capture.store.index import save_index
from progressive_capture.store.recount import unsound_numbers
from progressive_capture.store.rows import save_followed, save_hydrated
from progressive_capture.store.staleness import stale_numbers
from tests.contract.store_rows import (
    HOST,
    REPOSITORY,
    T0,
    T1,
    close_kinds,
    index_row,
    pull_request,
    review,
    review_comment,
    thread,
)
from tests.contract.test_store_jobs import LEASE, NOW, lives, new_job

pytestmark = pytest.mark.usefixtures("nothing_known_to_planners")

PLACE = (HOST, REPOSITORY)
SMALL = ("hosts", "page_sizes", "pg_", "sqlite_master", "given", "VIRTUAL TABLE", "constant")


@contextmanager
def plans(database: Database) -> Iterator[list[str]]:
    """Collect the plan lines of everything that SQLAlchemy runs within."""
    lines: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "

    def collect(_c: Connection, cursor: Any, statement: str, parameters: Any, _x: Any, _many: Any) -> None:
        if statement.startswith(("SELECT", "UPDATE", "INSERT")) and "set_config" not in statement:
            cursor.execute(explain + statement, parameters)
            lines.extend(str(row[-1]).strip() for row in cursor.fetchall())

    event.listen(database._engine, "before_cursor_execute", collect)
    yield lines
    event.remove(database._engine, "before_cursor_execute", collect)


def scans(lines: list[str]) -> list[str]:
    return [
        line
        for line in lines
        if ("Seq Scan on" in line or line.startswith("SCAN ")) and not any(table in line for table in SMALL)
    ]


@pytest.fixture
def filled(database: Database) -> Database:
    """Enough rows that a scan costs more than an index, also to a planner that knows only sizes."""
    count = 1_000
    with database.transaction() as connection:
        rows = [index_row(number) for number in range(1, count)]
        save_index(connection, *PLACE, listed_at=T0, source=Source.REST, records=Records(index=rows), completeness=[])
        records = Records(
            pull_requests=[pull_request(number) for number in range(1, count)],
            pr_reviews=[review(number, number) for number in range(1, count)],
            pr_review_threads=[thread(f"T{number}", number) for number in range(1, count)],
            pr_review_comments=[review_comment(number, number) for number in range(1, count)],
        )
        save_hydrated(connection, *PLACE, source=Source.GRAPHQL, captured_at=T0, records=records)
    return database


def test_storing_a_page_scans_nothing(filled: Database) -> None:
    with plans(filled) as lines, filled.transaction() as connection:
        records = Records(pull_requests=[pull_request(7)], pr_reviews=[review(7, 7)])
        save_hydrated(connection, *PLACE, source=Source.GRAPHQL, captured_at=T1, records=records)
        totals = Records(thread_totals=[ThreadTotalRow("T7", 3)])
        save_followed(connection, *PLACE, source=Source.GRAPHQL, generations={1007: T1}, records=totals)
        close_kinds(connection, HOST, [(1007, kind, T1) for kind in sorted(HYDRATE_KINDS)])
        thread_totals(connection, HOST, [1007])
        listed = Records(index=[index_row(7)])
        save_index(connection, *PLACE, listed_at=T1, source=Source.REST, records=listed, completeness=[])
    assert len(lines) > 10
    assert scans(lines) == []


def test_finding_what_is_stale_reads_the_index_in_order_and_looks_the_rest_up(filled: Database) -> None:
    with plans(filled) as lines, filled.reading() as connection:
        found = stale_numbers(connection, *PLACE, kinds=HYDRATE_KINDS, limit=20)
    assert list(found) == list(range(1, 21))
    assert scans(lines) == []
    assert not any("TEMP B-TREE" in line for line in lines)


def test_a_recount_by_the_database_scans_nothing(filled: Database) -> None:
    with plans(filled) as lines, filled.reading() as connection:
        found = unsound_numbers(connection, *PLACE, kinds=frozenset(Kind), limit=20)
    assert list(found) == list(range(1, 21))
    assert scans(lines) == []
    assert not any("TEMP B-TREE" in line for line in lines)


def test_a_window_of_gaps_scans_nothing(filled: Database) -> None:
    with plans(filled) as lines, filled.reading() as connection:
        if filled.dialect == "postgresql":  # a window is a good part of so few rows: only ask whether an index serves
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        next(gaps(connection, *PLACE, kinds={Kind.REVIEWS}))
    assert len(lines) > 2
    assert scans(lines) == []


def test_work_on_a_shard_scans_no_jobs(database: Database) -> None:
    with database.transaction() as connection:
        for number in range(300):
            jobs.open_job(connection, new_job(repository_id=number), NOW)
    with plans(database) as lines, database.transaction() as connection:
        job = jobs.open_job(connection, new_job(repository_id=7), NOW)
        claim = jobs.claim_shard(
            connection, job.id, 0, attempt=0, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
        )
        assert isinstance(claim, Claim)
        jobs.settle_shard(connection, claim, Outcome.COMPLETED, None, NOW)
    assert len(lines) > 5
    assert scans(lines) == []
