"""Jobs, outcomes and tracked repositories in any condition, stored directly: read models are asked about them."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from progressive_capture.domain.jobs import Processor, Resources, Trigger
from progressive_capture.domain.scope import stamp
from progressive_capture.store import jobs
from progressive_capture.store.jobs.spending import spend
from progressive_capture.store.tables import (
    JOB_EVENTS,
    JOB_METRICS,
    JOB_SHARDS,
    JOBS,
    REPOSITORY_CATEGORIES,
    ROLLOUT_METRICS,
    TRACKED_REPOSITORIES,
)
from tests.contract.store_rows import HOST
from tests.contract.test_store_jobs import new_job

FEATURE = "hybrid_progressive_capture"


def add_job(connection: Connection, created_at: datetime, **columns: Any) -> str:
    """Open a job and set its columns; its id."""
    repository_id = columns.pop("repository_id", 1)
    new = new_job(
        id=str(uuid.uuid4()),
        repository_id=repository_id,
        repository_name=f"octo/r{repository_id}",
        trigger=columns.pop("trigger", Trigger.SCHEDULED),
        processor=columns.pop("processor", Processor.INNGEST),
        scope=f"limit:{uuid.uuid4().int % 10**9};kinds=all;source=auto",
        engine=None,
        **{name: columns.pop(name) for name in ("route_rule", "route_policy", "metadata", "spec") if name in columns},
    )
    job = jobs.open_job(connection, new, created_at)
    if columns:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(columns))
    return job.id


def copied(connection: Connection, job_id: str, count: int) -> list[str]:
    """Store a job, with all that is known of it, so many times more, by one statement for each table; their ids."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    for table in (JOBS, JOB_SHARDS, JOB_EVENTS, JOB_METRICS, ROLLOUT_METRICS) if ids else ():
        key = table.c.id if table is JOBS else table.c.job_id
        for found in connection.execute(select(table).where(key == job_id)).mappings().all():
            row = {name: value for name, value in found.items() if table is JOBS or name != "id"}
            own = [{key.name: each} | ({"dedupe_key": each} if table is JOBS else {}) for each in ids]
            connection.execute(insert(table), [row | each for each in own])
    return ids


def settle(
    connection: Connection, job_id: str, finished_at: datetime, processor: Processor = Processor.INNGEST, **figures: Any
) -> None:
    """Note that a job has settled, and what it used."""
    outcome = figures.setdefault("outcome", "completed")
    status = {"status": outcome, "completed_at": stamp(finished_at)}
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(status))
    numbers = ("requests", "points", "ms", "cpu_ms", "peak_memory_bytes", "timeouts", "waits", "runner_minutes")
    values: dict[str, Any] = dict.fromkeys((*numbers, "executions", "rows", "bytes_in"), 0)
    values |= {
        "job_id": job_id,
        "processor_type": processor.value,
        "engine": "local",
        "finished_at": stamp(finished_at),
    }
    connection.execute(insert(JOB_METRICS).values(values | figures))
    paid = Resources(runner_minutes=figures.get("runner_minutes", 0), executions=figures.get("executions", 0))
    spend(connection, paid, finished_at, None)


def judge(connection: Connection, job_id: str, at: datetime, *, failed: bool = False, **columns: Any) -> None:
    """Note an outcome by which the rollout is judged."""
    values: dict[str, Any] = {
        "job_id": job_id,
        "feature_name": FEATURE,
        "host_id": HOST,
        "repository_id": 1,
        "processor_type": Processor.GITHUB_ACTIONS.value,
        "is_eligible": True,
        "success_count": int(not failed),
        "error_count": int(failed),
        "counted": True,
        "average_processing_time": 1.0,
        "requests": 10,
        "points": 5,
        "created_at": stamp(at),
    }
    connection.execute(insert(ROLLOUT_METRICS).values(values | columns))


def track(connection: Connection, repository_id: int, at: datetime, state: str = "active") -> None:
    """Track a repository."""
    track_all(connection, [repository_id], at, state)


def track_all(connection: Connection, repository_ids: Iterable[int], at: datetime, state: str = "active") -> None:
    """Track repositories, by one statement."""
    shared = {"host_id": HOST, "state": state, "first_tracked_at": stamp(at), "changed_at": stamp(at)}
    rows = [shared | {"repository_id": number, "repository_name": f"octo/r{number}"} for number in repository_ids]
    connection.execute(insert(TRACKED_REPOSITORIES), rows)


def categorized(connection: Connection, repository_id: int, category: str, at: datetime, **columns: Any) -> None:
    """Note how large a repository is."""
    categorize_all(connection, [repository_id], category, at, **columns)


def categorize_all(
    connection: Connection, repository_ids: Iterable[int], category: str, at: datetime, **columns: Any
) -> None:
    """Note that repositories are of one size, by one statement."""
    values: dict[str, Any] = {"priority_level": 50, "is_test_repository": False}
    shared = {"host_id": HOST, "category": category, "categorized_at": stamp(at)} | values | columns
    connection.execute(insert(REPOSITORY_CATEGORIES), [shared | {"repository_id": each} for each in repository_ids])


def ago(now: datetime, **span: float) -> datetime:
    """Return an earlier time."""
    return now - timedelta(**span)
