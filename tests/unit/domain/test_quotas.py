"""The fullest bound decides, with what is under way counted in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.quotas import Level, Mode, Quota, Usage, standing

COUNT = st.integers(0, 10_000)
USAGE = st.builds(Usage, COUNT, COUNT, COUNT)
QUOTA = st.builds(Quota, *[st.one_of(st.none(), COUNT)] * 3, st.sampled_from(Mode))


@pytest.mark.parametrize(
    ("used", "expected", "level"),
    [
        (0, 0, Level.OK),
        (79, 0, Level.OK),
        (79, 1, Level.WARNING),
        (80, 0, Level.WARNING),
        (99, 0, Level.WARNING),
        (99, 1, Level.REACHED),
        (100, 0, Level.REACHED),
    ],
)
def test_eighty_percent_warns_and_all_of_it_is_reached(used: int, expected: int, level: Level) -> None:
    found = standing(Quota(runner_minutes=100), Usage(runner_minutes=used), Usage(runner_minutes=expected))
    assert found.level is level
    assert found.why == f"{used + expected} of 100 runner minutes of this month are used or under way."


@pytest.mark.parametrize(
    ("mode", "closes", "holds"), [(Mode.WAIT, False, True), (Mode.REROUTE, True, False), (Mode.ALLOW, False, False)]
)
def test_what_a_reached_quota_does_is_set(mode: Mode, closes: bool, holds: bool) -> None:  # noqa: FBT001 - parametrised
    reached = standing(Quota(executions=5, mode=mode), Usage(executions=5), Usage())
    assert (reached.closes, reached.holds) == (closes, holds)
    warned = standing(Quota(executions=5, mode=mode), Usage(executions=4), Usage())
    assert (warned.closes, warned.holds) == (False, False)


@given(QUOTA, USAGE, USAGE, USAGE)
def test_more_use_is_never_a_lower_level(quota: Quota, used: Usage, expected: Usage, more: Usage) -> None:
    order = list(Level)
    before, after = standing(quota, used, expected), standing(quota, used, expected + more)
    assert order.index(before.level) <= order.index(after.level)
    assert before.share <= after.share


def test_the_fullest_bound_speaks() -> None:
    quota = Quota(runner_minutes=100, executions=100, cost_micro_usd=100)
    found = standing(quota, Usage(10, 20, 95), Usage(0, 10, 0))
    assert (found.level, found.share) == (Level.WARNING, 0.95)
    assert found.why == "$0.000095 of $0.0001 of this month are used or under way."


def test_no_bound_is_never_reached_and_a_bound_of_nothing_always() -> None:
    without = standing(Quota(), Usage(10**9, 10**9, 10**9), Usage())
    assert (without.level, without.share, without.why) == (Level.OK, 0, "There is no quota.")
    assert standing(Quota(executions=0), Usage(), Usage()).level is Level.REACHED
