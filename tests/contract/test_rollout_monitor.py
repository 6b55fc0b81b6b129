import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.rollout import Strategy
from progressive_capture.domain.verdict import Health
from progressive_capture.rollout import manage, measure
from progressive_capture.rollout.monitor import Checked, check_health
from progressive_capture.rollout.progression import advance, readiness
from progressive_capture.store.database import Database
from progressive_capture.store.rollout import Changed
from tests.contract.insight_rows import add_job, ago, judge, settle
from tests.contract.rollout_rows import ME, looked_up, outcomes, rollout_of
from tests.contract.test_store_jobs import NOW


def test_failing_jobs_withdraw_the_rollout_with_their_evidence(database: Database) -> None:
    looked_up(database, 1)
    rollout = rollout_of(database)
    manage.add_to_whitelist(rollout, [1], ME)
    manage.set_percentage(rollout, 25, ME)
    outcomes(database, 10, 1)
    outcomes(database, 0, 5, at=ago(NOW, hours=25))
    outcomes(database, 0, 5, is_eligible=False)
    outcomes(database, 0, 5, counted=False)
    found = check_health(rollout)
    assert (found.verdict.health, found.done) == (Health.FAILING, "Rolled back to 0 %, and closed the whitelist.")
    assert (found.in_force.percentage, found.in_force.whitelist_closed, found.in_force.version) == (0, True, 3)
    newest = manage.history(rollout)[0]
    assert (newest.action, newest.who, newest.reason) == ("auto rollback", "monitor", found.verdict.reason)
    assert newest.evidence is not None
    assert newest.evidence == newest.evidence | {"successes": 10, "errors": 1, "uncounted": 5, "version": 2}
    assert newest.evidence["error_rate"] == pytest.approx(100 / 11)


@pytest.mark.parametrize(
    ("successes", "errors", "health"),
    [(0, 10, Health.INCONCLUSIVE), (0, 0, Health.INCONCLUSIVE), (19, 1, Health.HEALTHY), (18, 1, Health.FAILING)],
)
def test_only_more_errors_than_allowed_of_more_than_ten_jobs_roll_back(
    database: Database, successes: int, errors: int, health: Health
) -> None:
    outcomes(database, successes, errors)
    found = check_health(rollout_of(database))
    assert found.verdict.health is health
    assert (found.written is not None) is (health is Health.FAILING)
    assert (found.in_force.percentage == 0) is (health is Health.FAILING)


def test_what_cannot_be_measured_rolls_nothing_back(database: Database) -> None:
    rollout = rollout_of(database)
    manage.set_percentage(rollout, 25, ME)
    outcomes(database, 0, 20)
    with database.transaction() as connection:
        connection.execute(text("UPDATE rollout_configuration SET target_repositories = '[\"octo\"]'"))
    found = check_health(rollout)
    assert (found.verdict.health, found.written) == (Health.ERRORED, None)
    assert "no JSON array of numeric ids" in found.verdict.reason
    assert "could not be measured" in found.done
    assert manage.history(rollout)[0].after["rollout_percentage"] == 25


def test_a_monitor_that_may_not_act_says_so(database: Database) -> None:
    outcomes(database, 0, 20)
    rollout = rollout_of(database)
    manage.set_auto_rollback(rollout, ME, enabled=False)
    found = check_health(rollout)
    assert (found.verdict.health, found.written) == (Health.FAILING, None)
    assert "automatic rollback is disabled" in found.done
    assert check_health(rollout_of(database, auto_rollback_enabled=True)).written is None
    manage.set_auto_rollback(rollout, ME, enabled=True)
    manage.set_percentage(rollout, 0, ME)
    assert "nobody is in the rollout" in check_health(rollout).done


def test_what_led_to_a_rollback_is_not_held_against_what_follows(database: Database) -> None:
    outcomes(database, 0, 20)
    rollout = rollout_of(database)
    assert check_health(rollout).written is not None
    manage.set_percentage(rollout, 10, ME)
    assert check_health(rollout).verdict.health is Health.INCONCLUSIVE
    later = NOW + timedelta(minutes=5)
    outcomes(database, 0, 11, at=later)
    again = check_health(rollout_of(database, at=later))
    assert (again.verdict.health, again.written is not None) == (Health.FAILING, True)


def test_two_monitors_at_once_act_once(database: Database, tables_url: str) -> None:
    manage.set_percentage(rollout_of(database), 50, ME)
    outcomes(database, 0, 20)
    start = threading.Barrier(2)
    found: list[Checked] = []

    def monitor() -> None:
        own = Database.open(tables_url)
        start.wait()
        found.append(check_health(rollout_of(own)))
        own.close()

    threads = [threading.Thread(target=monitor) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.written is None for each in found) == [False, True]
    assert [row.action for row in manage.history(rollout_of(database))] == ["auto rollback", "set percentage"]
    assert all(each.in_force.percentage == 0 for each in found)


def test_a_monitor_leaves_settings_alone_that_changed_since_it_measured(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes(database, 0, 20)
    rollout = rollout_of(database)
    manage.set_percentage(rollout, 50, ME)
    original = Database.transaction

    def after_somebody_else(self: Database, **options: Any) -> Any:
        monkeypatch.setattr(Database, "transaction", original)
        manage.set_percentage(rollout, 10, ME)
        return original(self, **options)

    monkeypatch.setattr(Database, "transaction", after_somebody_else)
    found = check_health(rollout)
    assert (found.written, found.in_force.percentage) == (None, 10)
    assert "changed meanwhile" in found.done


def test_a_step_up_is_refused_with_every_reason(database: Database) -> None:
    rollout = rollout_of(database, lanes_local=False)
    refused = advance(rollout, ME)
    assert refused.written is None
    assert "Only 0 jobs finished" in refused.readiness.step.reasons[0]
    outcomes(database, 18, 2)
    with database.transaction() as connection:
        connection.execute(text("UPDATE job_metrics SET peak_memory_bytes = 7000000000"))
    refused = advance(rollout, ME)
    told = " ".join(refused.readiness.step.reasons)
    assert "error rate is 10.00 %, and must be below 5 %" in told
    assert "A runner used 6675 MiB" in told
    assert manage.history(rollout) == []


def test_each_step_is_earned_by_what_settled_at_the_one_before(database: Database) -> None:
    rollout = rollout_of(database, lanes_local=False)
    ready = readiness(rollout)
    assert (ready.percentage, ready.step.percentage) == (10, None)
    reached = []
    for hour in range(5):
        rollout = rollout_of(database, at=NOW + timedelta(hours=2 * hour), lanes_local=False)
        outcomes(database, 30, 1, at=NOW + timedelta(hours=2 * hour - 1))
        reached.append(advance(rollout, ME).written)
        again = advance(rollout, ME)
        assert again.written is None
    assert [written and written.after.percentage for written in reached] == [25, 50, 75, 100, None]
    newest = manage.history(rollout)[0]
    assert newest.evidence is not None
    assert (newest.action, newest.evidence["finished"]) == ("advance", 31)
    with pytest.raises(Changed):
        advance(rollout, ME, expected=1)


def test_what_settled_before_somebody_set_the_percentage_or_strategy_earns_no_step(database: Database) -> None:
    rollout = rollout_of(database, lanes_local=False)
    outcomes(database, 30, 0)
    manage.set_auto_rollback(rollout, ME, enabled=False)
    assert readiness(rollout).step.percentage == 25
    manage.set_strategy(rollout, Strategy.REPOSITORY_SIZE, ME)
    refused = readiness(rollout).step
    assert refused.percentage is None
    assert "Only 0 jobs finished" in refused.reasons[0]
    assert f"set at {NOW:%Y-%m-%d %H:%M} UTC" in refused.reasons[-1]
    later = rollout_of(database, at=NOW + timedelta(hours=2), lanes_local=False)
    outcomes(database, 30, 0, at=NOW + timedelta(hours=1))
    manage.set_auto_rollback(later, ME, enabled=True)
    assert readiness(later).step.percentage == 25


def test_after_a_rollback_there_is_no_step_for_the_window_but_by_hand(database: Database) -> None:
    rollout = rollout_of(database, lanes_local=False)
    manage.roll_back(rollout, 0, ME)
    soon, later = NOW + timedelta(hours=23), NOW + timedelta(hours=25)
    outcomes(database, 30, 0, at=NOW + timedelta(hours=22))
    refused = advance(rollout_of(database, at=soon, lanes_local=False), ME)
    assert refused.written is None
    assert "A rollback is too recent" in refused.readiness.step.reasons[0]
    assert advance(rollout_of(database, at=later, lanes_local=False), ME).written is not None


def test_cohorts_are_compared_with_intervals(database: Database) -> None:
    outcomes(database, 40, 0, average_processing_time=10.0, points=8, cost_usd=0.5)
    outcomes(database, 20, 20, average_processing_time=30.0, points=2, is_eligible=False)
    outcomes(database, 0, 9, average_processing_time=99.0, counted=False)
    with database.transaction() as connection:  # one that differs, so that there is a spread
        job_id = add_job(connection, NOW, processor=Processor.GITHUB_ACTIONS, route_rule="large")
        settle(connection, job_id, ago(NOW, hours=1), Processor.GITHUB_ACTIONS)
        judge(connection, job_id, ago(NOW, hours=1), average_processing_time=12.0, points=8)
    found = measure.metrics(rollout_of(database)).comparison
    assert (found.inside.successes, found.inside.errors, found.outside.success_rate) == (41, 0, 50)
    assert found.inside.success_interval is not None
    assert 90 < found.inside.success_interval.low < found.inside.success_interval.high == 100
    assert found.success_rate.is_clear
    assert found.success_rate.interval is not None
    assert 30 < found.success_rate.interval.low < 50 < found.success_rate.interval.high
    assert found.seconds.inside == pytest.approx(402 / 41 + 10 / 41)
    assert found.seconds.is_clear
    assert (found.points.inside, found.points.outside) == (8, 2)
    assert (found.cost_usd.inside, found.cost_usd.outside, found.cost_usd.interval) == (0.5, None, None)
