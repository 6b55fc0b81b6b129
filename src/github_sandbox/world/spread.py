"""How many children pull requests have: fixed shapes with heavy tails, spread over a population by quota, not by luck.

Medians, means and tails are those of real populations: reviews 2/3.0, comments 3/4.6, threads 1/3.0, commits 2/3.5,
files 4/8.8 with 0.58 % above 100 and a maximum above 1,000, 1.84 comments in a thread.
"""

from dataclasses import dataclass
from functools import cache
from itertools import count as count_from
from math import erf, log, sqrt
from random import Random
from typing import Final, TypeVar

_T = TypeVar("_T")
_ROOT: Final = sqrt(2.0)
_LONGEST: Final = 5_000
_NEGLIGIBLE: Final = 1e-7
_STEPS: Final = 8


@dataclass(frozen=True)
class Shape:
    """A log-normal number rounded down, and never below `least`; `sigma` is the spread of its logarithm."""

    mean: float
    sigma: float
    least: int

    def above(self, scale: float, value: int) -> float:
        """The share of draws that are `value` or more, when the log-normal's median is `scale`."""
        return 1.0 if value <= self.least else 1 - 0.5 * (1.0 + erf(log(value / scale) / self.sigma / _ROOT))

    def scale(self) -> float:
        """The median of the log-normal that gives `mean` after rounding."""
        return _scale(self)

    def mean_at(self, scale: float) -> float:
        """The mean after rounding, when the log-normal's median is `scale`."""
        mean = 0.0
        for value in range(1, _LONGEST):
            share = self.above(scale, value)
            if share < _NEGLIGIBLE:
                break
            mean += share
        return mean


@cache
def _scale(shape: Shape) -> float:
    """Worked out once: it takes as long as all the rest of a small population."""
    scale = shape.mean
    for _ in range(_STEPS):  # rounding down takes about a half, so that mean + 1/2 is all but proportional
        scale *= (shape.mean + 0.5) / (shape.mean_at(scale) + 0.5)
    return scale


REVIEWS: Final = Shape(3.0, 0.9, 0)
COMMENTS: Final = Shape(4.6, 1.0, 0)
THREADS: Final = Shape(3.0, 1.3, 0)
COMMITS: Final = Shape(3.5, 1.0, 1)
FILES: Final = Shape(8.8, 1.27, 1)
COMMENTS_IN_THREAD: Final = Shape(1.84, 0.9, 1)


def quota(shape: Shape, size: int) -> list[int]:
    """`size` counts, ascending, in the shape's proportions; the largest takes what rounding cut off the tail."""
    if shape.mean <= 0 or not size:
        return [0] * size
    scale = shape.scale()
    counts: list[int] = []
    for value in count_from(shape.least):
        upto = size - round(size * shape.above(scale, value + 1))
        counts.extend([value] * (upto - len(counts)))
        if len(counts) >= size:
            break
    counts[-1] += max(0, round(size * shape.mean) - sum(counts))
    return counts


def shuffled(values: list[_T], rng: Random) -> list[_T]:
    """`values` in an order that depends on `rng.random()` alone."""
    keys = sorted((rng.random(), place) for place in range(len(values)))
    return [values[place] for _, place in keys]
