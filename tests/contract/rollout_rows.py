"""A rollout over an empty database, and repositories and outcomes for it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from progressive_capture.domain.cost import BOOKS
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.rollout import RolloutEnvironment
from progressive_capture.rollout.rollout import By, Rollout
from progressive_capture.store.database import Database
from progressive_capture.store.repositories import save_repository
from tests.contract.insight_rows import add_job, categorize_all, copied, judge, settle, track_all
from tests.contract.store_rows import HOST, T0, repository
from tests.contract.test_store_jobs import NOW

ME = By("me", "because")


def rollout_of(database: Database, *, at: datetime = NOW, lanes_local: bool = True, **environment: Any) -> Rollout:
    """Make a rollout as a process sees it that has this environment, at a time."""
    return Rollout(
        database=database,
        host_id=HOST,
        environment=RolloutEnvironment(**environment),
        lanes_local=lanes_local,
        clock=lambda: at,
        book=BOOKS["2026"],
    )


def repositories(database: Database, count: int, category: str | None = None) -> None:
    """Track so many repositories, ids from 1, all of one category."""
    numbers = range(1, count + 1)
    with database.transaction() as connection:
        track_all(connection, numbers, NOW)
        if category is not None:
            categorize_all(connection, numbers, category, NOW)


def looked_up(database: Database, repository_id: int, **fields: Any) -> None:
    """Store a tracked repository as GitHub gave it."""
    all_looked_up(database, {repository_id: fields})


def all_looked_up(database: Database, fleet: Mapping[int, Mapping[str, Any]]) -> None:
    """Store tracked repositories as GitHub gave them: what differs from others, by id."""
    with database.transaction() as connection:
        track_all(connection, fleet, NOW)
        for number, fields in fleet.items():
            save_repository(connection, HOST, repository(id=number, name=f"r{number}", **fields), T0, Source.GRAPHQL)


def outcomes(database: Database, successes: int, errors: int, *, at: datetime | None = None, **columns: Any) -> None:
    """Settle so many jobs of eligible repositories an hour ago, or at a time."""
    at = at or NOW - timedelta(hours=1)
    with database.transaction() as connection:
        for count, failed in ((successes, False), (errors, True)):
            if count:
                job_id = add_job(connection, at, route_rule="historical")
                settle(connection, job_id, at, outcome="dead" if failed else "completed")
                judge(connection, job_id, at, failed=failed, **columns)
                copied(connection, job_id, count - 1)
