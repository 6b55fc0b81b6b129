"""Claims, submissions, sweeps and lists must not grow with the jobs that are over; asked of analysed databases."""

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert, text

from progressive_capture.domain.jobs import Counters, EngineName, JobState, Outcome, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.store import jobs, metrics, runs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import JobFilter
from progressive_capture.store.jobs.life import job_values
from progressive_capture.store.tables import JOB_EVENTS, JOB_METRICS, JOB_SHARDS, JOBS, METADATA
from tests.contract.queue.rows import BULK, LEASE, NOW, REAL_TIME, gone, lives, routed, wish
from tests.contract.test_store_plans import plans, scans
from tests.support import postgres
from tests.support.services import Server

STATES = {
    JobState.COMPLETED: 1_000,
    JobState.PENDING: 200,
    JobState.DEAD: 200,
    JobState.FAILED: 50,
    JobState.PROCESSING: 10,
}
NO_METRICS = dict.fromkeys(
    ("requests", "points", "ms", "cpu_ms", "peak_memory_bytes", "timeouts", "waits", "runner_minutes", "executions"), 0
)


def rows(number: int, state: JobState) -> dict[str, Any]:
    """A job as it would be stored, of one of 20 repositories."""
    at = NOW - timedelta(minutes=number)
    new = routed(
        repository_id=number % 20,
        scope=f"limit:{number + 1};kinds=all;source=auto",
        processor=REAL_TIME if number % 3 else BULK,
        priority=number % 7,
    )
    over = state in {JobState.COMPLETED, JobState.DEAD}
    run = {"engine": "local", "status": state.value, "completed_at": stamp(at) if over else None}
    return job_values(new, at) | run


def fill(url: str) -> None:
    """Make a queue with a past, which the planner knows."""
    database = Database.open(url)
    made = [rows(number, state) for state, count in STATES.items() for number in range(count)]
    for number, job in enumerate(made):  # each has its own key
        job["dedupe_key"] += f"/{number}"
    shard = {"k": 0, "spec": "{}", "attempt": 1, "lease_epoch": 1, "claimed_by": "me", "lease_until": stamp(NOW)}
    shard |= asdict(Counters())
    with database.transaction() as connection:
        METADATA.create_all(connection)
        connection.execute(insert(JOBS), made)
        connection.execute(insert(JOB_SHARDS), [shard | {"job_id": job["id"], "state": job["status"]} for job in made])
        events = [{"job_id": job["id"], "at": job["created_at"], "event": "opened"} for job in made]
        connection.execute(insert(JOB_EVENTS), events)
        used = {"outcome": "completed", "processor_type": "inngest", "engine": "local", "rows": 0, "bytes_in": 0}
        over = [job for job in made if job["completed_at"] is not None]
        times = [{"job_id": job["id"], "finished_at": job["completed_at"]} for job in over]
        connection.execute(insert(JOB_METRICS), [NO_METRICS | used | each for each in times])
        connection.execute(text("ANALYZE"))
    database.close()


@pytest.fixture(scope="module")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fill a SQLite file to be copied."""
    path = tmp_path_factory.mktemp("filled") / "filled.db"
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def filled_database(pg_server: Server, pg_admin: psycopg.Connection) -> Iterator[str]:
    """Fill a PostgreSQL database to be copied; its name."""
    with postgres.database(pg_admin) as name:
        fill(postgres.url(pg_server, name))
        yield name


@pytest.fixture
def sqlite_url(filled_file: Path, tmp_path: Path) -> str:
    """Return the DATABASE_URL of a filled SQLite file."""
    return f"sqlite:///{shutil.copy(filled_file, tmp_path / 'capture.db')}"


@pytest.fixture
def pg_database(pg_admin: psycopg.Connection, filled_database: str) -> Iterator[str]:
    """Make a filled PostgreSQL database, dropped after the test; its name."""
    with postgres.database(pg_admin, template=filled_database) as name:
        yield name


@pytest.fixture
def filled(database_url: str) -> Iterator[Database]:
    """Open a queue with a past, which the planner knows; its own database, since what a planner knows stays."""
    database = Database.open(database_url)
    yield database
    database.close()


def sorts(lines: list[str]) -> list[str]:
    return [line for line in lines if "TEMP B-TREE" in line or line.split("(")[0].strip(" ->") == "Sort"]


def test_a_claim_reads_the_line_in_its_order(filled: Database) -> None:
    with plans(filled) as lines, filled.transaction() as connection:
        claims = jobs.claim_jobs(connection, BULK, holder="me", now=NOW, lease_until=NOW + LEASE)
    assert len(claims.jobs) == 1
    assert len(lines) >= 4
    assert any("ix_progressive_capture_jobs_line" in line for line in lines)
    assert scans(lines) == []
    assert sorts(lines) == []


def test_a_submission_looks_everything_up(filled: Database) -> None:
    with plans(filled) as lines, filled.transaction() as connection:
        new = routed(repository_id=7)
        assert jobs.find_for_submit(connection, new.dedupe_key, NOW, lives) is None
        jobs.last_completed(connection, new.dedupe_key)
        assert jobs.insert_job(connection, new, NOW) is not None
        assert jobs.find_for_submit(connection, new.dedupe_key, NOW, lives) is not None
        jobs.ask_rerun(connection, new.id, NOW, wish("me"))
    assert any("ix_progressive_capture_jobs_throttle" in line for line in lines)
    assert any("ix_progressive_capture_jobs_turns" in line for line in lines)
    assert scans(lines) == []


def test_settling_and_cancelling_scan_nothing(filled: Database) -> None:
    with filled.transaction() as connection:
        (taken,) = jobs.claim_jobs(connection, BULK, holder="me", now=NOW, lease_until=NOW + LEASE).jobs
        (other,) = jobs.claim_jobs(connection, BULK, holder="me", now=NOW, lease_until=NOW + LEASE).jobs
    with plans(filled) as lines, filled.transaction() as connection:
        jobs.ask_rerun(connection, taken.job.id, NOW, wish("me"))
        jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)
        jobs.cancel(connection, other.job.id, NOW, who="me")
    assert len(lines) > 15
    assert scans(lines) == []


def test_a_sweep_reads_what_is_at_work_alone(filled: Database) -> None:
    with plans(filled) as lines, filled.transaction() as connection:
        swept = jobs.sweep_local(connection, NOW, is_gone=gone, random=lambda: 0.0, n=3)
        assert jobs.awaited_captures(connection) == []
    assert len(swept) == 3
    assert any("ix_progressive_capture_jobs_running" in line for line in lines)
    assert scans(lines) == []


FIRST = str(uuid.UUID(int=0))
LISTS = (
    JobFilter(),
    JobFilter(states=frozenset({JobState.DEAD})),
    JobFilter(repository_id=7),
    JobFilter(repository_id=7, host_id=1, states=frozenset({JobState.COMPLETED})),
    JobFilter(processors=frozenset({Processor.INNGEST}), states=frozenset({JobState.DEAD})),
)


def test_reading_lists_and_sums_scans_nothing(filled: Database) -> None:
    with plans(filled) as lines, filled.reading() as connection:
        for wanted in LISTS:
            first = jobs.page_of_jobs(connection, wanted, None, 10)
            rest = jobs.page_of_jobs(connection, wanted, (first[-1].created_at, first[-1].id), 10)
            assert (len(first), len(rest)) == (10, 10)
        jobs.held_jobs(connection, None, 10)
        jobs.held_jobs(connection, (stamp(NOW), FIRST), 10)
        jobs.in_line(connection, BULK, 10)
        metrics.under_way(connection, EngineName.LOCAL)
    # A page without any bound begins at an index's end: a scan that the limit stops.
    stopped = ("ix_progressive_capture_jobs_created_at", "ix_progressive_capture_jobs_held")
    assert [line for line in scans(lines) if not any(index in line for index in stopped)] == []


def test_what_a_month_used_is_not_added_up_from_its_jobs(filled: Database) -> None:
    with plans(filled) as lines, filled.reading() as connection:
        metrics.month_usage(connection, EngineName.GITHUB_ACTIONS, NOW)
    assert lines
    assert not any("job_metrics" in line for line in lines)


def test_pages_are_not_sorted(filled: Database) -> None:
    with plans(filled) as lines, filled.reading() as connection:
        for wanted in LISTS:
            if wanted.repository_id is None:  # so few jobs of one repository may also be read and sorted
                jobs.page_of_jobs(connection, wanted, (stamp(NOW), FIRST), 10)
        jobs.held_jobs(connection, None, 10)
        jobs.in_line(connection, BULK, 10)
    assert sorts(lines) == []


def test_asking_engines_reads_only_what_is_under_way(filled: Database) -> None:
    with plans(filled) as lines, filled.transaction() as connection:
        assert jobs.silent_jobs(connection, NOW + LEASE, 10) == []
        assert runs.unbooked(connection, NOW, 10) == []
        assert runs.count_waiting(connection, EngineName.INNGEST) == 0
    assert len(lines) >= 4
    assert [line for line in scans(lines) if "engine_runs" not in line] == []
