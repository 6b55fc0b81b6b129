"""8 processes on one queue, killed at random: nothing is lost, nothing settles twice, the line is kept."""

import pytest
from sqlalchemy import select

from progressive_capture.store.database import Database
from progressive_capture.store.tables import JOB_METRICS, JOB_SHARDS, JOBS
from tests.contract.queue.killing import completed_times, fill, jumped, work_off

pytestmark = [pytest.mark.usefixtures("many_processes"), pytest.mark.no_cover]  # smaller tests measure the same lines

NEAR = 100
"""Places that a job may be passed over on PostgreSQL: while somebody holds its row, and until the server notices that
they died. Without order it would be about half of all jobs."""


def check(database: Database, count: int, one_in: int) -> None:
    fill(database, count, seed=count)
    died = work_off(database, count, seed=count, one_in=one_in)
    assert died > 8
    with database.reading() as connection:
        assert set(connection.scalars(select(JOBS.c.status))) == {"completed"}
        ended = completed_times(connection)
        assert (len(ended), set(ended.values())) == (count, {1})
        assert set(connection.scalars(select(JOB_SHARDS.c.pages))) == {1}
        assert len(connection.execute(select(JOB_METRICS.c.job_id)).all()) == count
        assert jumped(connection) <= (0 if database.dialect == "sqlite" else NEAR)


def test_2000_jobs_survive_kills(database: Database) -> None:
    """Invariants I1 and I5."""
    check(database, 2_000, one_in=1_500)


@pytest.mark.faults
@pytest.mark.timeout(1_800)
def test_20000_jobs_survive_kills(database: Database) -> None:
    """Invariants I1 and I5."""
    check(database, 20_000, one_in=2_000)
