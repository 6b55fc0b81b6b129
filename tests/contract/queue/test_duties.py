"""Leases of leaders, runs of duties, and workers that live."""

from datetime import timedelta

from sqlalchemy import Connection, select

from progressive_capture.domain.scope import stamp
from progressive_capture.store import duties
from progressive_capture.store.tables import WORKERS
from tests.contract.queue.rows import MINUTE, NOW, gone


def lead(connection: Connection, holder: str, minutes: int = 0, **options: object) -> bool:
    now = NOW + minutes * MINUTE
    return duties.lead(connection, "duties", holder, now, now + MINUTE, **options)  # type: ignore[arg-type] # is_gone


def test_one_leads_at_a_time(connection: Connection) -> None:
    assert lead(connection, "me")
    assert lead(connection, "me")
    assert not lead(connection, "you")
    assert duties.lead(connection, "another thing", "you", NOW, NOW + MINUTE)
    assert lead(connection, "you", minutes=1)
    assert not lead(connection, "me", minutes=1)


def test_a_leader_that_is_gone_or_resigns_is_followed_at_once(connection: Connection) -> None:
    assert lead(connection, "me")
    assert lead(connection, "you", is_gone=gone)
    duties.resign(connection, "duties", "me")
    assert not lead(connection, "me")
    duties.resign(connection, "duties", "you")
    assert lead(connection, "me")


def test_runs_are_told_with_what_they_came_to(connection: Connection) -> None:
    assert duties.last_run(connection, "health") is None
    first = duties.begin_run(connection, "health", "me", NOW)
    duties.end_run(connection, first, "healthy", NOW + MINUTE, {"jobs": 12})
    second = duties.begin_run(connection, "health", "me", NOW + 2 * MINUTE)
    duties.begin_run(connection, "report", "me", NOW)
    newest = duties.last_run(connection, "health")
    assert newest is not None
    assert (newest.id, newest.outcome, newest.finished_at, newest.result) == (second, None, None, None)
    ended = duties.runs(connection, "health", 9)[1]
    assert (ended.outcome, ended.finished_at, ended.result) == ("healthy", stamp(NOW + MINUTE), {"jobs": 12})


def test_workers_are_known_while_they_live(connection: Connection) -> None:
    duties.beat(connection, "me", {"inngest": 2}, NOW)
    duties.beat(connection, "me", {"inngest": 3}, NOW + MINUTE)
    duties.beat(connection, "you", {}, NOW)
    duties.say_goodbye(connection, "you", NOW + 2 * MINUTE)
    rows = {row.holder: row for row in connection.execute(select(WORKERS))}
    mine = rows["me"]
    assert (mine.lanes, mine.started_at, mine.seen_at) == ({"inngest": 3}, stamp(NOW), stamp(NOW + MINUTE))
    assert (mine.stopped_at, rows["you"].stopped_at) == (None, stamp(NOW + 2 * MINUTE))
    assert duties.forget_workers(connection, NOW + 2 * MINUTE) == 1
    assert list(connection.scalars(select(WORKERS.c.holder))) == ["you"]
    assert duties.forget_workers(connection, NOW + timedelta(days=1)) == 1


def test_runs_of_duties_are_forgotten_the_oldest_first(connection: Connection) -> None:
    for days in range(5):
        duties.begin_run(connection, "sweep", "me", NOW + timedelta(days=days))
    assert duties.forget_runs(connection, NOW + timedelta(days=3), 2) == 2
    assert duties.forget_runs(connection, NOW + timedelta(days=3), 9) == 1
    assert duties.forget_runs(connection, NOW + timedelta(days=3), 9) == 0
    assert [run.started_at for run in duties.runs(connection, "sweep", 9)] == [
        stamp(NOW + timedelta(days=days)) for days in (4, 3)
    ]
