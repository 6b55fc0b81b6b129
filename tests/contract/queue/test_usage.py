"""What paid engines used counts in its month from the moment it is told, priced once, however its job ends."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from progressive_capture.domain.cost import BOOKS, monthly
from progressive_capture.domain.jobs import Counters, EngineName, Outcome, Resources
from progressive_capture.domain.quotas import Usage
from progressive_capture.store import jobs, metrics
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import Settling
from progressive_capture.store.jobs.spending import spend
from progressive_capture.store.tables import ENGINE_USAGE, JOBS
from tests.contract.queue.rows import LEASE, NOW, claim, claimed, queued, used

INNGEST, ACTIONS = EngineName.INNGEST, EngineName.GITHUB_ACTIONS
BOOK = BOOKS["brief-2025"]


def settling(book: str | None = "brief-2025", **resources: int) -> Settling:
    return Settling(book=None if book is None else BOOKS[book], resources=Resources(**resources))


def this_month(connection: Connection, engine: EngineName) -> Usage:
    return metrics.month_usage(connection, engine, NOW)


def test_minutes_of_a_job_that_this_machine_ends_stay_those_of_actions(connection: Connection) -> None:
    taken = claimed(connection)
    connection.execute(JOBS.update().where(JOBS.c.id == taken.job.id).values(engine=ACTIONS.value))
    use, wait = settling(runner_minutes=5), "GitHub said so"
    job_id = taken.job.id
    assert jobs.park(connection, job_id, attempt=1, holder="me", until=NOW, now=NOW, why=wait, settling=use)
    assert this_month(connection, ACTIONS) == Usage(5, 0, 40_000)
    (again,) = claim(connection)
    jobs.settle_shard(connection, again.claim, Outcome.COMPLETED, None, NOW, settling=settling(cpu_ms=9))
    row = used(connection, taken.job.id)
    assert (row.engine, row.runner_minutes, row.cost_microusd) == ("local", 5, 40_000)
    assert this_month(connection, ACTIONS) == Usage(5, 0, 40_000)
    assert connection.scalars(select(ENGINE_USAGE.c.engine)).all() == ["github_actions"]


def test_a_job_that_two_engines_were_paid_for_costs_what_both_do(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.book(connection, taken.job.id, 0, settling(executions=3), NOW)
    assert this_month(connection, INNGEST) == Usage(0, 3, 300)
    jobs.cancel(connection, taken.job.id, NOW, who="me", settling=settling())
    jobs.book(connection, taken.job.id, 0, settling(runner_minutes=1), NOW)
    row = used(connection, taken.job.id)
    assert (row.runner_minutes, row.executions, row.cost_microusd) == (1, 3, 8_300)
    assert this_month(connection, INNGEST) == Usage(0, 3, 300)
    assert this_month(connection, ACTIONS) == Usage(1, 0, 8_000)


def test_what_one_use_costs_is_not_known_then_neither_is_the_whole(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.book(connection, taken.job.id, 0, settling(runner_minutes=1), NOW)
    jobs.book(connection, taken.job.id, 0, settling(None, executions=1), NOW)
    jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW, settling=settling(runner_minutes=1))
    assert used(connection, taken.job.id).cost_microusd is None
    assert this_month(connection, ACTIONS) == Usage(2, 0, 16_000)
    assert this_month(connection, INNGEST) == Usage(executions=1)


def test_use_counts_in_the_month_in_which_it_was_told(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.book(connection, taken.job.id, 0, settling("2026", runner_minutes=2_001), NOW)
    later = NOW + timedelta(days=31)
    jobs.book(connection, taken.job.id, 0, settling("2026", runner_minutes=2_001), later)
    for now in (NOW, later):
        assert metrics.month_usage(connection, ACTIONS, now) == Usage(2_001, 0, 6_000)


@pytest.mark.parametrize("seed", range(3))
def test_prices_of_all_that_was_told_are_the_month_s_bill(connection: Connection, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    ids = [queued(connection).id for _ in range(4)]
    told: dict[EngineName, Usage] = {INNGEST: Usage(), ACTIONS: Usage()}
    for _ in range(30):
        minutes, executions = chance.choice([0, 400]), chance.choice([0, 9])
        use = settling("2026", runner_minutes=minutes, executions=executions, cpu_ms=1)
        jobs.book(connection, chance.choice(ids), 0, use, NOW)
        told[ACTIONS] += Usage(runner_minutes=minutes)
        told[INNGEST] += Usage(executions=executions)
    prices = [jobs.used_by(connection, each).cost_micro_usd or 0 for each in ids]
    assert sum(prices) == monthly(BOOKS["2026"], told[ACTIONS])[ACTIONS].micro_usd
    for engine, usage in told.items():
        found = this_month(connection, engine)
        assert (found.runner_minutes, found.executions) == (usage.runner_minutes, usage.executions)
    assert this_month(connection, ACTIONS).cost_micro_usd == sum(prices) > 0


def test_several_that_spend_at_once_are_priced_one_after_the_other(database: Database) -> None:
    def some(_n: int) -> int:
        with database.transaction() as connection:
            return spend(connection, Resources(runner_minutes=700, executions=1), NOW, BOOKS["2026"]) or 0

    with ThreadPoolExecutor(4) as pool:
        prices = list(pool.map(some, range(8)))
    with database.reading() as connection:
        assert this_month(connection, ACTIONS) == Usage(5_600, 0, 3_600 * 6_000)
        assert this_month(connection, INNGEST) == Usage(executions=8)
    assert sum(prices) == 3_600 * 6_000


@pytest.mark.parametrize("paid", [Resources(executions=1), Resources(runner_minutes=1)])
def test_a_page_tells_nothing_that_is_paid_for(connection: Connection, paid: Resources) -> None:
    taken = claimed(connection)
    with pytest.raises(ValueError, match="paid for"):
        jobs.write_checkpoint(connection, taken.claim, "half", Counters(), NOW + LEASE, resources=paid)


def under_way(connection: Connection, engine: EngineName, seconds: int | None) -> str:
    taken = claimed(connection)
    values = {"engine": engine.value, "forecast_ms": None if seconds is None else seconds * 1000}
    connection.execute(JOBS.update().where(JOBS.c.id == taken.job.id).values(values))
    return taken.job.id


def test_what_is_under_way_will_use_what_its_forecast_leaves(connection: Connection) -> None:
    for seconds in (60, 1, 121, None):
        under_way(connection, ACTIONS, seconds)
    queued(connection)
    assert metrics.under_way(connection, ACTIONS) == (4, 1 + 1 + 3 + 1, 4 + 2 + 8 + 1)
    assert metrics.under_way(connection, INNGEST) == (0, 0, 0)
    begun = under_way(connection, INNGEST, 100)
    jobs.book(connection, begun, 0, settling(executions=4), NOW)
    assert metrics.under_way(connection, INNGEST).executions == 2
    jobs.book(connection, begun, 0, settling(executions=4), NOW)
    # The forecast was too low: it is at work still, and takes a step at least.
    assert metrics.under_way(connection, INNGEST).executions == 1
