"""Submissions at the store: one open job a key, places in line, reruns, adoption."""

from datetime import timedelta

from sqlalchemy import Connection

from progressive_capture.domain.jobs import Claim, Counters, JobState, Outcome, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.store import jobs
from progressive_capture.store.jobs import ClaimedJob, Routing
from tests.contract.queue.refusing import all_lose_their_lease
from tests.contract.queue.rows import (
    BULK,
    LEASE,
    MINUTE,
    NOW,
    REAL_TIME,
    claim,
    claimed,
    events,
    gone,
    lives,
    queued,
    routed,
    shard_states,
    shut_out,
    state,
    stored_job,
    wish,
)
from tests.contract.store_rows import HOST
from tests.contract.test_store_jobs import new_job


def test_a_key_is_inserted_once_while_it_is_open(connection: Connection) -> None:
    """Invariant I5."""
    new = routed()
    assert jobs.insert_job(connection, new, NOW) is not None
    assert jobs.insert_job(connection, routed(repository_id=new.repository_id), NOW) is None
    assert events(connection, new.id) == ["opened"]
    jobs.cancel(connection, new.id, NOW, who="somebody")
    assert jobs.insert_job(connection, routed(repository_id=new.repository_id), NOW) is not None


def test_who_asks_less_urgently_puts_nobody_back(connection: Connection) -> None:
    job = queued(connection, priority=90)
    assert not jobs.raise_priority(connection, job.id, wish(priority=40), NOW)
    assert not jobs.raise_priority(connection, job.id, wish(priority=90), NOW)
    assert (stored_job(connection, job.id).priority, events(connection, job.id)) == (90, ["opened"])
    assert jobs.raise_priority(connection, job.id, wish(priority=91), NOW)
    assert (stored_job(connection, job.id).priority, events(connection, job.id)[1:]) == (91, ["raised"])


def test_what_routing_decided_is_in_the_row(connection: Connection) -> None:
    new = routed(item_count=7, data_age_seconds=3600.4, metadata={"figures": {"items": 7}}, held_reason="later")
    jobs.insert_job(connection, new, NOW)
    row = stored_job(connection, new.id)
    assert (row.route_rule, row.route_reason, row.route_policy) == ("historical", "Old.", "rules")
    assert (row.rollout_version, row.is_eligible, row.held_reason) == (3, True, "later")
    assert (row.item_count, row.data_age_seconds, row.metadata) == (7, 3600, {"figures": {"items": 7}})


def test_jobs_of_one_repository_stand_a_minute_apart_in_each_lane(connection: Connection) -> None:
    turns = []
    for limit in range(3):
        job = queued(connection, repository_id=7, scope=f"limit:{limit + 1}")
        turns.append(stored_job(connection, job.id).turn_at)
    assert turns == [stamp(NOW), stamp(NOW + MINUTE), stamp(NOW + 2 * MINUTE)]
    other = queued(connection, repository_id=7, scope="limit:9", processor=REAL_TIME)
    assert stored_job(connection, other.id).turn_at == stamp(NOW)
    elsewhere = queued(connection, repository_id=7, scope="limit:9", host_id=HOST + 1)
    assert stored_job(connection, elsewhere.id).turn_at == stamp(NOW)
    later = queued(connection, repository_id=7, scope="limit:10", now=NOW + timedelta(hours=1))
    assert stored_job(connection, later.id).turn_at == stamp(NOW + timedelta(hours=1))


def test_a_job_that_nobody_took_has_not_begun_its_walk(connection: Connection) -> None:
    new = routed()
    assert jobs.find_for_submit(connection, new.dedupe_key, NOW, lives) is None
    jobs.insert_job(connection, new, NOW)
    found = jobs.find_for_submit(connection, new.dedupe_key, NOW, lives)
    assert found is not None
    assert (found.job.id, found.walk_begun, found.is_led, found.route_rule) == (new.id, False, False, "historical")


def test_a_walk_has_begun_as_soon_as_somebody_may_have_asked_for_a_page(connection: Connection) -> None:
    """Invariant I6: a page that was asked for and not yet stored may lack what changed since."""
    taken = claimed(connection)
    key = jobs.get(connection, taken.job.id).dedupe_key
    found = jobs.find_for_submit(connection, key, NOW, lives)
    assert found is not None
    assert (found.walk_begun, found.is_led) == (True, True)
    lost = jobs.find_for_submit(connection, key, NOW, gone)
    assert lost is not None
    assert (lost.walk_begun, lost.is_led) == (True, False)
    jobs.park(connection, taken.job.id, attempt=1, holder="me", until=NOW, now=NOW, why="stop")
    parked = jobs.find_for_submit(connection, key, NOW, lives)
    assert parked is not None
    assert not parked.walk_begun


def test_a_committed_page_is_a_walk_begun_also_between_two_runs(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.write_checkpoint(connection, taken.claim, "page 1", Counters(pages=1), NOW + LEASE)
    jobs.park(connection, taken.job.id, attempt=1, holder="me", until=NOW, now=NOW, why="stop")
    found = jobs.find_for_submit(connection, jobs.get(connection, taken.job.id).dedupe_key, NOW, lives)
    assert found is not None
    assert (found.walk_begun, found.is_led) == (True, False)


def test_a_checkpoint_of_what_was_in_the_way_is_no_walk_begun(connection: Connection) -> None:
    taken = claimed(connection)
    jobs.write_checkpoint(connection, taken.claim, "trouble", Counters(graphql_requests=5), NOW + LEASE)
    jobs.park(connection, taken.job.id, attempt=1, holder="me", until=NOW, now=NOW, why="stop")
    found = jobs.find_for_submit(connection, jobs.get(connection, taken.job.id).dedupe_key, NOW, lives)
    assert found is not None
    assert not found.walk_begun


def test_a_rerun_is_asked_once_and_never_of_what_has_settled(connection: Connection) -> None:
    job = queued(connection)
    assert jobs.ask_rerun(connection, job.id, NOW, wish("me"))
    assert jobs.ask_rerun(connection, job.id, NOW + MINUTE, wish("you"))
    assert stored_job(connection, job.id).rerun_requested_at == stamp(NOW)
    jobs.cancel(connection, job.id, NOW, who="me")
    assert not jobs.ask_rerun(connection, job.id, NOW, wish("me"))


def test_only_completed_work_is_found_for_throttling(connection: Connection) -> None:
    key = routed(repository_id=7).dedupe_key
    assert jobs.last_completed(connection, key) is None
    jobs.cancel(connection, queued(connection, repository_id=7).id, NOW, who="me")
    assert jobs.last_completed(connection, key) is None
    for minutes in (1, 3):
        at = NOW + minutes * MINUTE
        taken = claimed(connection, repository_id=7, now=at)
        jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, at)
    assert jobs.last_completed(connection, key) == stamp(NOW + 3 * MINUTE)


def test_an_abandoned_capture_is_adopted_and_its_holder_shut_out(connection: Connection) -> None:
    own = jobs.open_job(connection, new_job(), NOW)
    taken = jobs.claim_shard(
        connection, own.id, 0, attempt=0, holder="capture", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    assert claim(connection) == []
    assert state(connection, own.id) is JobState.PROCESSING
    routing = Routing(REAL_TIME, "small", "Few.", "rules", rollout_version=2, is_eligible=True, priority=50)
    assert jobs.adopt(connection, own.id, routing, NOW + LEASE, who="me")
    row = stored_job(connection, own.id)
    assert (row.status, row.processor_type, row.route_rule, row.priority) == ("pending", "inngest", "small", 50)
    (again,) = claim(connection, Processor.INNGEST, now=NOW + LEASE)
    assert again.job.id == own.id
    assert isinstance(taken, Claim)
    all_lose_their_lease(shut_out(connection, ClaimedJob(again.job, taken)))
    jobs.settle_shard(connection, again.claim, Outcome.COMPLETED, None, NOW)
    assert not jobs.adopt(connection, own.id, routing, NOW, who="me")


def test_shards_of_an_adopted_capture_are_cut_to_what_its_lane_takes(connection: Connection) -> None:
    own = jobs.open_job(connection, new_job(), NOW)
    taken = jobs.claim_shard(
        connection, own.id, 0, attempt=0, holder="capture", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    assert isinstance(taken, Claim)
    jobs.add_shards(connection, taken, ["long"])
    routing = Routing(REAL_TIME, "small", "Few.", "rules")
    cut = {"long": ["first half", "second half"]}
    jobs.adopt(connection, own.id, routing, NOW, who="me", split=lambda shard, _: cut.get(shard.spec, [shard.spec]))
    assert [shard.spec for shard in jobs.shards(connection, own.id)][1:] == ["first half", "second half"]


def test_what_pc_capture_runs_is_in_nobodys_line(connection: Connection) -> None:
    own = jobs.open_job(connection, new_job(), NOW)
    assert claim(connection, BULK) == claim(connection, REAL_TIME) == []
    assert jobs.in_line(connection, BULK, 10) == []
    assert not jobs.reroute(connection, own.id, Routing(REAL_TIME, "x", "x", "rules"), NOW, who="me")
    assert shard_states(connection, own.id) == ["pending"]


def test_a_job_in_line_that_a_capture_takes_can_be_swept(connection: Connection) -> None:
    job = queued(connection)
    jobs.claim_shard(
        connection, job.id, 0, attempt=0, holder="capture", now=NOW, lease_until=NOW + LEASE, is_gone=lives
    )
    assert stored_job(connection, job.id).engine == "local"
    assert jobs.sweep_local(connection, NOW, is_gone=gone, random=lambda: 0.0) == [job.id]
    assert [each.job.id for each in claim(connection)] == [job.id]
