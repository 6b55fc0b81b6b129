"""One pull request that takes many requests by REST: the lease is kept in between, and a stop is heard."""

from datetime import timedelta
from typing import Any

import pytest

from progressive_capture.domain.scope import moment
from progressive_capture.store.database import Database
from progressive_capture.store.tables import JOB_SHARDS
from tests.support.little_github import LittleGitHub, Visitor

TALK = "/repos/o/r/issues/1/comments"
T0 = "2026-01-01T00:00:00Z"


def comment(number: int) -> dict[str, Any]:
    return {"id": number, "node_id": f"IC_{number}", "created_at": T0, "updated_at": T0, "html_url": "u", "body": "b"}


@pytest.fixture
def visitor(sqlite_url: str) -> Visitor:
    """Visits one pull request with ten pages of talk."""
    github = LittleGitHub.of(1)
    github.change(1, moment(T0), comments=30)
    github.below[TALK] = [comment(number) for number in range(1, 31)]
    return Visitor(github, sqlite_url)


def lease_of_the_work(visitor: Visitor) -> str | None:
    database = Database.open(visitor.database_url, create=False)
    try:
        with database.reading() as connection:
            lease: str | None = connection.scalar(
                JOB_SHARDS.select().with_only_columns(JOB_SHARDS.c.lease_until).where(JOB_SHARDS.c.k == 1)
            )
            return lease
    finally:
        database.close()


async def test_the_lease_is_renewed_between_the_pages_of_one_pull_request(visitor: Visitor) -> None:
    leases = []

    def take_40_seconds(path: str) -> None:
        if path == TALK:
            lease = lease_of_the_work(visitor)
            assert lease is not None
            assert moment(lease) > visitor.github.now
            leases.append(lease)
            visitor.github.now += timedelta(seconds=40)

    visitor.github.before = take_40_seconds
    captured = await visitor.capture()
    assert (captured.gap_count, captured.held["pr_issue_comments"]) == (0, 30)
    assert len(leases) == 10
    assert leases == sorted(set(leases))


async def test_a_stop_is_heard_between_the_pages_of_one_pull_request(visitor: Visitor) -> None:
    def talk() -> int:
        return sum(TALK in each for each in visitor.github.asked)

    visitor.stop_when = lambda: talk() == 4
    assert (await visitor.capture()).interrupted
    assert talk() == 4
    visitor.stop_when = lambda: False
    captured = await visitor.capture()
    assert (captured.gap_count, captured.held["pr_issue_comments"]) == (0, 30)
