import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.rollout import Origin, Strategy
from progressive_capture.rollout import manage
from progressive_capture.rollout.rollout import By, Rollout, Written
from progressive_capture.store.database import Database
from progressive_capture.store.rollout import Changed
from tests.contract.rollout_rows import ME, looked_up, rollout_of


@pytest.fixture
def rollout(database: Database) -> Rollout:
    for number in (1, 2, 3):
        looked_up(database, number)
    return rollout_of(database)


def test_a_fresh_rollout_is_worked_out_at_each_decision(database: Database) -> None:
    here = manage.in_force(rollout_of(database))
    assert (here.percentage, here.strategy, here.version) == (100, Strategy.PERCENTAGE, 0)
    assert manage.in_force(rollout_of(database, lanes_local=False)).percentage == 10
    told = manage.in_force(rollout_of(database, rollout_percentage=40.0, emergency_stop=True))
    assert (told.percentage, told.origins["percentage"]) == (40, Origin.ENVIRONMENT)
    assert told.stopped_by == (Origin.ENVIRONMENT,)


def test_every_change_is_told_with_who_and_why(rollout: Rollout) -> None:
    steps: list[tuple[str, Written]] = [
        ("set percentage", manage.set_percentage(rollout, 33, ME)),
        ("set strategy", manage.set_strategy(rollout, Strategy.REPOSITORY_SIZE, ME)),
        ("whitelist", manage.add_to_whitelist(rollout, [3, 1], ME)),
        ("unlist", manage.remove_from_whitelist(rollout, [3], ME)),
        ("exclude", manage.exclude(rollout, [2], ME)),
        ("readmit", manage.readmit(rollout, [2], ME)),
        ("disable auto rollback", manage.set_auto_rollback(rollout, ME, enabled=False)),
        ("rollback", manage.roll_back(rollout, 5, By("ops", "errors"))),
    ]
    assert [written.after.version for _, written in steps] == list(range(1, 9))
    assert all(written.is_changed and written.action == action for action, written in steps)
    rows = manage.history(rollout)
    assert [(row.version, row.action) for row in rows] == [(8 - at, step[0]) for at, step in enumerate(steps[::-1])]
    assert (rows[0].who, rows[0].reason, rows[-1].who) == ("ops", "errors", "me")
    assert rows[0].before is not None
    assert (rows[0].before["rollout_percentage"], rows[0].after["rollout_percentage"]) == (33, 5)
    assert [row.version for row in manage.history(rollout, before=rows[2].id, limit=2)] == [5, 4]
    now = manage.in_force(rollout)
    assert (now.percentage, now.strategy, now.whitelist, now.excluded) == (5, Strategy.REPOSITORY_SIZE, (1,), ())
    assert (now.auto_rollback, now.whitelist_closed) == (False, True)


def test_what_is_so_already_is_not_called_a_change(rollout: Rollout) -> None:
    manage.add_to_whitelist(rollout, [1], ME)
    for again in (
        manage.add_to_whitelist(rollout, [1], ME),
        manage.remove_from_whitelist(rollout, [2, 99], ME),
        manage.readmit(rollout, [1], ME),
        manage.resume(rollout, ME),
    ):
        assert (again.is_changed, again.after.version) == (False, 1)
    assert len(manage.history(rollout)) == 1


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (lambda it: manage.set_percentage(it, 101, ME), "between 0 and 100, and 101 does not"),
        (lambda it: manage.set_percentage(it, float("nan"), ME), "between 0 and 100"),
        (lambda it: manage.add_to_whitelist(it, [1, 99], ME), "No repository of id 99"),
        (lambda it: manage.exclude(it, [99], ME), "No repository of id 99"),
        (lambda it: manage.add_to_whitelist(it, [], ME), "at least one repository"),
        (lambda it: manage.remove_from_whitelist(it, [0], ME), "at least one repository"),
        (lambda it: manage.set_percentage(it, 5, By("me", " ")), "give a reason"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_written(
    rollout: Rollout, refused: Callable[[Rollout], Any], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        refused(rollout)
    assert manage.history(rollout) == []


def test_a_rollback_only_goes_down(rollout: Rollout) -> None:
    manage.set_percentage(rollout, 25, ME)
    with pytest.raises(UsageError, match="at 25 %: to go up to 50 %, set the percentage"):
        manage.roll_back(rollout, 50, ME)
    assert manage.roll_back(rollout, 0, ME).after.whitelist_closed
    assert not manage.set_percentage(rollout, 10, ME).after.whitelist_closed


def test_whoever_decided_on_an_older_version_is_told(rollout: Rollout) -> None:
    seen = manage.in_force(rollout).version
    manage.set_percentage(rollout, 25, ME, expected=seen)
    with pytest.raises(Changed, match=r"at version 1, not 0.*look at it again"):
        manage.set_percentage(rollout, 75, ME, expected=seen)
    assert manage.in_force(rollout).percentage == 25


def test_a_change_by_plain_sql_counts_and_is_told(rollout: Rollout) -> None:
    """Invariant I9: the version rises, and history has a row, whoever changes it."""
    manage.set_percentage(rollout, 25, ME)
    with rollout.database.transaction() as connection:
        connection.execute(text("UPDATE rollout_configuration SET emergency_stop = true"))
    assert manage.in_force(rollout).stopped_by == (Origin.DATABASE,)
    assert (manage.history(rollout)[0].who, manage.history(rollout)[0].version) == ("sql", 2)
    with pytest.raises(Changed):
        manage.set_percentage(rollout, 50, ME, expected=1)


@pytest.mark.parametrize("expected", [None, 1], ids=["as it is", "as both saw it"])
def test_two_writers_at_once_lose_no_update(tables_url: str, rollout: Rollout, expected: int | None) -> None:
    """Each adds a repository of its own to the whitelist, on a connection of its own, at the same moment."""
    manage.set_percentage(rollout, 50, ME)
    start = threading.Barrier(2)
    lost: list[str] = []

    def write(repository_id: int) -> None:
        database = Database.open(tables_url)
        start.wait()
        try:
            manage.add_to_whitelist(rollout_of(database), [repository_id], ME, expected=expected)
        except Changed as refusal:
            lost.append(str(refusal))
        finally:
            database.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = 2 - len(lost)
    assert len(manage.in_force(rollout).whitelist) == written
    assert len(manage.history(rollout)) == 1 + written
    assert all("Somebody else has changed the rollout meanwhile" in each for each in lost)
    assert len(lost) == 1 if expected else len(lost) <= 1
