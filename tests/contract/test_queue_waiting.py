"""Jobs whose lane takes none: held where they stand, told why, and let go by themselves; on both databases."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from progressive_capture.domain.cost import BOOKS
from progressive_capture.domain.jobs import EngineName, Outcome, Processor, Resources
from progressive_capture.domain.priority import LAST_IN_LINE
from progressive_capture.domain.quotas import Mode, Quota
from progressive_capture.domain.scope import Scope
from progressive_capture.insight.queue import queue
from progressive_capture.queue import upkeep
from progressive_capture.queue.openings import doors
from progressive_capture.queue.staying import LANE_SHUT, ask_again
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import Settling
from progressive_capture.store.tables import JOBS
from tests.contract.queue.bureau import EVERYBODY, NOBODY, Bureau
from tests.contract.queue.rows import BULK, NOW, REAL_TIME
from tests.contract.store_rows import HOST

ACTIONS = EngineName.GITHUB_ACTIONS
ON = {REAL_TIME: EngineName.LOCAL, BULK: EngineName.LOCAL}
ELSEWHERE = {REAL_TIME: EngineName.LOCAL, BULK: ACTIONS}
MONTH = timedelta(days=31)


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database, Terms(environment=EVERYBODY))


def told(bureau: Bureau) -> dict[str, int]:
    """What `pc status` says of jobs that are held."""
    with bureau.database.reading() as connection:
        found = queue(connection, HOST, bureau.now)
    return {each.reason: each.jobs for each in found.held}


def dispatched(bureau: Bureau, lane: Processor = BULK) -> list[str]:
    with bureau.database.transaction() as connection:
        return sent_off(connection, bureau, lane)


def sent_off(connection: Connection, bureau: Bureau, lane: Processor = BULK, n: int = 9) -> list[str]:
    sent = jobs.dispatch_jobs(
        connection,
        lane,
        ACTIONS,
        who="me",
        now=bureau.now,
        deadline=bureau.now,
        n=n,
        decide=ask_again(connection, bureau.terms, lane, bureau.now),
    )
    return [each.job.id for each in sent.jobs]


def use_up(bureau: Bureau, minutes: int) -> None:
    """Have a job settle that used so many runner minutes."""
    job_id = bureau.queued(Scope(updated_to="2019-01-01T00:00:00Z"))
    assert dispatched(bureau) == [job_id]
    with bureau.database.transaction() as connection:
        jobs.book(connection, job_id, 0, Settling(resources=Resources(runner_minutes=minutes)), bureau.now)
        jobs.cancel(connection, job_id, bureau.now, who="test")


def several(bureau: Bureau, count: int, forecast_ms: int | None = None) -> list[str]:
    """Queue jobs in the bulk lane, in the order in which they are in line."""
    ids = [bureau.queued(Scope(updated_to=f"201{year}-01-01T00:00:00Z")) for year in range(count)]
    with bureau.database.transaction() as connection:
        connection.execute(update(JOBS).values(forecast_ms=forecast_ms))
    return ids


def limited(minutes: int, mode: Mode) -> Terms:
    quotas = {ACTIONS: Quota(runner_minutes=minutes, mode=mode)}
    return Terms(environment=EVERYBODY, engines=ELSEWHERE, quotas=quotas)


def test_what_stands_in_a_lane_that_is_switched_off_is_told_and_goes_on_when_it_is_back(bureau: Bureau) -> None:
    """Invariant I11."""
    bureau.terms = Terms(environment=NOBODY)
    job_id = bureau.queued()
    bureau.terms = Terms(environment=NOBODY, engines=ON | {REAL_TIME: None})
    with bureau.database.reading() as connection:
        before = queue(connection, HOST, bureau.now, doors(connection, bureau.terms, bureau.now).shut_lanes)
    lane = next(each for each in before.lanes if each.processor is REAL_TIME)
    assert (lane.due, lane.held, before.held[0].reason) == (0, 1, "The inngest lane is off.")
    assert bureau.upkeep.hold() == [job_id]
    assert bureau.upkeep.hold() == []
    row = bureau.row(job_id)
    assert (row.status, row.processor_type, row.held_reason) == ("pending", REAL_TIME, "The inngest lane is off.")
    assert told(bureau) == {"The inngest lane is off.": 1}
    assert bureau.upkeep.release() == []
    bureau.terms = Terms(environment=NOBODY)
    assert bureau.upkeep.hold() == []
    assert bureau.upkeep.release() == [job_id]
    assert bureau.run(REAL_TIME) == job_id
    assert bureau.events(job_id)[:3] == ["opened", "held", "rerouted"]


def test_jobs_of_a_lane_that_is_off_take_the_other_where_the_rollout_opens_it(bureau: Bureau) -> None:
    job_id = bureau.queued()
    bureau.terms = replace(bureau.terms, engines=ON | {BULK: None})
    assert bureau.upkeep.hold() == [job_id]
    row = bureau.row(job_id)
    assert (row.processor_type, row.route_rule, row.held_reason) == (REAL_TIME, LANE_SHUT, None)
    assert row.route_reason == "The github_actions lane is off."
    assert row.priority > 0
    assert bureau.run(REAL_TIME) == job_id


def test_one_look_hands_over_no_more_than_a_quota_has_room_for(bureau: Bureau) -> None:
    bureau.terms = limited(3, Mode.WAIT)
    ids = several(bureau, 5)
    assert dispatched(bureau) == ids[:3]
    assert told(bureau) == {"3 of 3 runner minutes of this month are used or under way.": 2}


def test_two_that_look_at_once_hand_over_no_more_than_a_quota_has_room_for(bureau: Bureau) -> None:
    bureau.terms = limited(3, Mode.WAIT)
    ids = several(bureau, 6)
    with ThreadPoolExecutor(1) as pool:
        with bureau.database.transaction() as connection:
            assert sent_off(connection, bureau, n=2) == ids[:2]
            other = pool.submit(dispatched, bureau)
            wait([other], timeout=0.5)  # it would have ended by then, were it not to wait for this one
        assert len(other.result()) == 1


def test_each_job_of_a_look_counts_by_its_forecast(bureau: Bureau) -> None:
    bureau.terms = limited(20, Mode.REROUTE)
    ids = several(bureau, 4, forecast_ms=9 * 60_000 + 1)
    assert dispatched(bureau) == ids[:2]
    rows = [bureau.row(each) for each in ids[2:]]
    assert [(row.processor_type, row.route_rule, row.held_reason) for row in rows] == [
        (REAL_TIME, LANE_SHUT, None),
        (REAL_TIME, LANE_SHUT, None),
    ]


def test_a_quota_binds_jobs_that_stood_in_line_before_it_was_reached(bureau: Bureau) -> None:
    bureau.terms = limited(50, Mode.WAIT)
    use_up(bureau, 49)
    bureau.terms = limited(100, Mode.WAIT)
    waiting = bureau.queued()
    bureau.terms = limited(49, Mode.WAIT)
    assert dispatched(bureau) == []
    assert bureau.row(waiting).held_reason == "49 of 49 runner minutes of this month are used or under way."
    assert bureau.row(waiting).processor_type == BULK
    assert bureau.upkeep.hold() == bureau.upkeep.release() == []
    bureau.now = NOW + MONTH
    assert bureau.upkeep.release() == [waiting]
    assert dispatched(bureau) == [waiting]


def test_all_that_waits_is_held_and_let_go_a_few_at_a_time(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "AT_ONCE", 2)
    waiting = {bureau.queued(Scope(updated_to=f"2020-01-0{day}T00:00:00Z")) for day in range(1, 6)}
    bureau.terms = Terms(environment=EVERYBODY, engines=dict.fromkeys(Processor))
    assert set(bureau.upkeep.hold()) == waiting
    bureau.terms = Terms(environment=EVERYBODY)
    assert set(bureau.upkeep.release()) == waiting


@pytest.mark.parametrize(
    ("quota", "why"),
    [
        (Quota(runner_minutes=2), "2 of 2 runner minutes of this month are used or under way."),
        (Quota(cost_micro_usd=16_000), "$0.016 of $0.016 of this month are used or under way."),
    ],
    ids=["minutes", "money"],
)
def test_what_nobody_has_begun_elsewhere_counts_for_a_minute_at_least(bureau: Bureau, quota: Quota, why: str) -> None:
    bureau.terms = replace(limited(2, Mode.WAIT), quotas={ACTIONS: quota}, book=BOOKS["brief-2025"])
    both = [bureau.queued(Scope(updated_to=f"2020-01-0{day}T00:00:00Z")) for day in (1, 2)]
    assert dispatched(bureau) == both
    third = bureau.row(bureau.queued())
    assert third.held_reason == why


def test_what_a_stop_sends_to_the_real_time_lane_keeps_to_its_quota(bureau: Bureau) -> None:
    waiting = bureau.queued()
    engines = {REAL_TIME: EngineName.INNGEST, BULK: EngineName.LOCAL}
    stopped = replace(EVERYBODY, emergency_stop=True)
    bureau.terms = Terms(
        environment=stopped, engines=engines, quotas={EngineName.INNGEST: Quota(executions=0, mode=Mode.WAIT)}
    )
    assert bureau.take(BULK) is None
    row = bureau.row(waiting)
    assert (row.processor_type, row.held_reason, row.priority) == (
        REAL_TIME,
        "0 of 0 executions of this month are used or under way.",
        LAST_IN_LINE,
    )
    assert dispatched(bureau, REAL_TIME) == []


@pytest.mark.parametrize(("mode", "lane"), [(Mode.REROUTE, REAL_TIME), (Mode.ALLOW, BULK)])
def test_a_quota_that_is_evaded_or_ignored_holds_nothing(bureau: Bureau, mode: Mode, lane: Processor) -> None:
    bureau.terms = limited(50, mode)
    use_up(bureau, 49)
    waiting = bureau.queued()
    bureau.terms = limited(49, mode)
    assert bureau.upkeep.hold() == ([waiting] if mode is Mode.REROUTE else [])
    row = bureau.row(waiting)
    assert (row.processor_type, row.held_reason) == (lane, None)


def test_a_job_that_awaits_its_retry_is_held_and_let_go_too(bureau: Bureau) -> None:
    job_id = bureau.queued()
    assert bureau.run(BULK, Outcome.FAILED) == job_id
    again_at = bureau.row(job_id).run_at
    bureau.terms = Terms(environment=NOBODY, engines=ON | {REAL_TIME: None})
    bureau.now = NOW + MONTH
    assert bureau.take(BULK) is None
    row = bureau.row(job_id)
    assert (row.status, row.processor_type, row.run_at) == ("pending", REAL_TIME, again_at)
    assert told(bureau) == {"The inngest lane is off.": 1}
    bureau.terms = Terms(environment=NOBODY)
    assert bureau.upkeep.release() == [job_id]
    assert bureau.run(REAL_TIME) == job_id
    assert bureau.row(job_id).status == "completed"
