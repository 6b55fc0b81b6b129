"""Intervals by trigger, shortened for incomplete and for active repositories."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.jobs import Trigger
from progressive_capture.domain.throttle import INTERVAL, SHORTEST, Freshness, throttled

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FRESHNESS = st.builds(
    Freshness,
    st.timedeltas(timedelta(days=-30), timedelta(days=2)).map(lambda age: NOW + age),
    st.sampled_from([None, True, False]),
    st.one_of(st.none(), st.floats(0, allow_nan=False)),
)


@pytest.mark.parametrize(
    ("trigger", "interval"),
    [
        (Trigger.MANUAL, timedelta(minutes=5)),
        (Trigger.AUTOMATIC, timedelta(hours=4)),
        (Trigger.SCHEDULED, timedelta(hours=24)),
    ],
)
def test_each_trigger_has_its_interval(trigger: Trigger, interval: timedelta) -> None:
    early = throttled(trigger, Freshness(NOW - interval + SECOND), NOW)
    assert early is not None
    assert early.until == NOW + SECOND
    assert throttled(trigger, Freshness(NOW - interval), NOW) is None
    assert throttled(trigger, None, NOW) is None


@given(FRESHNESS)
def test_webhooks_and_repairs_are_served_at_once(last: Freshness) -> None:
    assert throttled(Trigger.WEBHOOK, last, NOW) is None
    assert throttled(Trigger.REPAIR, last, NOW) is None
    assert {Trigger.WEBHOOK, Trigger.REPAIR} == set(Trigger) - set(INTERVAL)


@given(st.sampled_from(sorted(INTERVAL)), FRESHNESS)
def test_no_throttle_is_longer_than_its_trigger_s(trigger: Trigger, last: Freshness) -> None:
    again = throttled(trigger, last, NOW)
    if again is not None:
        assert NOW < again.until <= NOW + INTERVAL[trigger]
        if last.completed_at <= NOW:
            assert throttled(trigger, last, again.until) is None


@pytest.mark.parametrize("trigger", sorted(INTERVAL))
def test_an_incomplete_repository_waits_five_minutes_at_most(trigger: Trigger) -> None:
    ago = NOW - timedelta(minutes=5)
    assert throttled(trigger, Freshness(ago, is_complete=False), NOW) is None
    assert throttled(trigger, Freshness(ago + SECOND, is_complete=False), NOW) is not None


@pytest.mark.parametrize(
    ("changes_a_day", "minutes"), [(80, 180), (240, 60), (10_000, 5), (10, 24 * 60), (0.001, 24 * 60), (0, 24 * 60)]
)
def test_an_active_repository_is_served_before_many_changes_pile_up(changes_a_day: float, minutes: int) -> None:
    interval = timedelta(minutes=minutes)
    last = Freshness(NOW - interval, is_complete=True, changes_a_day=changes_a_day)
    assert throttled(Trigger.SCHEDULED, last, NOW) is None
    again = throttled(Trigger.SCHEDULED, Freshness(NOW - interval + SECOND, None, changes_a_day), NOW)
    assert again is not None
    assert interval >= SHORTEST


def test_a_refusal_says_when_and_why() -> None:
    last = Freshness(NOW - timedelta(minutes=10), is_complete=True, changes_a_day=160)
    again = throttled(Trigger.SCHEDULED, last, NOW)
    assert again is not None
    assert again.why == (
        "The same was completed at 2026-03-01 11:50:00 UTC; a repository as active as this is served every 1 h 30 min."
    )
    plain = throttled(Trigger.AUTOMATIC, Freshness(NOW), NOW)
    assert plain is not None
    assert plain.why.endswith("such requests are served every 4 h.")
    incomplete = throttled(Trigger.SCHEDULED, Freshness(NOW, is_complete=False), NOW)
    assert incomplete is not None
    assert incomplete.why.endswith("an incomplete repository is served every 5 min.")


def test_a_completion_in_the_future_throttles_no_longer_than_one_now() -> None:
    again = throttled(Trigger.MANUAL, Freshness(NOW + timedelta(days=1)), NOW)
    assert again is not None
    assert again.until == NOW + timedelta(minutes=5)
