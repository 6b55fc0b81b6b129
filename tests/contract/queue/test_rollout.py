"""The rollout's row: versions, history, lost updates, plain SQL, and the outcomes that judge it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text

from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import Counters, Outcome
from progressive_capture.domain.rollout import FEATURE, RolloutRow, Strategy
from progressive_capture.domain.rollout_changes import (
    resuming,
    rolling_back,
    setting_percentage,
    stopping,
    whitelisting,
)
from progressive_capture.domain.verdict import Outcomes
from progressive_capture.store import jobs, rollout
from progressive_capture.store.database import Database
from progressive_capture.store.errors import StoreError
from progressive_capture.store.jobs import Settling
from progressive_capture.store.rollout import Change, Changed, InvalidList
from progressive_capture.store.tables import JOB_METRICS
from tests.contract.queue.rows import MINUTE, NOW, claimed, fail

CHANGE = Change("set", "operator", "a try", NOW, {"jobs": 12})


def changed(connection: Connection, values: dict[str, Any], at: int = 0) -> RolloutRow:
    return rollout.change(connection, at, values, CHANGE)


def test_without_a_row_everything_is_left_open(connection: Connection) -> None:
    assert rollout.read(connection) == RolloutRow()
    assert rollout.history(connection, 9) == []


def test_every_change_raises_the_version_and_tells_who_and_why(connection: Connection) -> None:
    """Invariant I9."""
    first = changed(connection, {"rollout_percentage": 25.0})
    assert (first.version, first.rollout_percentage, first.changed_by) == (1, 25.0, "operator")
    second = rollout.change(
        connection, 1, whitelisting(first, [9, 7]), Change("whitelist", "you", "they asked", NOW + MINUTE)
    )
    assert (second.version, second.target_repositories) == (2, frozenset({7, 9}))
    newest, oldest = rollout.history(connection, 9)
    assert (oldest.version, oldest.action, oldest.who, oldest.evidence) == (1, "set", "operator", {"jobs": 12})
    assert (oldest.before, oldest.after["rollout_percentage"]) == (None, 25)
    assert (newest.version, newest.reason, newest.evidence) == (2, "they asked", None)
    assert newest.before is not None
    assert (newest.before["target_repositories"], newest.after["target_repositories"]) == ([], [7, 9])
    assert (newest.before["is_active"], newest.after["emergency_stop"]) == (True, False)
    assert newest.at == second.changed_at
    assert rollout.history(connection, 9, before=newest.id) == [oldest]


@pytest.mark.parametrize("expected", [0, 1, 3, 99])
def test_who_read_another_version_is_told_and_changes_nothing(connection: Connection, expected: int) -> None:
    changed(connection, {"rollout_percentage": 25.0})
    changed(connection, {"rollout_percentage": 50.0}, at=1)
    with pytest.raises(Changed, match=f"version 2, not {expected}"):
        changed(connection, {"rollout_percentage": 75.0}, at=expected)
    assert rollout.read(connection).rollout_percentage == 50.0


def test_a_plain_update_counts_and_is_recorded(connection: Connection) -> None:
    """Invariant I9."""
    before = changed(connection, {"rollout_percentage": 25.0})
    connection.execute(text("UPDATE rollout_configuration SET rollout_percentage = 33, version = 99, changed_by = 'x'"))
    row = rollout.read(connection)
    assert (row.version, row.rollout_percentage, row.changed_by) == (2, 33.0, "sql")
    assert row.changed_at is not None
    assert abs(datetime.fromisoformat(row.changed_at) - datetime.now(UTC)) < timedelta(hours=1)
    newest = rollout.history(connection, 1)[0]
    assert (newest.version, newest.who, newest.action) == (2, "sql", "sql")
    assert (newest.reason, newest.evidence) == ("changed outside the program", None)
    assert newest.before is not None
    assert (newest.before["rollout_percentage"], newest.after["rollout_percentage"]) == (25, 33)
    with pytest.raises(Changed):
        changed(connection, {"rollout_percentage": 50.0}, at=before.version)
    assert changed(connection, {"rollout_percentage": 50.0}, at=2).version == 3


def test_a_version_is_never_lowered_by_hand(connection: Connection) -> None:
    changed(connection, {})
    connection.execute(text("UPDATE rollout_configuration SET version = 1"))
    connection.execute(text("UPDATE rollout_configuration SET version = 1"))
    assert rollout.read(connection).version == 3
    assert [row.version for row in rollout.history(connection, 9)] == [3, 2, 1]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM rollout_configuration",
        "DELETE FROM rollout_history",
        "UPDATE rollout_history SET who = 'somebody else'",
        "UPDATE rollout_configuration SET rollout_percentage = 101",
        "UPDATE rollout_configuration SET rollout_percentage = -1",
        "UPDATE rollout_configuration SET max_error_rate = 100.5",
        "UPDATE rollout_configuration SET monitoring_window_hours = 0",
        "UPDATE rollout_configuration SET rollout_strategy = 'luck'",
        "UPDATE rollout_configuration SET target_repositories = '[1,'",
    ],
)
def test_what_would_spoil_the_record_is_refused(database: Database, statement: str) -> None:
    with database.transaction() as connection:
        changed(connection, {"rollout_percentage": 25.0})
    with pytest.raises(StoreError), database.transaction() as connection:
        connection.execute(text(statement))
    with database.reading() as connection:
        assert rollout.read(connection).version == len(rollout.history(connection, 9)) == 1


@pytest.mark.parametrize("stored", ['["7"]', "{}", "[true]", "7"])
def test_a_list_that_is_none_is_told(connection: Connection, stored: str) -> None:
    changed(connection, {})
    connection.execute(text(f"UPDATE rollout_configuration SET target_repositories = '{stored}'"))  # noqa: S608 - ours
    with pytest.raises(InvalidList, match="target_repositories"):
        rollout.read(connection)


def test_every_change_of_the_domain_fits_the_row(connection: Connection) -> None:
    row = changed(connection, dict(setting_percentage(RolloutRow(), 33.33, Strategy.REPOSITORY_SIZE)))
    row = changed(connection, dict(whitelisting(row, [5])), at=row.version)
    row = changed(connection, dict(stopping(row)), at=row.version)
    assert (row.emergency_stop, row.before_stop is not None) == (True, True)
    row = changed(connection, dict(rolling_back(row, NOW)), at=row.version)
    assert (row.whitelist_closed, row.rolled_back_at is not None) == (True, True)
    row = changed(connection, dict(resuming(row)), at=row.version)
    assert (row.emergency_stop, row.before_stop, row.rollout_percentage) == (False, None, 0.0)
    assert (row.rollout_strategy, row.target_repositories) == (Strategy.REPOSITORY_SIZE, frozenset({5}))
    resumed = rollout.history(connection, 1)[0]
    assert resumed.after["before_stop"] is None
    assert resumed.before is not None
    assert resumed.before["rolled_back_at"] == row.rolled_back_at


def test_features_know_nothing_of_each_other(connection: Connection) -> None:
    changed(connection, {"rollout_percentage": 25.0})
    other = rollout.change(connection, 0, {"rollout_percentage": 1.0}, CHANGE, feature="another")
    assert (other.feature_name, other.version, other.rollout_percentage) == ("another", 1, 1.0)
    assert rollout.read(connection, FEATURE).rollout_percentage == 25.0
    assert len(rollout.history(connection, 9, feature="another")) == 1


def test_outcomes_are_those_of_the_window_and_of_the_rollout(connection: Connection) -> None:
    jobs.settle_shard(connection, claimed(connection).claim, Outcome.COMPLETED, None, NOW)
    jobs.settle_shard(connection, claimed(connection, is_eligible=False).claim, Outcome.COMPLETED, None, NOW)
    fail(connection, claimed(connection), error_class=ErrorClass.TIMEOUT, settling=Settling(random=0.9))
    fail(connection, claimed(connection), error_class=ErrorClass.DENIED)
    jobs.cancel(connection, claimed(connection).job.id, NOW, who="operator")
    old = claimed(connection)
    jobs.settle_shard(connection, old.claim, Outcome.COMPLETED, None, NOW - MINUTE)
    connection.execute(JOB_METRICS.update().where(JOB_METRICS.c.job_id == old.job.id).values(peak_memory_bytes=99))
    since = NOW
    assert rollout.outcomes(connection, since) == Outcomes(successes=1, errors=1, uncounted=2, timed_out=1)
    assert rollout.outcomes(connection, since, eligible=False) == Outcomes(successes=1, errors=0)
    assert rollout.outcomes(connection, since, eligible=None).successes == 2
    assert rollout.outcomes(connection, NOW - MINUTE).peak_memory_bytes == 99
    assert rollout.outcomes(connection, NOW + MINUTE) == Outcomes(successes=0, errors=0)


def test_cohorts_hold_what_their_comparison_needs(connection: Connection) -> None:
    for seconds in (1, 3):
        taken = claimed(connection)
        work = Counters(busy_ms=seconds * 1_000, points=seconds * 10)
        jobs.write_checkpoint(connection, taken.claim, "all", work, NOW + MINUTE)
        jobs.settle_shard(connection, taken.claim, Outcome.COMPLETED, None, NOW)
    inside = rollout.cohort(connection, NOW, eligible=True)
    assert (inside.successes, inside.errors) == (2, 0)
    assert inside.seconds is not None
    assert inside.points is not None
    assert (inside.seconds.count, inside.seconds.mean, inside.seconds.variance) == (2, 2.0, 2.0)
    assert (inside.points.mean, inside.points.variance) == (20.0, 200.0)
    outside = rollout.cohort(connection, NOW, eligible=False)
    assert outside == (0, 0, None, None, None)
