"""Tracked repositories and how large they are."""

from sqlalchemy import Connection

from progressive_capture.domain.categories import Category, Sizes
from progressive_capture.domain.scope import stamp
from progressive_capture.store import categories, tracking
from progressive_capture.store.tracking import Tracked, Tracking
from tests.contract.queue.rows import MINUTE, NOW
from tests.contract.store_rows import HOST

SMALL = Sizes(stars=10, contributors=3, pull_requests=40)


def test_the_first_day_is_never_forgotten(connection: Connection) -> None:
    assert tracking.track(connection, HOST, 7, "octo/hello", NOW, who="me")
    assert not tracking.track(connection, HOST, 7, "octo/hello", NOW + MINUTE)
    assert tracking.set_state(connection, HOST, 7, Tracking.UNTRACKED, NOW + MINUTE)
    assert not tracking.set_state(connection, HOST, 7, Tracking.UNTRACKED, NOW + 2 * MINUTE)
    assert tracking.track(connection, HOST, 7, "octo/hello", NOW + 3 * MINUTE, who="you")
    again = (stamp(NOW), stamp(NOW + 3 * MINUTE), "you")
    assert tracking.find(connection, HOST, 7) == Tracked(HOST, 7, "octo/hello", Tracking.ACTIVE, *again)


def test_a_new_name_is_kept_without_a_new_promise(connection: Connection) -> None:
    tracking.track(connection, HOST, 7, "octo/hello", NOW)
    assert not tracking.track(connection, HOST, 7, "octo/world", NOW + MINUTE)
    found = tracking.find(connection, HOST, 7)
    assert found is not None
    assert (found.repository_name, found.first_tracked_at) == ("octo/world", stamp(NOW))


def test_nothing_is_paused_that_was_never_tracked(connection: Connection) -> None:
    assert not tracking.set_state(connection, HOST, 7, Tracking.PAUSED, NOW)
    assert tracking.find(connection, HOST, 7) is None


def test_pages_are_by_name(connection: Connection) -> None:
    for number, name in enumerate(["octo/c", "octo/a", "octo/b", "octo/b"]):
        tracking.track(connection, HOST, number + 1, name, NOW)
    tracking.set_state(connection, HOST, 1, Tracking.PAUSED, NOW)
    first = tracking.page_of_tracked(connection, HOST, state=None, after=None, size=2)
    rest = tracking.page_of_tracked(connection, HOST, state=None, after=first[-1], size=9)
    assert [each.repository_id for each in first + rest] == [2, 3, 4, 1]
    (paused,) = tracking.page_of_tracked(connection, HOST, state=Tracking.PAUSED, after=None, size=9)
    assert paused.repository_id == 1
    assert tracking.page_of_tracked(connection, HOST + 1, state=None, after=None, size=9) == []


def test_a_category_is_reckoned_from_what_github_counts(connection: Connection) -> None:
    assert categories.find(connection, HOST, 7) is None
    assert categories.save(connection, HOST, 7, SMALL, NOW) is Category.SMALL
    assert categories.save(connection, HOST, 7, Sizes(10, 3, 400), NOW + MINUTE) is Category.MEDIUM
    found = categories.find(connection, HOST, 7)
    assert found is not None
    assert (found.category, found.sizes, found.monthly_activity_score) == (Category.MEDIUM, Sizes(10, 3, 400), 53.0)
    assert found.categorized_at == stamp(NOW + MINUTE)


def test_what_is_not_known_is_not_zero(connection: Connection) -> None:
    assert categories.save(connection, HOST, 7, Sizes(None, None, None), NOW) is None
    assert categories.count(connection, HOST) == {None: 1}
    found = categories.find(connection, HOST, 7)
    assert found is not None
    assert (found.category, found.sizes, found.monthly_activity_score) == (None, Sizes(None, None, None), None)


def test_a_mark_set_by_hand_survives_every_reckoning(connection: Connection) -> None:
    categories.save(connection, HOST, 7, SMALL, NOW)
    categories.mark_as_test(connection, HOST, 7, NOW, is_test=True)
    assert categories.save(connection, HOST, 7, SMALL, NOW) is Category.TEST
    categories.mark_as_test(connection, HOST, 8, NOW, is_test=True)
    assert categories.count(connection, HOST) == {Category.TEST: 2}
    categories.mark_as_test(connection, HOST, 7, NOW, is_test=False)
    assert categories.count(connection, HOST) == {Category.TEST: 1, Category.SMALL: 1}


def test_what_was_reckoned_longest_ago_comes_first(connection: Connection) -> None:
    for number in (1, 2, 3, 4):
        tracking.track(connection, HOST, number, f"octo/r{number}", NOW)
    categories.save(connection, HOST, 1, SMALL, NOW + MINUTE)
    categories.save(connection, HOST, 2, SMALL, NOW)
    tracking.set_state(connection, HOST, 4, Tracking.UNTRACKED, NOW)
    assert categories.to_categorize(connection, HOST, NOW + MINUTE, 9) == [3, 2]
    assert categories.to_categorize(connection, HOST, NOW + 2 * MINUTE, 2) == [3, 2]
