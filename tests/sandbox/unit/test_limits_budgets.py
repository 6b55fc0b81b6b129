"""Primary and secondary limits against their documented rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_sandbox.limits import CONCURRENT, MINUTE, SEARCH_POINTS, Budgets, Secondary
from github_sandbox.refusals import GRAPHQL_PRIMARY, GRAPHQL_SECONDARY, REST_PRIMARY, Rotation


def test_points_come_back_when_the_window_ends() -> None:
    budgets = Budgets(points=10, window=3_600)
    budgets.charge("a", "graphql", 7, now=1_000.0)
    assert budgets.rate("a", "graphql", None, now=1_001.0).remaining == 3
    assert budgets.rate("a", "graphql", None, now=1_001.0).reset == 4_600
    assert budgets.rate("a", "graphql", None, now=4_599.9).remaining == 3
    fresh = budgets.rate("a", "graphql", None, now=4_600.0)
    assert (fresh.remaining, fresh.used, fresh.reset) == (10, 0, 8_200)


def test_resources_and_principals_have_budgets_of_their_own() -> None:
    budgets = Budgets(points=10, window=60)
    budgets.charge("a", "graphql", 4, now=0.0)
    assert budgets.rate("a", "core", None, now=1.0).remaining == 10
    assert budgets.rate("b", "graphql", None, now=1.0).remaining == 10
    assert budgets.rate("a", "graphql", 100, now=1.0).remaining == 96


def test_search_has_its_own_minute() -> None:
    rate = Budgets(points=5_000, window=3_600).rate("a", "search", None, now=10.0)
    assert (rate.limit, rate.reset) == (SEARCH_POINTS, 70)


def test_a_timeout_is_paid_from_the_next_window() -> None:
    budgets = Budgets(points=10, window=60)
    budgets.owe("a", "graphql", 6, now=0.0)
    assert budgets.rate("a", "graphql", None, now=1.0).remaining == 10
    assert budgets.rate("a", "graphql", None, now=61.0).remaining == 4
    assert budgets.rate("a", "graphql", None, now=200.0).remaining == 10


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(1, 100))
def test_used_and_remaining_always_add_up_to_the_limit(costs: list[int], points: int) -> None:
    budgets = Budgets(points=points, window=60)
    for cost in costs:
        budgets.charge("a", "core", cost, now=5.0)
    rate = budgets.rate("a", "core", None, now=6.0)
    assert rate.used + rate.remaining == rate.limit
    assert rate.remaining == max(0, points - sum(costs))


def test_a_304_gives_its_point_back() -> None:
    budgets = Budgets(points=10, window=60)
    budgets.charge("a", "core", 1, now=0.0)
    budgets.charge("a", "core", -1, now=0.0)
    assert budgets.rate("a", "core", None, now=0.0).remaining == 10


@pytest.mark.parametrize(("api", "allowed"), [("graphql", 2_000), ("rest", 900)])
def test_points_a_minute_end_at_the_documented_number(api: str, allowed: int) -> None:
    secondary = Secondary()
    passed = [secondary.check("a", api, 1, now=100.0 + n / allowed) for n in range(allowed + 1)]
    assert passed[:allowed] == [None] * allowed
    broken = passed[allowed]
    assert broken is not None
    assert 0 < broken.wait <= MINUTE
    assert secondary.check("a", api, 1, now=101.0 + broken.wait) is None


def test_a_refused_request_does_not_count() -> None:
    secondary = Secondary()
    for _ in range(900):
        secondary.check("a", "rest", 1, now=0.0)
    for _ in range(50):
        assert secondary.check("a", "rest", 1, now=30.0) is not None
    assert secondary.check("a", "rest", 1, now=60.0) is None


def test_the_hundred_and_first_concurrent_request_is_refused() -> None:
    secondary = Secondary()
    for _ in range(CONCURRENT):
        secondary.enter("a")
        assert secondary.check("a", "rest", 1, now=0.0) is None
    secondary.enter("a")
    broken = secondary.check("a", "graphql", 1, now=0.0)
    assert broken is not None
    assert broken.rule == "concurrent requests"
    secondary.leave("a")
    assert secondary.check("a", "graphql", 1, now=0.0) is None


def test_graphql_server_time_ends_at_60_s_and_all_at_90_s_a_minute() -> None:
    secondary = Secondary()
    secondary.spend("a", "graphql", 61.0, now=0.0)
    broken = secondary.check("a", "graphql", 1, now=1.0)
    assert broken is not None
    assert "server time" in broken.rule
    assert secondary.check("a", "rest", 1, now=1.0) is None
    secondary.spend("a", "rest", 30.0, now=2.0)
    assert secondary.check("a", "rest", 1, now=3.0) is not None
    assert secondary.check("a", "graphql", 1, now=60.5) is None


def test_each_family_of_refusals_takes_its_own_turns() -> None:
    """Two families asked alternately: with one counter for both, each would show every second form alone."""
    rotation = Rotation(seed=3)
    taken = [(rotation.take(GRAPHQL_PRIMARY), rotation.take(REST_PRIMARY)) for _ in range(2)]
    assert {one for one, _ in taken} == set(GRAPHQL_PRIMARY.values())
    assert {other for _, other in taken} == set(REST_PRIMARY.values())
    assert {rotation.take(GRAPHQL_SECONDARY) for _ in GRAPHQL_SECONDARY} == set(GRAPHQL_SECONDARY.values())
