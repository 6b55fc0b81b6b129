from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from progressive_capture.capture.checkpoint import Spec, encode
from progressive_capture.domain.jobs import Claim, JobState, Processor
from progressive_capture.domain.rollout import Origin, RolloutEnvironment, Strategy
from progressive_capture.domain.scope import Scope
from progressive_capture.queue.claiming import take
from progressive_capture.queue.control import Control
from progressive_capture.queue.terms import Terms
from progressive_capture.rollout import manage
from progressive_capture.rollout.rollout import Rollout
from progressive_capture.rollout.stop import count_running, emergency_stop
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.rollout import Changed
from tests.contract.insight_rows import add_job, ago, copied
from tests.contract.rollout_rows import ME, looked_up, rollout_of
from tests.contract.test_store_jobs import LEASE, NOW, lives

BULK = Processor.GITHUB_ACTIONS


def control(database: Database) -> Control:
    return Control(database, Terms(), lambda: NOW, lambda: 0.5, lambda _: None)


def waiting(database: Database, count: int, **columns: Any) -> list[str]:
    given = {"processor": BULK, "route_rule": "historical", "priority": 60, "spec": encode(Spec(scope=Scope()))}
    with database.transaction() as connection:
        one = add_job(connection, ago(NOW, hours=1), **(given | columns))
        return [one, *copied(connection, one, count - 1)]


def begin(connection: Connection, job_id: str) -> Claim:
    found = jobs.claim_shard(
        connection, job_id, 0, attempt=0, holder="me", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    assert isinstance(found, Claim)
    return found


def lane_of(database: Database, job_id: str) -> tuple[Processor, JobState, int]:
    (lane,) = lanes_of(database, [job_id])
    return lane


def lanes_of(database: Database, job_ids: list[str]) -> set[tuple[Processor, JobState, int]]:
    with database.reading() as connection:
        lines = [jobs.find_line(connection, each) for each in job_ids]
    assert None not in lines
    return {(line.processor, line.state, line.priority) for line in lines if line is not None}


@pytest.fixture
def rollout(database: Database) -> Rollout:
    looked_up(database, 1)
    looked_up(database, 2)
    rollout = rollout_of(database)
    manage.set_percentage(rollout, 100, ME)
    return rollout


def test_a_stop_empties_the_bulk_lane_and_resuming_leaves_what_left_it(rollout: Rollout) -> None:
    """Invariant I8: it binds the next decision of every process."""
    database = rollout.database
    manage.set_strategy(rollout, Strategy.REPOSITORY_SIZE, ME)
    manage.add_to_whitelist(rollout, [1], ME)
    waited, retrying = waiting(database, 101), waiting(database, 1, status="failed")
    (running,) = waiting(database, 1)
    with database.transaction() as connection:
        claim = begin(connection, running)
    before = manage.in_force(rollout)
    stopped = emergency_stop(rollout, control(database).leave_bulk, ME)
    assert (stopped.rerouted, stopped.cancelled, stopped.running) == (102, (), 1)
    assert stopped.written.after.stopped_by == (Origin.DATABASE,)
    assert lanes_of(database, waited) == {(Processor.INNGEST, JobState.PENDING, 0)}
    assert lane_of(database, retrying[0])[0] is Processor.INNGEST
    assert lane_of(database, running)[:2] == (BULK, JobState.PROCESSING)
    (late,) = waiting(database, 1)
    assert take(database, Terms(), BULK, holder="me", now=NOW, lease=LEASE).job is None
    assert lane_of(database, late)[0] is Processor.INNGEST
    with database.transaction() as connection:
        jobs.renew(connection, claim, NOW + LEASE)
    after = manage.resume(rollout, ME).after
    assert replace(after, version=before.version) == before
    assert {lane[0] for lane in lanes_of(database, waited)} == {Processor.INNGEST}
    assert [row.action for row in manage.history(rollout)[:2]] == ["resume", "emergency stop"]


def test_a_stop_binds_before_the_first_waiting_job_is_moved(rollout: Rollout) -> None:
    """Invariant I8: with many jobs in line it must not wait for them, nor others for it."""
    (waited,) = waiting(rollout.database, 1)
    seen = []

    def leave(who: str) -> int:
        seen.append(manage.in_force(rollout_of(rollout.database)).stopped_by)
        return control(rollout.database).leave_bulk(who)

    assert emergency_stop(rollout, leave, ME).rerouted == 1
    assert seen == [(Origin.DATABASE,)]
    assert lane_of(rollout.database, waited)[0] is Processor.INNGEST


def test_a_stop_also_moves_what_a_quota_holds_in_the_bulk_lane(rollout: Rollout) -> None:
    database = rollout.database
    held = waiting(database, 101, held_reason="100 of 100 runner minutes are used.")
    (elsewhere,) = waiting(database, 1, processor=Processor.INNGEST, held_reason="off")
    assert emergency_stop(rollout, control(database).leave_bulk, ME).rerouted == 101
    assert lanes_of(database, held) == {(Processor.INNGEST, JobState.PENDING, 0)}
    assert lane_of(database, elsewhere) == (Processor.INNGEST, JobState.PENDING, 60)
    with database.reading() as connection:
        assert [job.id for job in jobs.held_jobs(connection, None, 200)] == [elsewhere]


def test_running_jobs_are_cancelled_on_demand_but_not_those_of_pc_capture(rollout: Rollout) -> None:
    database = rollout.database
    (ours,), (theirs,) = waiting(database, 1), waiting(database, 1, route_rule="pc-capture")
    with database.transaction() as connection:
        claims = [begin(connection, each) for each in (ours, theirs)]
    assert count_running(rollout) == 1
    stopped = emergency_stop(rollout, control(database).leave_bulk, ME, cancel_running=True)
    assert (stopped.cancelled, stopped.running) == ((ours,), 1)
    assert lane_of(database, ours)[1] is JobState.CANCELLED
    with pytest.raises(LeaseLost), database.transaction() as connection:
        jobs.renew(connection, claims[0], NOW + LEASE)
    with database.transaction() as connection:
        jobs.renew(connection, claims[1], NOW + LEASE)


def test_a_stop_that_was_decided_on_an_older_version_does_nothing(rollout: Rollout) -> None:
    (waited,) = waiting(rollout.database, 1)
    with pytest.raises(Changed, match="at version 1, not 0"):
        emergency_stop(rollout, control(rollout.database).leave_bulk, ME, cancel_running=True, expected=0)
    assert lane_of(rollout.database, waited)[0] is BULK
    assert manage.in_force(rollout).stopped_by == ()


def test_stopping_twice_is_no_change_and_still_empties_the_lane(rollout: Rollout) -> None:
    leave = control(rollout.database).leave_bulk
    emergency_stop(rollout, leave, ME)
    (waited,) = waiting(rollout.database, 1)
    again = emergency_stop(rollout, leave, ME)
    assert (again.written.is_changed, again.rerouted) == (False, 1)
    assert lane_of(rollout.database, waited)[0] is Processor.INNGEST


def test_a_stop_of_the_environment_goes_on_after_resuming(rollout: Rollout) -> None:
    emergency_stop(rollout, control(rollout.database).leave_bulk, ME)
    elsewhere = rollout_of(rollout.database, emergency_stop=True)
    assert manage.in_force(elsewhere).stopped_by == (Origin.DATABASE, Origin.ENVIRONMENT)
    assert manage.resume(elsewhere, ME).after.stopped_by == (Origin.ENVIRONMENT,)
    waiting(rollout.database, 1)
    terms = Terms(environment=RolloutEnvironment(emergency_stop=True))
    assert take(rollout.database, terms, BULK, holder="me", now=NOW, lease=LEASE).moved == 1
