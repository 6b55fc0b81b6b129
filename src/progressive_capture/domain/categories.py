"""How big a repository is: five categories from what GitHub counts; nothing here knows where the counts come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Category(StrEnum):
    """A repository's size, from the smallest; the rollout by size admits them in this order."""

    TEST = "test"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    ENTERPRISE = "enterprise"


PRIORITY_LEVEL: Final[Mapping[Category, int]] = {
    Category.TEST: 100,
    Category.SMALL: 80,
    Category.MEDIUM: 60,
    Category.LARGE: 40,
    Category.ENTERPRISE: 20,
}
"""`repository_categories.priority_level`: the less a failure would hurt, the earlier a repository is rolled out to.
Source: the rollout control flow of the original system's description."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What GitHub counts of a repository; None is unknown, which is not zero."""

    stars: int | None
    contributors: int | None
    pull_requests: int | None
    """All that exist, not only those captured: else a big repository looks small until it is captured."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest repository that a category takes in; all three bounds hold together."""

    stars: int
    contributors: int
    pull_requests: int


BOUNDS: Final[Mapping[Category, Bounds]] = {
    Category.TEST: Bounds(stars=0, contributors=2, pull_requests=10),
    Category.SMALL: Bounds(stars=50, contributors=10, pull_requests=100),
    Category.MEDIUM: Bounds(stars=500, contributors=50, pull_requests=1_000),
    Category.LARGE: Bounds(stars=5_000, contributors=200, pull_requests=10_000),
}
"""The smallest category whose bounds hold is a repository's own; what fits in none is enterprise.
Source: the original system's `categorize_repository`."""

HIGHEST_SCORE: Final = 100.0
PULL_REQUESTS_A_POINT: Final = 10
"""Pull requests that weigh as much as a star or a contributor. Source: as `BOUNDS`."""


def categorize(sizes: Sizes, *, marked_as_test: bool = False) -> Category | None:
    """The category of a repository, None while its stars or pull requests are not known.

    The number of contributors is the one count that needs a request of its own and that GitHub does not give for
    the largest repositories; unknown, it leaves the decision to the other two. A mark set by hand wins.
    """
    if marked_as_test:
        return Category.TEST
    if sizes.stars is None or sizes.pull_requests is None:
        return None
    for category, bounds in BOUNDS.items():
        contributors = bounds.contributors if sizes.contributors is None else sizes.contributors
        if (
            sizes.stars <= bounds.stars
            and contributors <= bounds.contributors
            and sizes.pull_requests <= bounds.pull_requests
        ):
            return category
    return Category.ENTERPRISE


def activity_score(sizes: Sizes) -> float | None:
    """`monthly_activity_score`, 0 to 100: stars, contributors, a tenth of the pull requests; None when unknown."""
    if sizes.stars is None or sizes.contributors is None or sizes.pull_requests is None:
        return None
    return min(HIGHEST_SCORE, sizes.stars + sizes.contributors + sizes.pull_requests / PULL_REQUESTS_A_POINT)
