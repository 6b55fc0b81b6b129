"""The one retry layer's decision: full jitter within doubling bounds, ended by attempts and by time."""

from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.github.retry import RetryPolicy


@given(attempt=st.integers(1, 4), chance=st.floats(0, 1, exclude_max=True))
def test_pauses_are_random_parts_of_a_bound_that_doubles(attempt: int, chance: float) -> None:
    pause = RetryPolicy().pause(attempt, 0, lambda: chance)
    assert pause is not None
    assert 0 <= pause <= min(16, 2 ** (attempt - 1))


def test_the_bound_itself_is_bounded() -> None:
    assert RetryPolicy(attempts=50, seconds=1e9).pause(40, 0, lambda: 1.0) == 16.0


def test_attempts_and_time_end_it() -> None:
    policy = RetryPolicy(attempts=3, seconds=10)
    assert policy.pause(3, 0, lambda: 0.0) is None
    assert policy.pause(1, 9.6, lambda: 0.5) is None
    assert policy.pause(1, 9.4, lambda: 0.5) == 0.5
