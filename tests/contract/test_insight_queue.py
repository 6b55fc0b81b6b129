from typing import Any

from sqlalchemy import insert, update

from progressive_capture.domain.jobs import Claim, JobState, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.insight.queue import REASONS_SHOWN, Lane, StoppedCapture, queue
from progressive_capture.store import budgets, jobs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs.values import PC_CAPTURE
from progressive_capture.store.tables import BUDGETS, JOB_SHARDS, JOBS, WORKERS
from tests.contract.insight_rows import add_job, ago, settle
from tests.contract.store_rows import HOST
from tests.contract.test_store_jobs import NOW, lives


def test_lanes_count_open_jobs_by_what_they_wait_for(database: Database) -> None:
    with database.transaction() as connection:
        add_job(connection, ago(NOW, hours=3))
        add_job(connection, ago(NOW, hours=1), status="failed", run_at=stamp(ago(NOW, hours=-1)))
        add_job(connection, ago(NOW, hours=2), status="processing", route_rule="small")
        settle(connection, add_job(connection, ago(NOW, hours=9)), NOW)
        for number in range(2):
            held = {"processor": Processor.GITHUB_ACTIONS, "held_reason": "no minutes left"}
            add_job(connection, ago(NOW, hours=5 - number), **held)
        add_job(connection, ago(NOW, hours=7), host_id=2)
    with database.reading() as connection:
        found = queue(connection, HOST, NOW)
    assert found.lanes == (
        Lane(
            processor=Processor.INNGEST,
            states={"pending": 1, "failed": 1, "processing": 1},
            due=1,
            later=1,
            held=0,
            stopped=0,
            oldest_pending_at=stamp(ago(NOW, hours=3)),
        ),
        Lane(
            processor=Processor.GITHUB_ACTIONS,
            states={"pending": 2},
            due=0,
            later=0,
            held=2,
            stopped=0,
            oldest_pending_at=stamp(ago(NOW, hours=5)),
        ),
    )
    assert [(each.reason, each.jobs) for each in found.held] == [("no minutes left", 2)]


def test_why_jobs_are_held_is_told_by_the_commonest_reasons(database: Database) -> None:
    with database.transaction() as connection:
        for minutes in range(REASONS_SHOWN + 1):
            add_job(connection, NOW, held_reason=f"{100 + minutes} of 100 runner minutes are used.")
        add_job(connection, NOW, held_reason="120 of 100 runner minutes are used.")
    with database.reading() as connection:
        found = queue(connection, HOST, NOW)
    assert (len(found.held), found.held[0].jobs) == (REASONS_SHOWN, 2)
    assert sum(lane.held for lane in found.lanes) == REASONS_SHOWN + 2


def test_workers_are_silent_after_two_minutes(database: Database) -> None:
    with database.transaction() as connection:
        for holder, minutes, stopped in (("fresh", 1, None), ("killed", 3, None), ("gone", 1, stamp(NOW))):
            times = {"started_at": stamp(ago(NOW, hours=1)), "seen_at": stamp(ago(NOW, minutes=minutes))}
            row = {"holder": holder, "lanes": {"inngest": 2}, "stopped_at": stopped}
            connection.execute(insert(WORKERS).values(row | times))
    with database.reading() as connection:
        found = queue(connection, HOST, NOW).workers
    assert [(each.holder, each.lanes, each.is_silent) for each in found] == [
        ("fresh", {"inngest": 2}, False),
        ("killed", {"inngest": 2}, True),
    ]


def test_a_budget_is_whole_again_after_its_reset(database: Database) -> None:
    common: dict[str, Any] = {"host_id": HOST, "limit": 5000, "remaining": 7, "reserved": 3}
    with database.transaction() as connection:
        for resource, hours in (("core", -1), ("graphql", 1)):
            pause = {"reason": "secondary limit", "paused_until": stamp(ago(NOW, hours=hours))}
            times = {"reset_at": stamp(ago(NOW, hours=hours)), "observed_at": stamp(ago(NOW, hours=hours))}
            connection.execute(
                insert(BUDGETS).values(**common, **pause, **times, principal="user:9", resource=resource)
            )
    with database.reading() as connection:
        core, graphql = queue(connection, HOST, NOW).budgets
    assert (core.resource, core.remaining, core.reason) == ("core", 4, "secondary limit")
    assert core.reset_at == core.paused_until == stamp(ago(NOW, hours=-1))
    assert (graphql.remaining, graphql.reset_at, graphql.paused_until, graphql.reason) == (4997, None, None, None)


def test_a_token_has_no_budget_of_its_own_once_it_is_known_whose_it_is(database: Database) -> None:
    with database.transaction() as connection:
        for principal in ("user:9", f"token:{'a' * 16}", f"token:{'b' * 16}"):
            row = {"host_id": HOST, "principal": principal, "resource": "graphql", "reserved": 0}
            connection.execute(insert(BUDGETS).values(row))
        budgets.save_principal(connection, HOST, "a" * 64, "user:9", stamp(NOW))
        budgets.save_principal(connection, 2, "b" * 64, "user:9", stamp(NOW))
    with database.reading() as connection:
        shown = [each.principal for each in queue(connection, HOST, NOW).budgets]
    assert shown == [f"token:{'b' * 16}", "user:9"]


def test_stuck_is_what_nobody_holds_and_what_is_past_its_deadline(database: Database) -> None:
    with database.transaction() as connection:
        running, abandoned = (add_job(connection, ago(NOW, hours=1), route_rule="small") for _ in range(2))
        for job_id, minutes in ((running, -1), (abandoned, 1)):
            claim = jobs.claim_shard(
                connection,
                job_id,
                0,
                attempt=0,
                holder="me",
                now=ago(NOW, hours=1),
                lease_until=ago(NOW, minutes=minutes),
                is_gone=lives,
            )
            assert isinstance(claim, Claim)
        past = {"status": "dispatched", "dispatched_at": stamp(ago(NOW, hours=2))}
        late = add_job(connection, NOW, **past, dispatch_deadline=stamp(ago(NOW, minutes=1)))
        add_job(connection, NOW, **past, dispatch_deadline=stamp(ago(NOW, minutes=-1)))
    with database.reading() as connection:
        found = queue(connection, HOST, NOW).stuck
    assert [(each.job_id, each.state, each.until) for each in found] == [
        (abandoned, JobState.PROCESSING, stamp(ago(NOW, minutes=1))),
        (late, JobState.DISPATCHED, stamp(ago(NOW, minutes=1))),
    ]
    with database.transaction() as connection:
        connection.execute(update(JOB_SHARDS).where(JOB_SHARDS.c.job_id == running).values(lease_until=None))
        connection.execute(update(JOBS).where(JOBS.c.id == late).values(status="cancelled"))
    with database.reading() as connection:
        assert {each.job_id for each in queue(connection, HOST, NOW).stuck} == {abandoned, running}


def test_what_a_stopped_capture_left_is_neither_stuck_nor_at_work(database: Database) -> None:
    begun = stamp(ago(NOW, hours=1))
    with database.transaction() as connection:
        captures = {"route_rule": PC_CAPTURE, "status": "processing", "started_at": begun}
        left, running = (add_job(connection, ago(NOW, hours=1), repository_id=n, **captures) for n in (1, 2))
        queued = add_job(connection, NOW, status="processing", route_rule="small", started_at=begun)
        held = update(JOB_SHARDS).where(JOB_SHARDS.c.job_id == running)
        connection.execute(held.values(state="processing", lease_until=stamp(ago(NOW, minutes=-1))))
    with database.reading() as connection:
        found = queue(connection, HOST, NOW)
    assert found.stopped_captures == (StoppedCapture(left, "octo/r1", Processor.INNGEST, begun),)
    assert [(lane.states.get("processing"), lane.stopped) for lane in found.lanes] == [(3, 1), (None, 0)]
    assert [each.job_id for each in found.stuck] == [queued]
