"""Stops, resumes, rollbacks and lists, in any order."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.categories import Category
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.gates import smallest_first
from progressive_capture.domain.rollout import RolloutRow, SizeShares, Strategy
from progressive_capture.domain.rollout_changes import (
    excluding,
    readmitting,
    resuming,
    rolling_back,
    setting_percentage,
    setting_strategy,
    sharing,
    stopping,
    unlisting,
    whitelisting,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IDS = st.frozensets(st.integers(1, 9))
ROWS = st.builds(
    RolloutRow,
    rollout_percentage=st.one_of(st.none(), st.integers(0, 100)),
    rollout_strategy=st.sampled_from([None, *Strategy]),
    target_repositories=IDS,
    excluded_repositories=IDS,
)


def changed(row: RolloutRow, values: Mapping[str, object]) -> RolloutRow:
    """As the store would read the row after writing the values."""
    read = dict(values)
    for name in ("target_repositories", "excluded_repositories"):
        if name in read:
            assert read[name] == sorted(read[name])  # type: ignore[call-overload] # a list of numbers
            read[name] = frozenset(read[name])  # type: ignore[call-overload] # as above
    if read.get("rollout_strategy") is not None:
        read["rollout_strategy"] = Strategy(str(read["rollout_strategy"]))
    return replace(row, **read)  # type: ignore[arg-type] # columns by name


@given(ROWS, st.integers(1, 3))
def test_resuming_restores_what_was_before_the_first_stop(row: RolloutRow, stops: int) -> None:
    stopped = row
    for _ in range(stops):
        stopped = changed(stopped, stopping(stopped))
        assert stopped.emergency_stop
    by_hand = replace(stopped, rollout_percentage=77, rollout_strategy=None, target_repositories=frozenset({99}))
    assert changed(by_hand, resuming(by_hand)) == row


@given(ROWS)
def test_a_stop_by_plain_sql_is_resumed_with_what_is_there(row: RolloutRow) -> None:
    by_hand = replace(row, emergency_stop=True)
    assert changed(by_hand, resuming(by_hand)) == row
    again = changed(by_hand, stopping(by_hand))
    assert changed(again, resuming(again)) == row


@given(ROWS)
def test_what_an_earlier_stop_remembered_is_forgotten_by_a_new_one(row: RolloutRow) -> None:
    stale = replace(row, before_stop={"rollout_percentage": 1})
    stopped = changed(stale, stopping(stale))
    assert changed(stopped, resuming(stopped)) == row


@given(row=ROWS, later=ROWS)
def test_without_a_stop_resuming_restores_nothing_old(row: RolloutRow, later: RolloutRow) -> None:
    """Plain SQL may end a stop; what it remembered must not come back long after."""
    stopped = changed(row, stopping(row))
    ended = replace(later, emergency_stop=False, before_stop=stopped.before_stop)
    assert changed(ended, resuming(ended)) == later
    assert changed(later, resuming(later)) == later


@given(ROWS)
def test_a_rollback_outlives_an_emergency_stop(row: RolloutRow) -> None:
    stopped = changed(row, stopping(row))
    back = changed(stopped, rolling_back(stopped, NOW))
    resumed = changed(back, resuming(back))
    assert (resumed.rollout_percentage, resumed.whitelist_closed) == (0, True)
    assert resumed.rolled_back_at == "2026-03-01T00:00:00.000000Z"
    assert resumed.target_repositories == row.target_repositories


@given(ROWS, st.floats(0, 100), st.sampled_from([None, *Strategy]), st.booleans())
def test_a_percentage_opens_the_whitelist_and_holds(
    row: RolloutRow,
    percentage: float,
    strategy: Strategy | None,
    stop: bool,  # noqa: FBT001 - drawn
) -> None:
    back = changed(row, rolling_back(row, NOW, 5))
    assert (back.rollout_percentage, back.whitelist_closed) == (5, True)
    at = changed(back, stopping(back)) if stop else back
    at = changed(at, setting_percentage(at, percentage, strategy))
    end = changed(at, resuming(at)) if stop else at
    assert (end.rollout_percentage, end.whitelist_closed) == (percentage, False)
    assert end.rollout_strategy is (strategy or row.rollout_strategy)
    assert end.rolled_back_at is not None


@given(ROWS, st.sampled_from(Strategy), st.booleans())
def test_a_strategy_holds_after_a_stop_too(row: RolloutRow, strategy: Strategy, stop: bool) -> None:  # noqa: FBT001 - drawn
    at = changed(row, stopping(row)) if stop else row
    at = changed(at, setting_strategy(at, strategy))
    end = changed(at, resuming(at)) if stop else at
    assert end == replace(row, rollout_strategy=strategy)


@given(ROWS, IDS, st.booleans())
def test_lists_grow_and_shrink_by_what_is_named(row: RolloutRow, ids: frozenset[int], stop: bool) -> None:  # noqa: FBT001 - drawn
    at = changed(row, stopping(row)) if stop else row
    at = changed(at, whitelisting(at, ids))
    at = changed(at, excluding(at, ids))
    end = changed(at, resuming(at)) if stop else at
    assert end.target_repositories == row.target_repositories | ids
    assert end.excluded_repositories == row.excluded_repositories | ids
    end = changed(end, unlisting(end, ids))
    end = changed(end, readmitting(end, ids))
    assert end.target_repositories == row.target_repositories - ids
    assert end.excluded_repositories == row.excluded_repositories - ids


@pytest.mark.parametrize("percentage", [-1, 101, float("nan")])
def test_impossible_percentages_are_refused(percentage: float) -> None:
    with pytest.raises(UsageError):
        setting_percentage(RolloutRow(), percentage)
    with pytest.raises(UsageError):
        rolling_back(RolloutRow(), NOW, percentage)


FLEETS = st.dictionaries(st.sampled_from(list(Category)), st.integers(0, 50))


@given(FLEETS, FLEETS, st.integers(0, 100), st.integers(0, 100))
def test_shares_of_a_percentage_that_is_not_below_the_one_before_take_nobody_out(
    before: Mapping[Category, int], now: Mapping[Category, int], low: int, more: int
) -> None:
    percentage = min(100, low + more)
    first = _shares(sharing(RolloutRow(), low, before))
    then = _shares(sharing(RolloutRow(size_shares=first), percentage, now))
    assert (first.percentage, then.percentage) == (low, percentage)
    assert all(then.parts[category] >= first.parts[category] for category in Category)
    lower = percentage / 2
    assert lower == percentage or _shares(sharing(RolloutRow(size_shares=then), lower, now)).parts == smallest_first(
        now, lower
    )


def _shares(values: Mapping[str, object]) -> SizeShares:
    written = values["size_shares"]
    assert isinstance(written, Mapping)
    return SizeShares(written["percentage"], {Category(name): parts for name, parts in written["parts"].items()})
