"""Intervals against published values, and properties that no interval may break."""

import math
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from progressive_capture.domain.cohorts import (
    Difference,
    Interval,
    Rate,
    Sample,
    compare_means,
    compare_rates,
    student,
    wilson,
)

RATES = st.tuples(st.integers(0, 500), st.integers(1, 500)).map(lambda pair: Rate(min(pair), pair[1]))
VALUES = st.lists(st.floats(-1_000, 1_000), min_size=5, max_size=30)


def sample(values: list[float]) -> Sample:
    made = Sample.of_sums(len(values), math.fsum(values), math.fsum(value * value for value in values))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)]
)
def test_wilson_gives_newcombe_s_published_intervals(part: int, whole: int, low: float, high: float) -> None:
    """Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3."""
    found = wilson(Rate(part, whole))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(RATES)
def test_the_share_lies_in_its_interval(rate: Rate) -> None:
    found = wilson(rate)
    assert found is not None
    assert rate.value is not None
    assert 0 <= found.low <= rate.value + 1e-12
    assert rate.value - 1e-12 <= found.high <= 1


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        (Rate(56, 70), Rate(48, 80), 0.0524, 0.3339),
        (Rate(9, 10), Rate(3, 10), 0.1705, 0.8090),
        (Rate(10, 10), Rate(0, 20), 0.6791, 1.0),
    ],
)
def test_differences_of_shares_are_newcombe_s(one: Rate, other: Rate, low: float, high: float) -> None:
    """Newcombe (1998), "Interval estimation for the difference", table II, method 10."""
    found = compare_rates(one, other)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=5e-5)
    assert found.is_clear


@given(RATES, RATES)
def test_exchanging_the_cohorts_turns_the_difference_round(one: Rate, other: Rate) -> None:
    here, there = compare_rates(one, other).interval, compare_rates(other, one).interval
    assert here is not None
    assert there is not None
    assert (here.low, here.high) == pytest.approx((-there.high, -there.low))


@pytest.mark.parametrize(("freedom", "quantile"), [(4, 2.7764), (5, 2.5706), (10, 2.2281), (30, 2.0423), (1e9, 1.96)])
def test_student_s_quantiles_are_those_of_the_tables(freedom: float, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, rel=5e-4)


@given(VALUES)
def test_samples_are_made_of_sums(values: list[float]) -> None:
    made = sample(values)
    assert made.mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert made.variance == pytest.approx(statistics.variance(values), rel=1e-6, abs=1e-4)
    assert sample([3.0]).variance == 0
    assert Sample.of_sums(0, 0, 0) is None


def test_welch_gives_a_worked_example_s_interval() -> None:
    """Computed by hand: means 20 and 15, variances 10 and 40, ten each: standard error 5**0.5, 13.2353 degrees."""
    found = compare_means(Sample(10, 20, 10), Sample(10, 15, 40))
    assert found.interval is not None
    reach = 2.1566 * math.sqrt(5)
    assert (found.interval.low, found.interval.high) == pytest.approx((5 - reach, 5 + reach), abs=2e-3)
    assert found.is_clear


@given(VALUES, VALUES)
def test_the_difference_of_means_lies_in_its_interval(one: list[float], other: list[float]) -> None:
    inside, outside = sample(one), sample(other)
    assume(inside.variance + outside.variance > 0)
    found = compare_means(inside, outside)
    assert found.interval is not None
    assert found.interval.low <= inside.mean - outside.mean <= found.interval.high


@pytest.mark.parametrize(
    ("inside", "outside"),
    [(None, None), (None, Sample(9, 1, 1)), (Sample(9, 1, 1), None), (Sample(4, 1, 1), Sample(9, 9, 1))],
)
def test_too_little_says_nothing(inside: Sample | None, outside: Sample | None) -> None:
    found = compare_means(inside, outside)
    assert found.interval is None
    assert not found.is_clear


def test_no_jobs_have_no_share() -> None:
    assert wilson(Rate(0, 0)) is None
    assert compare_rates(Rate(0, 0), Rate(1, 2)) == Difference(None, 0.5, None)
    assert compare_rates(Rate(1, 2), Rate(0, 0)) == Difference(0.5, None, None)


def test_equal_values_differ_by_exactly_their_difference() -> None:
    assert compare_means(Sample(9, 3, 0), Sample(9, 1, 0)) == Difference(3, 1, Interval(2, 2))
    assert not compare_means(Sample(9, 3, 0), Sample(9, 3, 0)).is_clear
