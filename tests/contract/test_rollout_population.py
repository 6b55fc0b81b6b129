from collections import Counter
from collections.abc import Iterable

import pytest
from sqlalchemy import text

from progressive_capture.domain.categories import Category
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.gates import Gate
from progressive_capture.domain.rollout import Strategy
from progressive_capture.queue.openings import category_of, doors
from progressive_capture.queue.terms import Terms
from progressive_capture.rollout import manage
from progressive_capture.rollout.population import categorize_all, eligibility, mark_as_test, population
from progressive_capture.rollout.stop import emergency_stop
from progressive_capture.store.database import Database
from tests.contract.rollout_rows import ME, all_looked_up, looked_up, repositories, rollout_of
from tests.contract.store_rows import HOST
from tests.contract.test_store_jobs import NOW

MANY = 2_000


def let_in(database: Database, numbers: Iterable[int]) -> set[int]:
    """Return who is eligible, as `eligibility` tells of each, which reads all settings anew."""
    with database.reading() as connection:
        decided = doors(connection, Terms(), NOW)
        openings = {each: decided.openings(each, category_of(connection, HOST, each)) for each in numbers}
    return {number for number, opening in openings.items() if opening.eligibility.eligible}


def test_nobody_but_the_whitelisted_is_in_at_nought(database: Database) -> None:
    repositories(database, 300)
    rollout = rollout_of(database)
    manage.add_to_whitelist(rollout, [7, 8], ME)
    manage.set_percentage(rollout, 0, ME)
    found = population(rollout)
    assert (found.repositories, found.eligible) == (300, 2)
    assert found.gates["whitelist"].eligible == 2
    manage.roll_back(rollout, 0, ME)
    assert population(rollout).eligible == 0
    manage.set_percentage(rollout, 100, ME)
    manage.exclude(rollout, [7], ME)
    assert (population(rollout).eligible, eligibility(rollout, 7).gate) == (299, Gate.EXCLUDED)


def test_a_percentage_is_that_share_of_many(database: Database) -> None:
    repositories(database, MANY)
    rollout = rollout_of(database)
    for percentage in (5, 33, 90):
        manage.set_percentage(rollout, percentage, ME)
        share = 100 * population(rollout).eligible / MANY
        assert share == pytest.approx(percentage, abs=4.5)  # four standard deviations of 2,000 draws


def test_a_strategy_by_size_admits_by_category_and_counts_what_decisions_say(database: Database) -> None:
    for number, stars in enumerate((0, 40, 400, 4_000, 40_000), 1):
        looked_up(database, number, stars=stars, pull_requests_total=10)
    looked_up(database, 6, pull_requests_total=None)
    rollout = rollout_of(database)
    found = categorize_all(rollout)
    assert found.categories == dict.fromkeys([*Category, "unknown"], 1)
    assert (found.repositories, found.changed, categorize_all(rollout).changed) == (6, 6, 0)
    manage.set_strategy(rollout, Strategy.REPOSITORY_SIZE, ME)
    eligible = []
    # Six repositories, of which the largest and the one that nobody knows count as enterprise.
    for percentage in (0, 100 / 6, 200 / 6, 50, 400 / 6, 100):
        manage.set_percentage(rollout, percentage, ME)
        told = population(rollout)
        assert told.eligible == sum(eligibility(rollout, number).eligible for number in range(1, 7))
        eligible.append({name for name, share in told.categories.items() if share.eligible})
    names = [category.value for category in Category]
    assert eligible[:-1] == [set(names[:count]) for count in range(5)]
    assert eligible[-1] == {*names, "unknown"}


@pytest.mark.parametrize("stars", [(0,), (40_000,), (0, 40, 400, 4_000, 40_000)])
def test_by_size_a_percentage_is_that_share_of_any_fleet(database: Database, stars: tuple[int, ...]) -> None:
    fleet = {number: {"stars": stars[number % len(stars)], "pull_requests_total": 10} for number in range(1, 101)}
    all_looked_up(database, fleet)
    rollout = rollout_of(database)
    categorize_all(rollout)
    manage.set_strategy(rollout, Strategy.REPOSITORY_SIZE, ME)
    seen: set[int] = set()
    for percentage in (5, 33, 90):
        manage.set_percentage(rollout, percentage, ME)
        inside = let_in(database, fleet)
        assert len(inside) == pytest.approx(percentage, abs=19)  # four standard deviations of a part's draws
        assert seen <= inside
        seen = inside


def test_whoever_is_tracked_later_takes_nobody_out(database: Database) -> None:
    all_looked_up(database, {number: {"stars": 400, "pull_requests_total": 10} for number in range(1, 41)})
    rollout = rollout_of(database)
    categorize_all(rollout)
    manage.set_strategy(rollout, Strategy.REPOSITORY_SIZE, ME)
    manage.set_percentage(rollout, 40, ME)
    before = let_in(database, range(1, 41))
    all_looked_up(database, {number: {"stars": 0, "pull_requests_total": 1} for number in range(41, 101)})
    categorize_all(rollout)
    assert before == let_in(database, range(1, 41))
    manage.set_percentage(rollout, 45, ME)
    assert before <= let_in(database, range(1, 41))
    assert manage.set_percentage(rollout, 45, ME).is_changed is False


def test_shares_are_remembered_by_a_stop_and_not_those_of_another_percentage(database: Database) -> None:
    stars = {number: 40 if number % 2 else 40_000 for number in range(1, 41)}
    all_looked_up(database, {number: {"stars": each, "pull_requests_total": 10} for number, each in stars.items()})
    rollout = rollout_of(database)
    categorize_all(rollout)
    manage.set_strategy(rollout, Strategy.REPOSITORY_SIZE, ME)
    manage.set_percentage(rollout, 50, ME)
    half = population(rollout).categories
    assert {name: share.eligible for name, share in half.items()} == {"small": 20, "enterprise": 0}
    with database.transaction() as connection:
        connection.execute(text("UPDATE rollout_configuration SET rollout_percentage = 60"))
    assert population(rollout).categories["enterprise"].eligible > 0
    manage.set_percentage(rollout, 50, ME)
    emergency_stop(rollout, lambda _: 0, ME)
    manage.set_percentage(rollout, 0, ME)
    manage.set_percentage(rollout, 50, ME)
    manage.resume(rollout, ME)
    assert population(rollout).categories == half


def test_statistics_agree_with_what_submissions_decide(database: Database) -> None:
    totals = {number: None if number % 9 == 0 else 20 * number for number in range(1, 41)}
    fleet = {each: {"stars": 3 * 4 ** (each % 7), "pull_requests_total": total} for each, total in totals.items()}
    all_looked_up(database, fleet)
    rollout = rollout_of(database)
    manage.set_strategy(rollout, Strategy.REPOSITORY_SIZE, ME)
    manage.exclude(rollout, [4, 5], ME)
    for percentage, reckoned in ((0, False), (33, False), (33, True), (60, True), (90, True), (100, True)):
        if reckoned:
            categorize_all(rollout)
        manage.set_percentage(rollout, percentage, ME)
        told = population(rollout)
        with database.reading() as connection:
            decided = doors(connection, Terms(), NOW)
            answers = [
                decided.openings(number, category_of(connection, HOST, number)).eligibility for number in range(1, 41)
            ]
        assert (told.repositories, told.eligible) == (40, sum(answer.eligible for answer in answers))
        assert {name: share.repositories for name, share in told.gates.items()} == Counter(
            answer.gate.value for answer in answers
        )
        # Each reads all settings anew: the first nine are of each size, two are excluded and one is unknown.
        assert answers[:9] == [eligibility(rollout, number) for number in range(1, 10)]


def test_a_mark_set_by_hand_is_a_change_and_survives_reckoning(database: Database) -> None:
    looked_up(database, 1, stars=40_000)
    rollout = rollout_of(database)
    categorize_all(rollout)
    marked = mark_as_test(rollout, [1], ME)
    assert (marked.marked, marked.version) == ((1,), 1)
    assert categorize_all(rollout_of(database)).categories == {}
    newest = manage.history(rollout)[0]
    assert (newest.action, newest.evidence) == ("mark as test", {"repositories": [1]})
    assert population(rollout).categories["test"].repositories == 1
    assert mark_as_test(rollout, [1], ME).marked == ()
    assert len(manage.history(rollout)) == 1
    assert mark_as_test(rollout, [1], ME, is_test=False).marked == (1,)
    assert population(rollout).categories["enterprise"].repositories == 1
    with pytest.raises(UsageError, match="No repository of id 9"):
        mark_as_test(rollout, [1, 9], ME)
    assert population(rollout).categories["enterprise"].repositories == 1
