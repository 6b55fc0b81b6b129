"""What must hold when several processes use one database at once."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psutil
import pytest

from progressive_capture.domain.budget import Lease, Settlement, Wait, WaitKind, Want
from progressive_capture.domain.jobs import Claim, Counters, JobState, Outcome
from progressive_capture.store import budgets, jobs
from progressive_capture.store.database import Database
from progressive_capture.store.schema import REVISIONS, revision
from progressive_capture.store.tables import JOB_SHARDS, JOBS
from tests.contract.store_rows import HOST, stored
from tests.contract.test_store_jobs import new_job

PROCESSES: Final = 8
POINTS: Final = 80
KILLED: Final = 3
EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
SPAWN: Final = multiprocessing.get_context("forkserver")

pytestmark = pytest.mark.usefixtures("many_processes")


def is_gone(holder: str) -> bool:
    try:
        return psutil.Process(int(holder)).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def run(work: Callable[..., None], arguments: Sequence[Sequence[Any]]) -> list[int | None]:
    """Run one process for each tuple of arguments; their exit codes."""
    processes = [SPAWN.Process(target=work, args=each) for each in arguments]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
        process.close()
    return codes


class GitHub:
    """A budget as GitHub keeps it, in memory that processes share; its clock moves with every request."""

    def __init__(self) -> None:
        self.first_died = SPAWN.Event()
        self.changed = SPAWN.Condition()
        self.spent = SPAWN.Value("i", 0, lock=False)
        self.flying = SPAWN.Value("i", 0, lock=False)
        self.most_flying = SPAWN.Value("i", 0, lock=False)
        self.refused = SPAWN.Value("i", 0, lock=False)
        self.seconds = SPAWN.Value("i", 0, lock=False)

    @property
    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.seconds.value)

    def begin(self) -> None:
        with self.changed:
            self.flying.value += 1
            self.most_flying.value = max(self.most_flying.value, self.flying.value)

    def end(self, cost: int) -> int:
        """Take the points if there are enough; what is left."""
        with self.changed:
            self.flying.value -= 1
            self.seconds.value += 2
            if self.spent.value + cost > POINTS:
                self.refused.value += 1
            else:
                self.spent.value += cost
            self.changed.notify_all()
            left: int = POINTS - self.spent.value
            return left

    def let_others(self) -> None:
        with self.changed:
            self.changed.wait(0.05)


def spend(url: str, github: GitHub, k: int) -> None:
    """Send requests until the budget is used up; the first processes die by SIGKILL with one that is unsettled."""
    if k > 0:
        github.first_died.wait()
    database, holder, sent = Database.open(url), str(os.getpid()), 0
    settle: Settlement | None = None
    while True:
        want = Want("user:9", "graphql", 1 + sent % 2, holder, expected_seconds=0, per_minute=0)
        with database.transaction(durable=False) as connection:
            answer = budgets.exchange(
                connection, HOST, settle=settle, want=want, now=github.now, jitter=0.5, is_gone=is_gone
            )
        settle = None
        if isinstance(answer, Lease):
            github.begin()
            remaining = github.end(want.cost)
            sent += 1
            if k < KILLED:
                github.first_died.set()
                os.kill(os.getpid(), signal.SIGKILL)
            reset_at = EPOCH + timedelta(days=1)
            settle = Settlement(answer, cost=want.cost, limit=POINTS, remaining=remaining, reset_at=reset_at)
        elif isinstance(answer, Wait) and answer.kind is WaitKind.BUDGET:
            break
        else:
            github.let_others()
    database.close()


def test_a_budget_is_overspent_by_no_more_than_what_is_in_flight(tables_url: str) -> None:
    """Invariant I7, with processes that die in the middle."""
    github = GitHub()
    codes = run(spend, [(tables_url, github, k) for k in range(PROCESSES)])
    assert codes[0] == -signal.SIGKILL
    assert set(codes[1:KILLED]) <= {0, -signal.SIGKILL}  # they die if ever they get the slot
    assert codes[KILLED:] == [0] * (PROCESSES - KILLED)
    assert github.most_flying.value == 1
    assert github.refused.value <= 1
    assert POINTS - 2 <= github.spent.value <= POINTS


def migrate(url: str) -> None:
    database = Database.open(url)
    database.migrate()
    database.close()


def test_several_processes_may_migrate_at_once(database_url: str) -> None:
    assert run(migrate, [(database_url,)] * 4) == [0] * 4
    database = Database.open(database_url)
    with database.reading() as connection:
        assert revision(connection) == REVISIONS[-1]
    database.close()


def open_same(url: str, now: datetime) -> None:
    database = Database.open(url)
    with database.transaction() as connection:
        jobs.open_job(connection, new_job(), now)
    database.close()


def test_many_open_one_job(database: Database, tables_url: str) -> None:
    """Invariant I5: at most one open job per key."""
    assert run(open_same, [(tables_url, datetime.now(UTC))] * 4) == [0] * 4
    with database.reading() as connection:
        assert len(stored(connection, JOBS)) == len(stored(connection, JOB_SHARDS)) == 1


def take(url: str, job_id: str, now: datetime) -> None:
    """Settle every shard that is free, and go."""
    database = Database.open(url)
    for k in range(4):
        with database.transaction() as connection:
            answer = jobs.claim_shard(
                connection,
                job_id,
                k,
                attempt=0,
                holder=str(os.getpid()),
                now=now,
                lease_until=now + timedelta(minutes=2),
                is_gone=is_gone,
            )
        if isinstance(answer, Claim):
            with database.transaction() as connection:
                jobs.write_checkpoint(connection, answer, "done", Counters(pages=1), now + timedelta(minutes=2))
            with database.transaction() as connection:
                jobs.settle_shard(connection, answer, Outcome.COMPLETED, None, now)
    database.close()


def test_a_job_is_worked_on_once_by_many(database: Database, tables_url: str) -> None:
    """Invariant I5: one settled outcome, and no page counted twice."""
    now = datetime.now(UTC)
    with database.transaction() as connection:
        job = jobs.open_job(connection, new_job(), now)
        first = jobs.claim_shard(
            connection, job.id, 0, attempt=0, holder="0", now=now, lease_until=now, is_gone=lambda _: True
        )
        assert isinstance(first, Claim)
        jobs.add_shards(connection, first, ["one", "two", "three"])
    assert run(take, [(tables_url, job.id, now)] * 4) == [0] * 4
    with database.reading() as connection:
        assert jobs.get(connection, job.id).state is JobState.COMPLETED
        assert [shard.counters.pages for shard in jobs.shards(connection, job.id)] == [1, 1, 1, 1]
