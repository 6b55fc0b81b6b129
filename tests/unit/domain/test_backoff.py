"""Waits stay between nothing and their bound, and the bound doubles until its cap."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.backoff import BASE, CAP, LOST_CAP, after_loss, full_jitter

ALMOST_ONE = 1 - 2**-53
RANDOM = st.floats(0, 1, exclude_max=True)


@given(st.integers(-5, 10**9), RANDOM)
def test_a_wait_is_never_negative_and_never_beyond_its_cap(failures: int, random: float) -> None:
    assert timedelta() <= full_jitter(failures, random) <= CAP
    assert timedelta() <= after_loss(failures, random) <= LOST_CAP


@pytest.mark.parametrize(("failures", "minutes"), [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (100, 60)])
def test_the_bound_doubles_with_each_failure(failures: int, minutes: int) -> None:
    longest = full_jitter(failures, ALMOST_ONE)
    assert timedelta(minutes=minutes) - longest < timedelta(microseconds=2)
    assert full_jitter(failures, 0.5) == timedelta(minutes=minutes) / 2
    assert full_jitter(failures, 0) == timedelta()


def test_a_base_beyond_the_cap_is_cut_too() -> None:
    assert full_jitter(1, 0.5, base=2 * CAP, cap=CAP) == CAP / 2
    assert full_jitter(1, 0.5) == BASE / 2


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 5), (2, 10), (6, 160), (7, 300)])
def test_a_lost_runner_costs_seconds(attempt: int, seconds: int) -> None:
    assert after_loss(attempt, 0.5) == timedelta(seconds=seconds) / 2
