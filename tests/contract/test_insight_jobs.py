import json
import uuid
from dataclasses import asdict
from typing import Any

import pytest

from progressive_capture.domain.cost import BOOKS
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import Claim, Counters, EngineName, JobState, Outcome, Processor
from progressive_capture.domain.periods import Period
from progressive_capture.domain.quotas import Level, Mode, Standing
from progressive_capture.domain.rollout import Origin, RolloutEnvironment
from progressive_capture.domain.scope import stamp
from progressive_capture.domain.verdict import Health
from progressive_capture.insight.costs import costs
from progressive_capture.insight.jobs import UnknownJob, list_jobs, show_job
from progressive_capture.insight.monitoring import monitoring
from progressive_capture.insight.routing import routing_analysis
from progressive_capture.insight.speed import Quantiles
from progressive_capture.insight.stats import stats
from progressive_capture.insight.status import status
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import JobFilter
from tests.contract.insight_rows import add_job, ago, judge, settle, track
from tests.contract.store_rows import HOST
from tests.contract.test_store_jobs import LEASE, NOW, lives, new_job

DAY_AGO = ago(NOW, days=1)


def test_pages_follow_each_other_and_leave_nothing_out(database: Database) -> None:
    with database.transaction() as connection:
        made = [add_job(connection, ago(NOW, minutes=number // 2)) for number in range(7)]
        add_job(connection, NOW, host_id=2)
    wanted = JobFilter(host_id=HOST)
    seen: list[str] = []
    after, counts = None, set()
    while after is not None or not seen:
        page = list_jobs(database, wanted, after=after, size=3)
        seen += [job.id for job in page.jobs]
        after = page.after
        counts.add(page.count)
    assert (sorted(seen), counts) == (sorted(made), {7})
    everything = list_jobs(database, wanted)
    assert ([job.id for job in everything.jobs], everything.after, everything.count) == (seen, None, 7)
    assert list_jobs(database, JobFilter(states=frozenset({JobState.DEAD}))).count == 0
    for size in (0, 1_001):
        with pytest.raises(UsageError, match="1 to 1000 jobs"):
            list_jobs(database, wanted, size=size)
    for nonsense in ("x", f"x/{made[0]}", stamp(NOW), f"{stamp(NOW)}/x"):
        with pytest.raises(UsageError, match="what the page before ended with"):
            list_jobs(database, wanted, after=nonsense)


def test_a_job_is_told_with_its_history_and_what_it_used(database: Database) -> None:
    with database.transaction() as connection:
        job_id = add_job(connection, ago(NOW, minutes=9), route_rule="recent")
        claim = jobs.claim_shard(
            connection, job_id, 0, attempt=0, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
        )
        assert isinstance(claim, Claim)
        jobs.write_checkpoint(connection, claim, "{}", Counters(pages=3, points=4), NOW + LEASE)
    open_job = show_job(database, HOST, job_id.upper())
    assert (open_job.job["route_rule"], open_job.job["status"], open_job.used) == ("recent", "processing", None)
    (shard,) = open_job.shards
    assert (shard.claimed_by, shard.counters.pages) == ("me", 3)
    assert [(each.event, each.seconds) for each in open_job.events] == [
        ("opened", 0),
        ("claimed", 540),
        ("processing", 540),
    ]
    with database.transaction() as connection:
        jobs.settle_shard(connection, claim, Outcome.COMPLETED, None, NOW)
    done = show_job(database, HOST, job_id, after_event=open_job.events[-1].id)
    assert [each.event for each in done.events] == ["shard completed", "completed"]
    assert done.used is not None
    assert (done.used["points"], done.used["outcome"], done.more_events) == (4, "completed", False)
    unknown = str(uuid.uuid4())
    with pytest.raises(UnknownJob, match=f"no job {unknown}"):
        show_job(database, HOST, unknown)
    with pytest.raises(UsageError, match="'nonsense' is no job's id"):
        show_job(database, HOST, "nonsense")
    with pytest.raises(UnknownJob):
        show_job(database, HOST + 1, job_id)


def test_the_beginning_of_an_id_is_enough_while_it_is_one_job_s(database: Database) -> None:
    one, other = "ab120000-0000-4000-8000-000000000000", "ab12ffff-ffff-4fff-bfff-ffffffffffff"
    with database.transaction() as connection:
        for job_id in (one, other):
            jobs.open_job(connection, new_job(id=job_id, repository_id=int(job_id[4:8], 16)), NOW)
    for beginning in ("ab120", "AB120", "ab120000-0000-4", one[:-1]):
        assert show_job(database, HOST, beginning).job["id"] == one
    assert show_job(database, HOST, "ab12f").job["id"] == other
    with pytest.raises(UsageError, match="several jobs begin with ab12: give more"):
        show_job(database, HOST, "ab12")
    for unknown in ("ab121", "ab11"):
        with pytest.raises(UnknownJob, match=f"no job {unknown}"):
            show_job(database, HOST, unknown)
    with pytest.raises(UnknownJob):
        show_job(database, HOST + 1, "ab120")
    for nonsense in ("ab1", "abcx"):
        with pytest.raises(UsageError, match="is no job's id"):
            show_job(database, HOST, nonsense)


def test_stats_tell_how_much_and_how_fast(database: Database) -> None:
    with database.transaction() as connection:
        for minutes in (10, 20, 30):
            started = stamp(ago(NOW, minutes=35))
            job_id = add_job(connection, ago(NOW, minutes=40), route_rule="small", started_at=started)
            settle(connection, job_id, ago(NOW, minutes=minutes), ms=60_000, requests=5, peak_memory_bytes=minutes)
        lost = add_job(connection, ago(NOW, minutes=40), route_rule="large", processor=Processor.GITHUB_ACTIONS)
        settle(connection, lost, ago(NOW, minutes=5), Processor.GITHUB_ACTIONS, outcome="cancelled", engine=None)
        old = add_job(connection, ago(NOW, days=3))
        settle(connection, old, ago(NOW, days=2))
    found = stats(database, HOST, DAY_AGO, NOW)
    inngest, bulk = found.processors
    assert (found.jobs, found.is_sampled) == (4, False)
    assert (inngest.outcomes, inngest.engines, inngest.requests) == ({"completed": 3}, {"local": 3}, 15)
    assert inngest.peak_memory_bytes == 30
    assert inngest.speed.waited == Quantiles(3, 300, 300, 300)
    assert inngest.speed.total == Quantiles(3, 1200, 1800, 1800)
    assert (bulk.outcomes, bulk.engines, bulk.speed.total) == ({"cancelled": 1}, {"none": 1}, None)


def test_health_is_judged_by_processor_and_failures_told_by_class(database: Database) -> None:
    with database.transaction() as connection:
        for number in range(12):
            job_id = add_job(connection, ago(NOW, hours=2), route_rule="small")
            judge(connection, job_id, ago(NOW, hours=1), failed=number < 2, processor_type="inngest")
        for error_class, error in (("denied", "no"), ("broken", "x" * 999), ("broken", "y")):
            columns = {"error_class": error_class, "error": error}
            job_id = add_job(connection, ago(NOW, hours=2), route_rule="small", **columns)
            settle(connection, job_id, ago(NOW, hours=1), outcome="dead")
        add_job(connection, ago(NOW, hours=2), route_rule="small", status="failed", error_class="timeout", error="slow")
        settle(connection, add_job(connection, ago(NOW, days=3), error_class="lost"), ago(NOW, days=2), outcome="dead")
    found = monitoring(database, HOST, DAY_AGO, NOW, max_error_rate=5.0)
    assert [(each.processor, each.verdict.health) for each in found.processors] == [
        (Processor.INNGEST, Health.FAILING),
        (Processor.GITHUB_ACTIONS, Health.INCONCLUSIVE),
    ]
    told = [(each.error_class, each.state, each.jobs, each.counts) for each in found.failures]
    assert told == [("broken", "dead", 2, True), ("denied", "dead", 1, False), ("timeout", "failed", 1, True)]
    assert len(found.failures[0].example or "") <= 300
    assert found.failures[0].last_at == stamp(ago(NOW, hours=1))


def test_status_tells_everything_of_one_moment_and_fits_json(database: Database) -> None:
    with database.transaction() as connection:
        track(connection, 1, NOW)
        job_id = add_job(connection, ago(NOW, hours=1), route_rule="large")
        settle(connection, job_id, NOW, engine="github_actions", runner_minutes=7)
        judge(connection, job_id, NOW)
    standing = Standing(Level.WARNING, 0.85, "17 of 20 runner minutes", Mode.WAIT)
    found = status(
        database,
        HOST,
        NOW,
        environment=RolloutEnvironment(emergency_stop=True),
        lanes_local=False,
        standings=lambda _connection, _now: {EngineName.GITHUB_ACTIONS: standing},
        shut=lambda _connection, _now: {},
    )
    assert (found.rollout.percentage, found.rollout.stopped_by, found.tracked) == (
        10,
        (Origin.ENVIRONMENT,),
        {"active": 1},
    )
    (quota,) = found.quotas
    assert (quota.engine, quota.level, quota.used.runner_minutes) == (EngineName.GITHUB_ACTIONS, Level.WARNING, 7)
    told: list[Any] = [
        found,
        stats(database, HOST, DAY_AGO, NOW),
        monitoring(database, HOST, DAY_AGO, NOW, max_error_rate=5),
        routing_analysis(database, HOST, DAY_AGO),
        costs(database, BOOKS["2026"], Period.MONTH, NOW),
        list_jobs(database, JobFilter()),
        show_job(database, HOST, job_id),
    ]
    assert all(json.loads(json.dumps(asdict(each))) for each in told)
