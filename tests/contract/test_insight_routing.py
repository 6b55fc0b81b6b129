from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from progressive_capture.domain.jobs import Processor, Trigger
from progressive_capture.domain.priority import PriorityLevel
from progressive_capture.domain.routing import LANE_SHUT, STANDS_IN, RouteFacts, Thresholds, figures_of, route, rules
from progressive_capture.insight.routing import replay, routing_analysis
from progressive_capture.insight.speed import Quantiles, quantiles
from progressive_capture.store.database import Database
from progressive_capture.store.tables import JOBS
from tests.contract.insight_rows import add_job, ago, settle
from tests.contract.store_rows import HOST
from tests.contract.test_store_jobs import NOW

DAY_AGO = ago(NOW, days=1)


def routed(database: Database, items: int | None, *, eligible: bool | None = None, hours: float = 1) -> str:
    """Open a job as the table routes it, with the figures that it used."""
    facts = RouteFacts(Trigger.AUTOMATIC, PriorityLevel.MEDIUM, timedelta(days=3), items)
    allowed = frozenset(Processor) if eligible is not False else frozenset({Processor.INNGEST})
    found = route(facts, allowed)
    assert found.processor is not None
    columns: dict[str, Any] = {"route_rule": found.rule, "route_policy": found.policy, "is_eligible": eligible}
    with database.transaction() as connection:
        metadata = {"route": dict(figures_of(facts))}
        return add_job(connection, ago(NOW, hours=hours), processor=found.processor, metadata=metadata, **columns)


def test_rules_are_told_with_what_they_sent_where_and_how_fast_that_was(database: Database) -> None:
    for minutes, outcome in ((50, "completed"), (40, "completed"), (30, "dead")):
        job_id = routed(database, 5)
        with database.transaction() as connection:
            settle(connection, job_id, ago(NOW, minutes=minutes), ms=minutes * 100, outcome=outcome)
    routed(database, 500, eligible=True)
    routed(database, 500, eligible=False)
    routed(database, 7, hours=25)
    with database.transaction() as connection:
        add_job(connection, NOW)  # `pc capture`'s own is not routed
    found = routing_analysis(database, HOST, DAY_AGO)
    assert (found.jobs, found.processors, found.is_sampled) == (5, {"inngest": 4, "github_actions": 1}, False)
    small, kept, bulk = found.rules
    assert (small.rule, small.jobs, small.states) == ("small", 3, {"completed": 2, "dead": 1})
    assert small.speed.total == Quantiles(jobs=2, median=600.0, p95=1200.0, longest=1200.0)
    assert (bulk.rule, bulk.processor, bulk.ineligible) == ("over-shard", Processor.GITHUB_ACTIONS, 0)
    assert (kept.processor, kept.ineligible, kept.speed.total) == (Processor.INNGEST, 1, None)


def test_another_table_is_asked_about_the_recorded_jobs(database: Database) -> None:
    few, many = routed(database, 5), routed(database, 80)
    kept = routed(database, 80, eligible=False)
    with database.transaction() as connection:
        add_job(connection, ago(NOW, hours=1), route_rule="small")
        add_job(connection, ago(NOW, hours=1), route_rule="small", metadata={"route": {"trigger": "nonsense"}})
    table = rules(Thresholds(small=100))

    def generous(facts: RouteFacts, allowed: frozenset[Processor]) -> Any:
        return route(facts, allowed, table=table)

    found = replay(database, HOST, DAY_AGO, generous)
    assert (found.jobs, found.unknown, found.same) == (3, 2, 2)
    assert found.moved == {"github_actions -> inngest": 1}
    assert found.rules == {"small": 3}
    (moved,) = found.examples
    assert (moved.job_id, moved.rule, moved.instead_rule) == (many, "historical", "small")
    assert {few, kept}.isdisjoint({moved.job_id})
    same = replay(database, HOST, DAY_AGO, route)
    assert (same.jobs, same.same, same.examples) == (3, 3, ())


@pytest.mark.parametrize("rule", [LANE_SHUT, STANDS_IN])
def test_a_job_in_the_place_of_a_shut_lane_is_not_called_moved(database: Database, rule: str) -> None:
    other = {Processor.INNGEST: Processor.GITHUB_ACTIONS, Processor.GITHUB_ACTIONS: Processor.INNGEST}
    for items in (5, 500):
        job_id = routed(database, items)
        with database.transaction() as connection:
            lane = Processor(connection.execute(select(JOBS.c.processor_type).where(JOBS.c.id == job_id)).scalar_one())
            values = {"route_rule": rule, "processor_type": other[lane].value}
            connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(values))
    found = replay(database, HOST, DAY_AGO, route)
    assert (found.jobs, found.same, found.moved) == (2, 2, {})


def test_quantiles_are_values_that_were_measured() -> None:
    assert quantiles([]) is None
    assert quantiles([3]) == Quantiles(1, 3, 3, 3)
    assert quantiles(range(1, 101)) == Quantiles(100, 50, 95, 100)
