import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update
from sqlalchemy.exc import IntegrityError

from progressive_capture.domain.jobs import (
    Claim,
    Counters,
    EngineName,
    Figures,
    Held,
    Job,
    JobState,
    JobType,
    NewJob,
    Outcome,
    Processor,
    Settled,
    ShardState,
    Trigger,
)
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import SourceChoice, stamp
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from progressive_capture.store.errors import LeaseLost, StoreError
from progressive_capture.store.tables import JOB_EVENTS, JOBS
from tests.contract.store_rows import HOST, REPOSITORY, stored

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(minutes=2)


def lives(_holder: str) -> bool:
    return False


def new_job(**fields: Any) -> NewJob:
    values: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "job_type": JobType.HISTORICAL_PR_SYNC,
        "host_id": HOST,
        "repository_id": REPOSITORY,
        "repository_name": "octo/hello",
        "processor": Processor.GITHUB_ACTIONS,
        "trigger": Trigger.MANUAL,
        "scope": "all;kinds=all;source=auto",
        "kinds": frozenset(Kind),
        "source": SourceChoice.AUTO,
        "spec": '{"scope":"all"}',
        "engine": EngineName.LOCAL,
        "route_rule": "pc-capture",
    }
    return NewJob(**(values | fields))


def opened(connection: Connection) -> Job:
    return jobs.open_job(connection, new_job(), NOW)


def claim(
    connection: Connection,
    job: Job,
    k: int = 0,
    *,
    holder: str = "me",
    now: datetime = NOW,
    attempt: int = 0,
    is_gone: Callable[[str], bool] = lives,
) -> Claim | Held | Settled:
    return jobs.claim_shard(
        connection, job.id, k, attempt=attempt, holder=holder, now=now, lease_until=now + LEASE, is_gone=is_gone
    )


def claimed(connection: Connection, job: Job, k: int = 0, **fields: Any) -> Claim:
    answer = claim(connection, job, k, **fields)
    assert isinstance(answer, Claim)
    return answer


def events(connection: Connection) -> list[str]:
    return [row["event"] for row in stored(connection, JOB_EVENTS)]


def test_a_key_has_one_open_job(database: Database) -> None:
    with database.transaction() as connection:
        first = opened(connection)
        assert (first.state, first.attempt, first.created_at) == (JobState.PENDING, 0, stamp(NOW))
        assert opened(connection) == first == jobs.find_open(connection, new_job().dedupe_key)
        other = jobs.open_job(connection, new_job(scope="limit:1;kinds=all;source=auto"), NOW)
        assert other.id != first.id
        assert [shard.spec for shard in jobs.shards(connection, first.id)] == ['{"scope":"all"}']
        assert events(connection) == ["opened", "opened"]
        jobs.settle_shard(connection, claimed(connection, first), Outcome.COMPLETED, None, NOW)
        assert jobs.find_open(connection, first.dedupe_key) is None
        assert opened(connection).id != first.id


def test_a_job_lives_by_its_life_cycle(database: Database) -> None:
    with database.transaction() as connection:
        job = opened(connection)
        claim_ = claimed(connection, job)
        running = jobs.get(connection, job.id)
        assert (running.state, running.started_at) == (JobState.PROCESSING, stamp(NOW))
        jobs.write_checkpoint(
            connection, claim_, "half", Counters(points=2, rest_requests=1, busy_ms=1500), NOW + LEASE
        )
        jobs.write_checkpoint(connection, claim_, "done", Counters(points=1, graphql_requests=4), NOW + LEASE)
        assert jobs.settle_shard(connection, claim_, Outcome.COMPLETED, None, NOW + LEASE)
        done = jobs.get(connection, job.id)
        assert (done.state, done.completed_at, done.error) == (JobState.COMPLETED, stamp(NOW + LEASE), None)
        assert done.used == Figures(requests=5, points=3, seconds=1.5)
        (shard,) = jobs.shards(connection, job.id)
        assert (shard.state, shard.checkpoint, shard.claimed_by) == (ShardState.COMPLETED, "done", None)
        assert claim(connection, job) == Settled(ShardState.COMPLETED)
        assert events(connection) == ["opened", "claimed", "processing", "shard completed", "completed"]


def test_a_live_lease_is_held_by_one(database: Database) -> None:
    with database.transaction() as connection:
        job = opened(connection)
        mine = claimed(connection, job)
        assert claim(connection, job, holder="you") == Held("me", stamp(NOW + LEASE))
        again = claimed(connection, job)
        assert (again.lease_epoch, again.attempt) == (mine.lease_epoch + 1, mine.attempt)
        with pytest.raises(LeaseLost, match="formerly held by me"):
            jobs.renew(connection, mine, NOW + LEASE)


@pytest.mark.parametrize("gone", [True, False], ids=["holder gone", "lease over"])
def test_a_lease_is_taken_over_with_its_checkpoint(database: Database, *, gone: bool) -> None:
    now = NOW if gone else NOW + LEASE
    with database.transaction() as connection:
        job = opened(connection)
        mine = claimed(connection, job)
        jobs.write_checkpoint(connection, mine, "page 7", Counters(pages=7), NOW + LEASE)
        yours = claimed(connection, job, holder="you", now=now, is_gone=lambda holder: gone and holder == "me")
        assert yours.checkpoint == "page 7"
        late: list[Callable[[], object]] = [
            lambda: jobs.write_checkpoint(connection, mine, "page 8", Counters(pages=1), NOW + LEASE),
            lambda: jobs.add_shards(connection, mine, ["x"]),
            lambda: jobs.settle_shard(connection, mine, Outcome.COMPLETED, None, NOW),
            lambda: jobs.release(connection, mine, NOW),
        ]
        for attempt in late:
            with pytest.raises(LeaseLost):
                attempt()
        (shard,) = jobs.shards(connection, job.id)
        assert (shard.checkpoint, shard.counters, shard.claimed_by) == ("page 7", Counters(pages=7), "you")


def test_an_older_attempt_may_not_claim(database: Database) -> None:
    with database.transaction() as connection:
        job = opened(connection)
        jobs.release(connection, claimed(connection, job, attempt=2), NOW)
        with pytest.raises(LeaseLost, match="attempt 2"):
            claim(connection, job, attempt=1)
        assert claimed(connection, job, attempt=3).attempt == 3


def test_what_is_released_is_free_at_once(database: Database) -> None:
    with database.transaction() as connection:
        job = opened(connection)
        jobs.release(connection, claimed(connection, job), NOW)
        assert claimed(connection, job, holder="you").holder == "you"
        assert jobs.get(connection, job.id).state is JobState.PROCESSING


def test_the_last_shard_settles_the_job_by_the_worst(database: Database) -> None:
    with database.transaction() as connection:
        job = opened(connection)
        index = claimed(connection, job)
        jobs.add_shards(connection, index, ["one", "two"])
        assert not jobs.settle_shard(connection, index, Outcome.COMPLETED, None, NOW)
        assert not jobs.settle_shard(connection, claimed(connection, job, 2), Outcome.FAILED, "no luck", NOW)
        assert jobs.settle_shard(connection, claimed(connection, job, 1), Outcome.COMPLETED, None, NOW)
        failed = jobs.get(connection, job.id)
        assert (failed.state, failed.failures, failed.error) == (JobState.FAILED, 1, "no luck")
        assert opened(connection).id == job.id
        retried = claimed(connection, job, 2)
        assert (retried.spec, jobs.get(connection, job.id).completed_at) == ("two", None)
        assert jobs.settle_shard(connection, retried, Outcome.COMPLETED, None, NOW)
        assert jobs.get(connection, job.id).state is JobState.COMPLETED
        assert events(connection).count("failed") == events(connection).count("completed") == 1


def test_a_forecast_stands_beside_what_was_used(database: Database) -> None:
    with database.transaction() as connection:
        job = opened(connection)
        assert (job.forecast, job.used) == (None, None)
        jobs.set_forecast(connection, job.id, Figures(90, 60, 12.345))
        assert jobs.get(connection, job.id).forecast == Figures(90, 60, 12.345)


@pytest.mark.parametrize("column", ["status", "job_type", "processor_type", "trigger", "source", "engine"])
def test_the_database_refuses_words_that_are_none(database: Database, column: str) -> None:
    with database.transaction() as connection:
        opened(connection)
    with pytest.raises(StoreError) as refused, database.transaction() as connection:
        connection.execute(update(JOBS).values({column: "nonsense"}))
    assert isinstance(refused.value.__cause__, IntegrityError)
