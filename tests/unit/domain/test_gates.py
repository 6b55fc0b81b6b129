"""The order of the gates, exact and monotone shares under every strategy, and a bucket that never changes."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.categories import Category
from progressive_capture.domain.gates import BUCKETS, Gate, RepositoryFacts, bucket, decide, parts_of, smallest_first
from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.rollout import FEATURE, Effective, Origin, Strategy

ROLLOUT = Effective(
    feature_name=FEATURE,
    version=3,
    percentage=0,
    strategy=Strategy.PERCENTAGE,
    is_active=True,
    stopped_by=(),
    auto_rollback=True,
    max_error_rate=5,
    window=timedelta(hours=24),
    whitelist=frozenset({1, 2}),
    excluded=frozenset({2, 3}),
    whitelist_closed=False,
)
FLEET = {Category.TEST: 10, Category.SMALL: 15, Category.MEDIUM: 25, Category.LARGE: 25, Category.ENTERPRISE: 25}
BY_SIZE = {"strategy": Strategy.REPOSITORY_SIZE}
ONE = RepositoryFacts(1, Category.MEDIUM)
STRANGERS = range(1_000, 5_000)
OUTERMOST = {0: 5_914, 1: 20_393, BUCKETS - 2: 2_277, BUCKETS - 1: 15_265}
"""Repositories by their part: whoever admits the last of them admits all between, and who refuses the first, none."""
PERCENTAGE = st.integers(0, 10_000).map(lambda hundredths: hundredths / 100)
CATEGORY = st.sampled_from([None, *Category])
IDS = st.integers(1_000, 2**53)
FLEETS = st.dictionaries(st.sampled_from(Category), st.integers(1, 5_000), min_size=1)


def by_size(percentage: float, fleet: Mapping[Category, int] = FLEET) -> Effective:
    shares = smallest_first(fleet, percentage)
    return replace(ROLLOUT, strategy=Strategy.REPOSITORY_SIZE, percentage=percentage, size_shares=shares)


def eligible(rollout: Effective, repository_id: int, category: Category | None = None) -> bool:
    return decide(rollout, RepositoryFacts(repository_id, category)).eligible


def share(rollout: Effective, category: Category | None = None) -> float:
    return sum(eligible(rollout, each, category) for each in STRANGERS) / len(STRANGERS)


@pytest.mark.parametrize(
    ("changes", "repository_id", "gate", "allowed"),
    [
        ({"is_active": False, "stopped_by": (Origin.DATABASE,), "percentage": 100}, 1, Gate.INACTIVE, False),
        ({"stopped_by": (Origin.DATABASE,), "percentage": 100}, 1, Gate.EMERGENCY_STOP, False),
        ({"stopped_by": (Origin.ENVIRONMENT,), "percentage": 100}, 2, Gate.EMERGENCY_STOP, False),
        ({"percentage": 100}, 2, Gate.EXCLUDED, False),
        ({"percentage": 100}, 3, Gate.EXCLUDED, False),
        ({"percentage": 0}, 1, Gate.WHITELIST, True),
        ({"percentage": 0, "whitelist_closed": True}, 1, Gate.PERCENTAGE, False),
        ({"percentage": 100, "whitelist_closed": True}, 1, Gate.PERCENTAGE, True),
        ({"strategy": Strategy.WHITELIST, "percentage": 100}, 1, Gate.WHITELIST, True),
        ({"strategy": Strategy.WHITELIST, "percentage": 100}, 9, Gate.WHITELIST, False),
        ({"strategy": Strategy.WHITELIST, "whitelist_closed": True}, 1, Gate.WHITELIST, False),
        (BY_SIZE | {"percentage": 25, "size_shares": smallest_first(FLEET, 25)}, 9, Gate.CATEGORY, False),
        (BY_SIZE | {"percentage": 50, "size_shares": smallest_first(FLEET, 50)}, 9, Gate.CATEGORY, True),
        (BY_SIZE | {"percentage": 50}, 9, Gate.PERCENTAGE, True),
        ({"strategy": Strategy.REPOSITORY_SIZE, "percentage": 0}, 1, Gate.WHITELIST, True),
        ({"percentage": 100}, 9, Gate.PERCENTAGE, True),
        ({"percentage": 0}, 9, Gate.PERCENTAGE, False),
    ],
)
def test_the_first_gate_with_an_opinion_decides(
    changes: dict[str, object], repository_id: int, gate: Gate, *, allowed: bool
) -> None:
    found = decide(replace(ROLLOUT, **changes), RepositoryFacts(repository_id, Category.MEDIUM))  # type: ignore[arg-type] # parametrised
    assert (found.gate, found.eligible, found.version) == (gate, allowed, 3)
    assert found.reason.endswith(".")


def test_who_is_not_eligible_keeps_the_real_time_lane() -> None:
    assert decide(ROLLOUT, ONE).processors == frozenset(Processor)
    assert decide(replace(ROLLOUT, is_active=False), ONE).processors == {Processor.INNGEST}


def test_reasons_name_what_decided() -> None:
    both = replace(ROLLOUT, stopped_by=(Origin.DATABASE, Origin.ENVIRONMENT))
    assert decide(both, ONE).reason == "Emergency stop by the database and the environment."
    third = by_size(33)
    assert decide(third, RepositoryFacts(9, None)).reason == (
        "33 % admits none of: not categorised yet (it counts as enterprise)."
    )
    assert decide(third, RepositoryFacts(9, Category.SMALL)).reason == "33 % admits all of: small."
    assert decide(third, RepositoryFacts(9, Category.MEDIUM)).reason == (
        f"Part {bucket(FEATURE, 9)} of 10000, and 33 % admits those below 3200 of: medium."
    )
    assert decide(replace(ROLLOUT, percentage=33), RepositoryFacts(9)).reason == (
        f"Part {bucket(FEATURE, 9)} of 10000, and 33 % admits those below 3300."
    )


@given(st.text(), st.integers(0, 2**63))
def test_the_bucket_is_an_unsigned_remainder(feature: str, repository_id: int) -> None:
    """A signed reading would put half of all repositories below zero, and below every percentage."""
    digest = hashlib.sha256(f"{feature}/{repository_id}".encode()).hexdigest()
    assert bucket(feature, repository_id) == int(digest[:16], 16) % BUCKETS
    assert 0 <= bucket(feature, repository_id) < BUCKETS


def test_the_bucket_is_the_same_for_ever() -> None:
    """Written down once: another value would send repositories to other lanes over night."""
    assert [bucket(FEATURE, each) for each in (1, 2, 3, 10_270_250)] == [683, 4_577, 5_819, 9_139]


@pytest.mark.parametrize("percentage", [1, 5, 10, 12.5, 33, 50, 99])
def test_a_percentage_is_that_share_of_many_repositories(percentage: float) -> None:
    """Within four standard deviations of a fair choice among 4,000; the ids are fixed, so this never wavers."""
    fair = percentage / 100
    deviation = (fair * (1 - fair) / len(STRANGERS)) ** 0.5
    assert share(replace(ROLLOUT, percentage=percentage)) == pytest.approx(fair, abs=4 * deviation)


@given(PERCENTAGE)
def test_a_percentage_admits_exactly_so_many_parts(percentage: float) -> None:
    assert parts_of(percentage) == round(percentage * 100)
    rollout = replace(ROLLOUT, percentage=percentage)
    assert all(eligible(rollout, each) == (bucket(FEATURE, each) < percentage * 100) for each in range(100, 120))


@pytest.mark.parametrize("strategy", [Strategy.PERCENTAGE, Strategy.REPOSITORY_SIZE])
@pytest.mark.parametrize("category", [None, *Category])
def test_nothing_is_nobody_and_everything_everybody(strategy: Strategy, category: Category | None) -> None:
    for shares in (None, FLEET, {Category.SMALL: 3}, {}):
        for percentage in (0, 100):
            kept = None if shares is None else smallest_first(shares, percentage)
            rollout = replace(ROLLOUT, strategy=strategy, percentage=percentage, size_shares=kept)
            for part, repository_id in OUTERMOST.items():
                assert bucket(FEATURE, repository_id) == part
                assert eligible(rollout, repository_id, category) is (percentage == 100)


@given(st.sampled_from(Strategy), st.none() | FLEETS, CATEGORY, IDS, st.tuples(PERCENTAGE, PERCENTAGE))
def test_raising_the_percentage_never_evicts(
    strategy: Strategy,
    fleet: dict[Category, int] | None,
    category: Category | None,
    repository_id: int,
    percentages: tuple[float, float],
) -> None:
    def admitted(percentage: float) -> bool:
        shares = None if fleet is None else smallest_first(fleet, percentage)
        rollout = replace(ROLLOUT, strategy=strategy, percentage=percentage, size_shares=shares)
        return eligible(rollout, repository_id, category)

    low, high = sorted(percentages)
    assert admitted(high) or not admitted(low)


@given(FLEETS, PERCENTAGE)
def test_by_size_any_percentage_is_that_share_of_any_fleet(fleet: dict[Category, int], percentage: float) -> None:
    shares = smallest_first(fleet, percentage)
    admitted = sum(count * shares[category] / BUCKETS for category, count in fleet.items())
    rounding = max(fleet.values()) / BUCKETS
    assert admitted == pytest.approx(sum(fleet.values()) * percentage / 100, abs=rounding)


@given(FLEETS, PERCENTAGE)
def test_by_size_the_smallest_come_first(fleet: dict[Category, int], percentage: float) -> None:
    """Whoever is admitted in part has everybody smaller before it, and nobody larger behind it."""
    parts = [smallest_first(fleet, percentage)[category] for category in Category]
    assert parts == sorted(parts, reverse=True)
    assert sum(0 < part < BUCKETS for part in parts) <= 1


@pytest.mark.parametrize(
    ("percentage", "category", "fair"),
    [(5, Category.TEST, 0.5), (33, Category.MEDIUM, 0.32), (33, Category.LARGE, 0), (99, Category.ENTERPRISE, 0.96)],
)
def test_at_the_edge_one_category_is_admitted_in_part(percentage: int, category: Category, fair: float) -> None:
    assert share(by_size(percentage), category) == pytest.approx(fair, abs=0.03)


@given(PERCENTAGE, IDS)
def test_an_unknown_category_counts_as_the_largest(percentage: float, repository_id: int) -> None:
    rollout = by_size(percentage)
    assert eligible(rollout, repository_id) == eligible(rollout, repository_id, Category.ENTERPRISE)
