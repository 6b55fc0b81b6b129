"""What follows a job is decided anew, for whoever wants it now; what joins one hurries it; on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from progressive_capture.domain.jobs import Counters, Outcome, Processor, Trigger
from progressive_capture.domain.priority import LAST_IN_LINE, LEVEL_POINTS, PriorityLevel
from progressive_capture.domain.requests import Joined, RerunAsked
from progressive_capture.domain.scope import stamp
from progressive_capture.queue.control import Control
from progressive_capture.queue.following import UNDECIDED
from progressive_capture.queue.staying import KEPT_FROM_BULK
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs, repositories, rollout, tracking
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import ClaimedJob, Settling
from progressive_capture.store.tables import JOB_EVENTS, ROLLOUT_CONFIGURATION
from tests.contract.queue.bureau import EVERYBODY, HISTORY, Bureau
from tests.contract.queue.rows import BULK, NOW, REAL_TIME
from tests.contract.store_rows import HOST, REPOSITORY

STOPPED = Terms(environment=replace(EVERYBODY, emergency_stop=True))


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database, Terms(environment=EVERYBODY))


def taken(bureau: Bureau, lane: Processor = BULK) -> ClaimedJob:
    found = bureau.take(lane)
    assert found is not None
    return found


def settled(bureau: Bureau, running: ClaimedJob) -> str:
    """Settle a job of which more was asked while it ran; the id of its successor."""
    with bureau.database.transaction() as connection:
        settling = Settling(follow=bureau.following)
        jobs.settle_shard(connection, running.claim, Outcome.COMPLETED, None, bureau.now, settling=settling)
        (open_now,) = jobs.in_line(connection, BULK, 9) + jobs.in_line(connection, REAL_TIME, 9)
    return open_now.id


def test_a_successor_is_neither_kept_from_bulk_nor_last_in_line_once_the_stop_is_over(bureau: Bureau) -> None:
    first = bureau.queued()
    bureau.terms = STOPPED
    assert bureau.take(BULK) is None
    assert bureau.row(first).priority == LAST_IN_LINE
    running = taken(bureau, REAL_TIME)
    bureau.terms = Terms(environment=EVERYBODY)
    assert bureau.ask() == RerunAsked(first)
    row = bureau.row(settled(bureau, running))
    assert (row.processor_type, row.route_rule, row.is_eligible) == (BULK, "over-shard", True)
    assert row.priority > LAST_IN_LINE
    assert row.metadata["successor_of"] == first


def test_a_stop_binds_what_follows_a_job_that_began_before_it(bureau: Bureau) -> None:
    """Invariant I8."""
    bureau.queued()
    running = taken(bureau)
    bureau.ask()
    bureau.terms = STOPPED
    row = bureau.row(settled(bureau, running))
    assert (row.processor_type, row.is_eligible) == (REAL_TIME, False)
    assert row.route_rule != KEPT_FROM_BULK


def test_what_follows_is_routed_by_what_the_walk_has_found(bureau: Bureau) -> None:
    bureau.queued()
    running = taken(bureau)
    bureau.ask()
    with bureau.database.transaction() as connection:
        repositories.raise_watermark(connection, HOST, REPOSITORY, stamp(NOW))
    bureau.now = NOW + timedelta(hours=1)
    row = bureau.row(settled(bureau, running))
    assert (row.processor_type, row.route_rule, row.item_count) == (REAL_TIME, "recent", 0)
    assert row.metadata["route"]["items"] == 0


def test_a_successor_is_for_the_most_urgent_who_asked(bureau: Bureau) -> None:
    bureau.queued(HISTORY, Trigger.SCHEDULED, level=PriorityLevel.LOW)
    running = taken(bureau)
    bureau.ask(HISTORY, Trigger.MANUAL, level=PriorityLevel.HIGH, who="ann", reason="a release")
    bureau.ask(HISTORY, Trigger.SCHEDULED)
    row = bureau.row(settled(bureau, running))
    assert (row.trigger, row.metadata["who"], row.metadata["reason"]) == ("manual", "ann", "a release")
    assert row.priority >= LEVEL_POINTS[PriorityLevel.HIGH] + bureau.row(running.job.id).priority - 15


def test_a_rollout_that_cannot_be_read_keeps_no_job_from_settling(bureau: Bureau) -> None:
    bureau.queued()
    running = taken(bureau)
    bureau.ask()
    with bureau.database.transaction() as connection:
        change = rollout.Change("create", "test", "a row", NOW)
        rollout.change(connection, rollout.read(connection).version, {"is_active": True}, change)
        connection.execute(update(ROLLOUT_CONFIGURATION).values(target_repositories={"no": "list"}))
    row = bureau.row(settled(bureau, running))
    assert (row.processor_type, row.route_rule) == (REAL_TIME, UNDECIDED)
    assert "target_repositories" in row.route_reason


def test_a_retry_is_decided_anew_too(bureau: Bureau) -> None:
    first = bureau.queued(HISTORY, Trigger.MANUAL, level=PriorityLevel.HIGH, who="ann")
    asked_at = bureau.row(first).priority
    bureau.terms = STOPPED
    assert bureau.take(BULK) is None
    bureau.run(REAL_TIME, Outcome.DEAD)
    bureau.terms = Terms(environment=EVERYBODY)
    control = Control(bureau.database, bureau.terms, lambda: bureau.now, lambda: 0.5, list)
    again = control.retry(first, who="bob")
    assert again is not None
    row = bureau.row(again)
    assert (row.processor_type, row.priority, row.trigger, row.retry_of) == (BULK, asked_at, "manual", first)


def test_who_joins_a_pending_job_hurries_it_and_never_slows_it(bureau: Bureau) -> None:
    job_id = bureau.queued(HISTORY, Trigger.SCHEDULED)
    before = bureau.row(job_id).priority
    assert bureau.ask(HISTORY, Trigger.SCHEDULED, level=PriorityLevel.LOW) == Joined(job_id)
    assert bureau.row(job_id).priority == before
    assert bureau.ask(HISTORY, Trigger.MANUAL, who="ann") == Joined(job_id)
    raised = bureau.row(job_id).priority
    assert raised == before + 15
    assert bureau.events(job_id) == ["opened", "joined", "raised", "joined"]
    with bureau.database.reading() as connection:
        event = JOB_EVENTS.c
        (line,) = connection.execute(JOB_EVENTS.select().where(event.job_id == job_id, event.event == "raised"))
    assert (line.who, line.detail) == ("ann", f"priority {raised}: manual")
    with bureau.database.transaction() as connection:
        tracking.track(connection, HOST, REPOSITORY, "octo/hello", bureau.now)
    assert bureau.ask(HISTORY, Trigger.SCHEDULED) == Joined(job_id)
    assert bureau.row(job_id).priority > LEVEL_POINTS[PriorityLevel.CRITICAL]


def test_who_waits_for_a_walk_that_was_interrupted_hurries_it_too(bureau: Bureau) -> None:
    job_id = bureau.queued(HISTORY, Trigger.SCHEDULED)
    running = taken(bureau)
    before = bureau.row(job_id).priority
    assert bureau.ask(HISTORY, Trigger.MANUAL) == RerunAsked(job_id)
    assert bureau.row(job_id).priority == before
    with bureau.database.transaction() as connection:
        jobs.write_checkpoint(connection, running.claim, "{}", Counters(pages=1), bureau.now)
        jobs.park(connection, job_id, attempt=1, holder="me", until=NOW, now=NOW, why="a wait")
    assert bureau.ask(HISTORY, Trigger.MANUAL) == RerunAsked(job_id)
    assert bureau.row(job_id).priority > before


def test_what_a_stop_put_last_in_line_is_hurried_by_people_alone(bureau: Bureau) -> None:
    job_id = bureau.queued()
    bureau.terms = STOPPED
    assert bureau.take(BULK) is None
    assert bureau.ask(HISTORY, Trigger.WEBHOOK) == Joined(job_id)
    assert bureau.row(job_id).priority == LAST_IN_LINE
    assert bureau.ask(HISTORY, Trigger.MANUAL) == Joined(job_id)
    assert bureau.row(job_id).priority > LAST_IN_LINE
