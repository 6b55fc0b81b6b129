"""The bounds of the table at their edges, and what unknown counts do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.categories import (
    BOUNDS,
    PRIORITY_LEVEL,
    Category,
    Sizes,
    activity_score,
    categorize,
)

ORDER = list(Category)
COUNT = st.integers(0, 20_000)
SIZES = st.builds(Sizes, COUNT, COUNT, COUNT)


@pytest.mark.parametrize(
    ("stars", "contributors", "pull_requests", "category"),
    [
        (0, 2, 10, Category.TEST),
        (1, 2, 10, Category.SMALL),
        (0, 3, 10, Category.SMALL),
        (0, 2, 11, Category.SMALL),
        (50, 10, 100, Category.SMALL),
        (51, 10, 100, Category.MEDIUM),
        (500, 50, 1_000, Category.MEDIUM),
        (500, 51, 1_000, Category.LARGE),
        (5_000, 200, 10_000, Category.LARGE),
        (5_000, 200, 10_001, Category.ENTERPRISE),
        (5_001, 0, 0, Category.ENTERPRISE),
        (0, 201, 0, Category.ENTERPRISE),
    ],
)
def test_all_bounds_of_a_category_hold_together(
    stars: int, contributors: int, pull_requests: int, category: Category
) -> None:
    assert categorize(Sizes(stars, contributors, pull_requests)) is category


@given(SIZES, COUNT, COUNT, COUNT)
def test_growing_never_makes_a_repository_smaller(sizes: Sizes, stars: int, contributors: int, pulls: int) -> None:
    assert sizes.stars is not None
    assert sizes.contributors is not None
    assert sizes.pull_requests is not None
    grown = Sizes(sizes.stars + stars, sizes.contributors + contributors, sizes.pull_requests + pulls)
    before, after = categorize(sizes), categorize(grown)
    assert before is not None
    assert after is not None
    assert ORDER.index(before) <= ORDER.index(after)


@pytest.mark.parametrize("sizes", [Sizes(None, 1, 1), Sizes(1, 1, None), Sizes(None, None, None)])
def test_unknown_stars_or_pull_requests_are_not_zero(sizes: Sizes) -> None:
    assert categorize(sizes) is None
    assert categorize(sizes, marked_as_test=True) is Category.TEST


@given(SIZES)
def test_unknown_contributors_leave_it_to_the_other_counts(sizes: Sizes) -> None:
    found = categorize(Sizes(sizes.stars, None, sizes.pull_requests))
    assert found is categorize(Sizes(sizes.stars, 0, sizes.pull_requests))


def test_small_repositories_come_first() -> None:
    levels = [PRIORITY_LEVEL[category] for category in Category]
    assert levels == sorted(levels, reverse=True) == [100, 80, 60, 40, 20]
    assert set(BOUNDS) == set(Category) - {Category.ENTERPRISE}


@pytest.mark.parametrize(
    ("sizes", "score"),
    [
        (Sizes(10, 5, 35), 18.5),
        (Sizes(0, 0, 0), 0),
        (Sizes(90, 9, 20), 100),
        (Sizes(None, 1, 1), None),
        (Sizes(1, None, 1), None),
        (Sizes(1, 1, None), None),
    ],
)
def test_the_activity_score_ends_at_a_hundred(sizes: Sizes, score: float | None) -> None:
    assert activity_score(sizes) == score
