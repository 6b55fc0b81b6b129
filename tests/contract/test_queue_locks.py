"""Commands that change the same jobs at once: on PostgreSQL two that lock them in another order would block each other.

SQLite has one writer at a time.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from progressive_capture.capture.checkpoint import Spec, encode
from progressive_capture.domain.cost import BOOKS
from progressive_capture.domain.jobs import EngineName, JobState, Outcome, Processor, Resources
from progressive_capture.domain.scope import Scope
from progressive_capture.queue.control import Control
from progressive_capture.queue.terms import Terms
from progressive_capture.rollout.stop import emergency_stop
from progressive_capture.store import duties, jobs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.jobs import ClaimedJob, JobFilter, Settling
from progressive_capture.store.jobs.life import lock_job
from tests.contract.queue.bureau import EVERYBODY, Bureau
from tests.contract.queue.rows import BULK, LEASE, MINUTE, NOW, gone, queued, used
from tests.contract.rollout_rows import ME, rollout_of
from tests.contract.waiting import until_waiting

THREE: Final = [f"00000000-0000-4000-8000-00000000000{number}" for number in (3, 2, 1)]
"""Jobs in the order in which they were opened; by their ids it is the other way round, and so it is by priority."""
STOPPED: Final = Terms(environment=replace(EVERYBODY, emergency_stop=True))


@pytest.fixture
def bureau(pg_tables_url: str) -> Iterator[Bureau]:
    database = Database.open(pg_tables_url)
    bureau = Bureau(database, Terms(environment=EVERYBODY), gone=gone)
    spec = encode(Spec(scope=Scope()))
    with database.transaction() as connection:
        for number, job_id in enumerate(THREE):
            at = NOW - MINUTE * (3 - number)
            queued(connection, id=job_id, repository_id=number + 1, priority=number, spec=spec, now=at)
    yield bureau
    database.close()


def control(bureau: Bureau) -> Control:
    return Control(bureau.database, STOPPED, lambda: NOW, lambda: 0.5, list)


def begin(bureau: Bureau) -> None:
    """Have all three be at work."""
    with bureau.database.transaction() as connection:
        jobs.claim_jobs(connection, BULK, holder="me", now=NOW, lease_until=NOW + LEASE, n=3)


def hold(bureau: Bureau) -> None:
    """Have all three wait for a lane that is open again by now."""
    bureau.terms = Terms(environment=EVERYBODY, engines=dict.fromkeys(Processor))
    assert len(bureau.upkeep.hold()) == len(THREE)
    bureau.terms = Terms(environment=EVERYBODY)


def others(bureau: Bureau, what: str) -> Callable[[], object]:
    """Prepare what is done at the same time as a bulk cancel."""
    if what == "leave bulk":
        return lambda: control(bureau).leave_bulk("ann")
    if what == "release":
        hold(bureau)
        return bureau.upkeep.release
    begin(bureau)
    if what == "sweep":
        return bureau.upkeep.sweep
    return lambda: emergency_stop(rollout_of(bureau.database), control(bureau).leave_bulk, ME, cancel_running=True)


def test_nobody_takes_a_job_while_a_request_decides_to_join_it(bureau: Bureau, pg_tables_url: str) -> None:
    """Invariant I6: a walk that began meanwhile would be over before what the request is about."""
    with bureau.database.reading() as connection:
        key = jobs.get(connection, THREE[0]).dedupe_key
    other = Database.open(pg_tables_url)
    with bureau.database.transaction() as connection:
        found = jobs.find_for_submit(connection, key, NOW, gone)
        assert found is not None
        assert not found.walk_begun
        with other.transaction() as taking:
            claims = jobs.claim_jobs(taking, BULK, holder="me", now=NOW, lease_until=NOW + LEASE, n=3)
    other.close()
    assert {each.job.id for each in claims.jobs} == set(THREE[1:])


def test_of_two_that_settle_at_once_the_second_pays_what_the_first_left_of_the_free_part(
    bureau: Bureau, pg_tables_url: str
) -> None:
    with bureau.database.transaction() as connection:
        first, second, _ = jobs.claim_jobs(
            connection, BULK, holder="me", now=NOW, lease_until=NOW + LEASE, n=3, engine=EngineName.GITHUB_ACTIONS
        ).jobs

    def settle(connection: Connection, taken: ClaimedJob, minutes: int) -> None:
        settling = Settling(BOOKS["2026"], 0.5, Resources(runner_minutes=minutes))
        jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW, settling=settling)

    def settle_second() -> None:
        with bureau.database.transaction() as connection:
            settle(connection, second, 20)

    with ThreadPoolExecutor(1) as pool:
        with bureau.database.transaction() as connection:
            settle(connection, first, 1_990)
            later = pool.submit(settle_second)
            until_waiting(pg_tables_url, 1)
        later.result(timeout=60)
    with bureau.database.reading() as connection:
        assert [used(connection, each.job.id).cost_microusd for each in (first, second)] == [0, 60_000]


def test_of_two_that_find_a_leader_gone_at_once_one_leads(bureau: Bureau, pg_tables_url: str) -> None:
    def lead(holder: str, is_gone: Callable[[str], bool]) -> bool:
        with bureau.database.transaction() as connection:
            return duties.lead(connection, "duties", holder, NOW, NOW + MINUTE, is_gone=is_gone)

    with ThreadPoolExecutor(1) as pool:

        def while_another_asks(_: str) -> bool:
            later.append(pool.submit(lead, "you", lambda holder: holder == "before"))
            until_waiting(pg_tables_url, 1, is_over=later[0].done)
            return True

        later: list[Future[bool]] = []
        assert lead("before", gone)
        assert lead("me", while_another_asks)
        assert not later[0].result(timeout=60)


@pytest.mark.parametrize("what", ["leave bulk", "stop running ones", "sweep", "release"])
def test_two_that_change_the_same_jobs_do_not_block_each_other(bureau: Bureau, pg_tables_url: str, what: str) -> None:
    other = others(bureau, what)
    everything = JobFilter(created_before=NOW + timedelta(days=1))
    with ThreadPoolExecutor(2) as pool:
        with bureau.database.transaction() as connection:
            # Either comes as far as the one in the middle, and so has locked one of the others.
            lock_job(connection, THREE[1])
            both: list[Future[object]] = [
                pool.submit(lambda: control(bureau).cancel_all(everything, who="bob", reason="enough")),
                pool.submit(other),
            ]
            until_waiting(pg_tables_url, 2)
        for each in both:
            each.result(timeout=60)
    assert {bureau.row(job_id).status for job_id in THREE} == {JobState.CANCELLED.value}
