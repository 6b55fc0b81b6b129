"""Where each effective value comes from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.rollout import (
    Origin,
    RolloutEnvironment,
    RolloutRow,
    Strategy,
    checked_percentage,
    effective,
)

ALL_SET = RolloutEnvironment(
    rollout_percentage=33,
    rollout_strategy=Strategy.WHITELIST,
    auto_rollback_enabled=False,
    max_error_rate=7.5,
)
ROW = RolloutRow(
    rollout_percentage=0,
    rollout_strategy=Strategy.REPOSITORY_SIZE,
    auto_rollback_enabled=True,
    max_error_rate=0,
    monitoring_window_hours=1.5,
    version=9,
)
NAMES = ("percentage", "strategy", "auto_rollback", "max_error_rate", "window")


@pytest.mark.parametrize(("lanes_local", "percentage"), [(True, 100), (False, 10)])
def test_a_fresh_row_has_the_defaults(lanes_local: bool, percentage: float) -> None:  # noqa: FBT001 - parametrised
    found = effective(RolloutRow(), RolloutEnvironment(), lanes_local=lanes_local)
    assert (found.percentage, found.strategy, found.auto_rollback) == (percentage, Strategy.PERCENTAGE, True)
    assert (found.max_error_rate, found.window.total_seconds()) == (5.0, 86_400)
    assert found.is_active
    assert not found.stopped_by
    assert found.origins == dict.fromkeys(NAMES, Origin.DEFAULT)


def test_the_environment_comes_before_the_defaults() -> None:
    found = effective(RolloutRow(), ALL_SET, lanes_local=True)
    assert (found.percentage, found.strategy) == (33, Strategy.WHITELIST)
    assert (found.auto_rollback, found.max_error_rate) == (False, 7.5)
    assert found.origins == dict.fromkeys(NAMES[:4], Origin.ENVIRONMENT) | {"window": Origin.DEFAULT}


def test_the_row_comes_before_the_environment_also_with_zeros() -> None:
    found = effective(ROW, ALL_SET, lanes_local=True)
    assert (found.percentage, found.strategy) == (0, Strategy.REPOSITORY_SIZE)
    assert (found.auto_rollback, found.max_error_rate, found.window.total_seconds()) == (True, 0, 5_400)
    assert found.origins == dict.fromkeys(NAMES, Origin.DATABASE)
    assert found.version == 9


@given(st.booleans(), st.booleans())
def test_any_stop_holds(stored: bool, environment: bool) -> None:  # noqa: FBT001 - drawn
    found = effective(
        RolloutRow(emergency_stop=stored), RolloutEnvironment(emergency_stop=environment), lanes_local=True
    )
    assert (Origin.DATABASE in found.stopped_by) == stored
    assert (Origin.ENVIRONMENT in found.stopped_by) == environment


@given(st.floats(0, 100))
def test_a_percentage_is_taken_as_it_is(percentage: float) -> None:
    assert checked_percentage(percentage) == percentage


@pytest.mark.parametrize("percentage", [-0.01, 100.01, 101, -5, float("nan"), float("inf")])
def test_what_is_no_percentage_is_refused(percentage: float) -> None:
    with pytest.raises(UsageError, match="lies between 0 and 100"):
        checked_percentage(percentage)
