"""What becomes of a request, on both databases; GitHub is not asked here."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from progressive_capture.capture.checkpoint import Spec, decode_spec, encode
from progressive_capture.domain.jobs import (
    Claim,
    Counters,
    EngineName,
    JobState,
    JobType,
    Outcome,
    Resources,
    Trigger,
)
from progressive_capture.domain.kinds import Source
from progressive_capture.domain.priority import LAST_IN_LINE
from progressive_capture.domain.quotas import Mode, Quota
from progressive_capture.domain.records import Records
from progressive_capture.domain.requests import JobRequest, Joined, Queued, Refused, RerunAsked, Throttled
from progressive_capture.domain.scope import Scope, github_time
from progressive_capture.queue.staying import KEPT_FROM_BULK
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs, tracking
from progressive_capture.store.database import Database
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.index import save_index
from progressive_capture.store.jobs.spending import spend
from progressive_capture.store.tracking import Tracking
from tests.contract.queue.bureau import EVERYBODY, HISTORY, NOBODY, Bureau
from tests.contract.queue.rows import BULK, LEASE, NOW, REAL_TIME, lives, shard_states
from tests.contract.store_rows import HOST, REPOSITORY, T0, index_row
from tests.contract.test_store_jobs import new_job


@pytest.fixture
def bureau(database: Database) -> Bureau:
    return Bureau(database)


def test_a_request_becomes_a_job_that_explains_itself(bureau: Bureau) -> None:
    answer = bureau.ask(HISTORY, Trigger.SCHEDULED, reason="nightly")
    assert isinstance(answer, Queued)
    row = bureau.row(answer.job_id)
    assert (row.status, row.processor_type, row.trigger, row.engine) == ("pending", BULK, "scheduled", None)
    assert (row.route_rule, row.route_policy, row.is_eligible) == (answer.route.rule, "rules", True)
    assert row.item_count == 300
    assert row.metadata["route"]["items"] == 300
    assert row.metadata["who"] == "test"
    assert row.held_reason is None
    assert bureau.events(answer.job_id) == ["opened"]
    with bureau.database.reading() as connection:
        assert shard_states(connection, answer.job_id) == ["pending"]


def test_requests_join_until_somebody_may_have_asked_for_a_page(bureau: Bureau) -> None:
    job_id = bureau.queued()
    assert bureau.ask() == Joined(job_id)
    taken = bureau.take(BULK)
    assert taken is not None
    assert bureau.ask() == bureau.ask() == RerunAsked(job_id)
    with bureau.database.transaction() as connection:
        jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, bureau.now)
    assert bureau.count() == 2
    successor = bureau.ask()
    assert isinstance(successor, Joined)
    assert successor.job_id != job_id
    assert bureau.run(BULK) == successor.job_id
    assert bureau.count() == 2


@pytest.mark.parametrize("end", ["dead", "cancelled"])
def test_who_asked_during_a_walk_is_served_however_it_ends(bureau: Bureau, end: str) -> None:
    job_id = bureau.queued()
    taken = bureau.take(BULK)
    assert taken is not None
    bureau.ask()
    with bureau.database.transaction() as connection:
        if end == "dead":
            jobs.settle_shard(connection, taken.claim, Outcome.DEAD, "gone", bureau.now)
        else:
            jobs.cancel(connection, job_id, bureau.now, who="test")
    assert bureau.row(job_id).status == end
    assert isinstance(bureau.ask(), Joined)
    assert bureau.count() == 2


@pytest.mark.parametrize(
    ("trigger", "minutes"),
    [
        (Trigger.MANUAL, 5),
        (Trigger.AUTOMATIC, 240),
        (Trigger.SCHEDULED, 1_440),
        (Trigger.WEBHOOK, 0),
        (Trigger.REPAIR, 0),
    ],
)
def test_completed_work_throttles_by_trigger(bureau: Bureau, trigger: Trigger, minutes: int) -> None:
    bureau.queued()
    bureau.run(BULK)
    answer = bureau.ask(HISTORY, trigger)
    if not minutes:
        assert isinstance(answer, Queued)
        return
    assert isinstance(answer, Throttled)
    assert answer.until == NOW + timedelta(minutes=minutes)
    assert bureau.count() == 1
    bureau.now = answer.until
    assert isinstance(bureau.ask(HISTORY, trigger), Queued)


def test_what_failed_or_was_cancelled_throttles_nothing(bureau: Bureau) -> None:
    bureau.queued()
    bureau.run(BULK, Outcome.DEAD)
    second = bureau.queued(HISTORY, Trigger.MANUAL)
    with bureau.database.transaction() as connection:
        jobs.cancel(connection, second, bureau.now, who="test")
    bureau.queued(HISTORY, Trigger.MANUAL)


def test_an_incomplete_or_busy_repository_is_throttled_for_less_long(bureau: Bureau) -> None:
    bureau.queued()
    bureau.run(BULK)
    with bureau.database.transaction() as connection:
        rows = [index_row(number, updated_at=github_time(NOW - timedelta(days=40))) for number in (1, 2)]
        save_index(
            connection, HOST, REPOSITORY, listed_at=T0, source=Source.REST, records=Records(index=rows), completeness=[]
        )
    answer = bureau.ask(HISTORY, Trigger.SCHEDULED)
    assert isinstance(answer, Throttled)
    assert answer.until == NOW + timedelta(minutes=5)


def test_an_unknown_repository_is_refused_and_nothing_written(bureau: Bureau) -> None:
    answer = bureau.ask(repository_id=REPOSITORY + 1, repository_name="octo/other")
    assert isinstance(answer, Refused)
    assert "pc track octo/other" in answer.why
    assert bureau.count() == 0


def test_a_paused_repository_is_left_alone_by_what_runs_by_itself(bureau: Bureau) -> None:
    with bureau.database.transaction() as connection:
        tracking.track(connection, HOST, REPOSITORY, "octo/hello", NOW - timedelta(days=3))
        tracking.set_state(connection, HOST, REPOSITORY, Tracking.PAUSED, NOW)
    assert isinstance(bureau.ask(HISTORY, Trigger.SCHEDULED), Refused)
    assert bureau.count() == 0
    bureau.queued(HISTORY, Trigger.MANUAL)


def test_a_newly_tracked_repository_is_critical(bureau: Bureau) -> None:
    with bureau.database.transaction() as connection:
        tracking.track(connection, HOST, REPOSITORY, "octo/hello", NOW - timedelta(hours=23))
    first = bureau.queued()
    bureau.now = NOW + timedelta(hours=2)
    second = bureau.queued(Scope(numbers=(1,)))
    assert bureau.row(first).priority > 150 > bureau.row(second).priority > LAST_IN_LINE


def test_zero_percent_keeps_history_in_the_real_time_lane(bureau: Bureau) -> None:
    bureau.terms = Terms(environment=NOBODY)
    row = bureau.row(bureau.queued())
    assert (row.processor_type, row.is_eligible, row.held_reason) == (REAL_TIME, False, None)
    assert "not open to it" in row.route_reason


def test_recent_work_is_real_time_whatever_the_rollout(bureau: Bureau) -> None:
    row = bureau.row(bureau.queued(Scope(since_days=1), job_type=JobType.RECENT_PRS))
    assert row.processor_type == REAL_TIME
    assert row.route_reason == "Of what changed, it is about the last 24 hours only: it is wanted at once."


def test_a_repair_is_not_said_to_be_about_new_changes_alone(bureau: Bureau) -> None:
    row = bureau.row(bureau.queued(Scope(since_days=1), job_type=JobType.RECONCILE))
    assert row.route_reason.startswith("It repairs what is missing. Of what changed, ")


def test_where_no_lane_is_open_a_job_is_held_until_one_is(bureau: Bureau) -> None:
    off = {REAL_TIME: None, BULK: EngineName.LOCAL}
    bureau.terms = Terms(environment=NOBODY, engines=off)
    answer = bureau.ask()
    assert isinstance(answer, Queued)
    assert answer.route.processor is None
    assert "lane is off" in bureau.row(answer.job_id).held_reason
    assert bureau.take(REAL_TIME) is bureau.take(BULK) is None
    assert bureau.upkeep.release() == []
    bureau.terms = Terms(environment=NOBODY)
    assert bureau.upkeep.release() == [answer.job_id]
    taken = bureau.take(REAL_TIME)
    assert taken is not None
    assert taken.job.id == answer.job_id
    assert bureau.events(answer.job_id) == ["opened", "rerouted", "processing"]


def test_what_the_rollout_keeps_from_bulk_leaves_it_when_it_is_claimed(bureau: Bureau) -> None:
    bureau.terms = Terms(environment=EVERYBODY)
    job_id = bureau.queued()
    bureau.terms = Terms(environment=replace(EVERYBODY, emergency_stop=True))
    assert bureau.take(BULK) is None
    row = bureau.row(job_id)
    assert (row.processor_type, row.route_rule, row.priority) == (REAL_TIME, KEPT_FROM_BULK, LAST_IN_LINE)
    assert row.status == "pending"
    assert "Emergency stop by the environment" in row.route_reason
    taken = bureau.take(REAL_TIME)
    assert taken is not None
    assert taken.job.id == job_id


def test_a_quota_is_waited_for_or_evaded_as_set(bureau: Bureau) -> None:
    engines = {REAL_TIME: EngineName.LOCAL, BULK: EngineName.GITHUB_ACTIONS}
    with bureau.database.transaction() as connection:
        spend(connection, Resources(runner_minutes=100), NOW, None)
    for mode in Mode:
        quotas = {EngineName.GITHUB_ACTIONS: Quota(runner_minutes=100, mode=mode)}
        bureau.terms = Terms(environment=EVERYBODY, engines=engines, quotas=quotas)
        row = bureau.row(bureau.queued(Scope(updated_to=f"2020-01-0{1 + list(Mode).index(mode)}T00:00:00Z")))
        expected = {Mode.WAIT: (BULK, True), Mode.REROUTE: (REAL_TIME, False), Mode.ALLOW: (BULK, False)}
        assert (row.processor_type, row.held_reason is not None) == expected[mode], mode
    bureau.terms = replace(bureau.terms, quotas={EngineName.GITHUB_ACTIONS: Quota(runner_minutes=100)})
    assert bureau.upkeep.release() == []
    bureau.now = NOW + timedelta(days=31)
    assert len(bureau.upkeep.release()) == 1


def test_what_pc_capture_left_unfinished_becomes_the_queues(bureau: Bureau) -> None:
    scope = Scope()
    with bureau.database.transaction() as connection:
        left = jobs.open_job(
            connection, new_job(scope=scope.text, repository_name="octo/hello", spec=encode(Spec(scope=scope))), NOW
        )
        jobs.claim_shard(
            connection, left.id, 0, attempt=0, holder="pc", now=NOW, lease_until=NOW + LEASE, is_gone=lives
        )
    assert bureau.ask() == RerunAsked(left.id)
    assert bureau.row(left.id).route_rule == "pc-capture"
    bureau.gone = lambda holder: holder == "pc"
    assert bureau.ask() == RerunAsked(left.id)
    row = bureau.row(left.id)
    assert (row.status, row.processor_type, row.route_rule) == ("pending", BULK, "over-shard")
    assert bureau.run(BULK) == left.id
    assert bureau.count() == 2


def test_a_capture_between_two_shards_keeps_its_job(bureau: Bureau) -> None:
    with bureau.database.transaction() as connection:
        spec = encode(Spec(scope=HISTORY))
        own = jobs.open_job(connection, new_job(scope=HISTORY.text, repository_name="octo/hello", spec=spec), NOW)
        until = NOW + LEASE
        first = jobs.claim_shard(
            connection, own.id, 0, attempt=0, holder="pc", now=NOW, lease_until=until, is_gone=lives
        )
        assert isinstance(first, Claim)
        jobs.add_shards(connection, first, [encode(Spec(scope=HISTORY, numbers=[1]))])
        jobs.settle_shard(connection, first, Outcome.COMPLETED, None, NOW)
    assert bureau.ask() == RerunAsked(own.id)
    assert bureau.take(BULK) is None
    assert (bureau.row(own.id).route_rule, bureau.row(own.id).status) == ("pc-capture", "processing")
    bureau.now = until
    assert bureau.ask() == RerunAsked(own.id)
    assert bureau.row(own.id).route_rule == "over-shard"
    taken = bureau.take(BULK)
    assert taken is not None
    assert (taken.job.id, taken.claim.k) == (own.id, 1)


def test_no_shard_that_pc_capture_left_is_too_long_for_the_real_time_lane(bureau: Bureau) -> None:
    bureau.terms = Terms(environment=NOBODY)
    with bureau.database.transaction() as connection:
        spec = encode(Spec(scope=HISTORY))
        left = jobs.open_job(connection, new_job(scope=HISTORY.text, repository_name="octo/hello", spec=spec), NOW)
        taken = jobs.claim_shard(
            connection, left.id, 0, attempt=0, holder="pc", now=NOW, lease_until=NOW + LEASE, is_gone=lives
        )
        assert isinstance(taken, Claim)
        jobs.add_shards(connection, taken, [encode(Spec(scope=HISTORY, numbers=list(range(1, 251))))])
        jobs.release(connection, taken, NOW)
    bureau.ask()
    assert bureau.row(left.id).processor_type == REAL_TIME
    with bureau.database.reading() as connection:
        numbers = [decode_spec(shard.spec).numbers for shard in jobs.shards(connection, left.id)[1:]]
    assert [len(each) for each in numbers] == [100, 100, 50]
    assert [number for each in numbers for number in each] == list(range(1, 251))


def test_many_at_once_open_one_job(bureau: Bureau) -> None:
    manager = bureau.manager
    request = JobRequest(HOST, REPOSITORY, "octo/hello", JobType.HISTORICAL_PR_SYNC, HISTORY, Trigger.WEBHOOK, "test")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: manager.submit(request), range(16)))
    assert sorted(type(answer).__name__ for answer in answers) == ["Joined"] * 15 + ["Queued"]
    assert bureau.count() == 1


def test_a_runner_that_is_gone_gives_its_job_back(bureau: Bureau) -> None:
    job_id = bureau.queued()
    taken = bureau.take(BULK)
    assert taken is not None
    assert bureau.upkeep.sweep() == []
    bureau.gone = lambda holder: holder == "me"
    assert bureau.upkeep.sweep() == [job_id]
    row = bureau.row(job_id)
    assert (row.status, row.failures) == (JobState.PENDING, 0)
    bureau.now = NOW + timedelta(minutes=10)
    again = bureau.take(BULK)
    assert again is not None
    assert again.claim.attempt == 2
    with pytest.raises(LeaseLost), bureau.database.transaction() as connection:
        jobs.write_checkpoint(connection, taken.claim, "late", Counters(), NOW + LEASE)
