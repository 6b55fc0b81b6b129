"""Samples of many things: which to look at, and what those tell of all, with how far that may be off; no I/O."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

SURE: Final = 1.0
"""The chance of what is looked at in any case."""


class Estimate(NamedTuple):
    """A mean, and its standard error."""

    mean: float
    error: float


class Looked(NamedTuple):
    """One thing that was looked at."""

    value: float
    size: float
    chance: float
    """How likely it was to be looked at, above 0."""


@dataclass(frozen=True, slots=True)
class Round:
    """Some things of known sizes, of which some were looked at."""

    sizes: Sequence[float]
    looked: Sequence[Looked]


def spread(items: int, wanted: int) -> list[int]:
    """At most `wanted` of the numbers from 1 to `items`, evenly spread."""
    step = max(1.0, items / wanted)
    return sorted({min(items, int((index + 0.5) * step) + 1) for index in range(min(items, wanted))})


def unequal(sizes: Sequence[float], wanted: int, at: float) -> dict[int, float]:
    """Choose `wanted` places with chances in proportion to sizes above 0; each with its chance.

    What is so large that its chance would pass 1 is chosen in any case. The others lie side by side on a line in the
    order of their sizes, and points on it at equal distances choose; `at` says from 0 to 1 where the first is.
    """
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    total = sum(sizes)
    chosen: dict[int, float] = {}
    while order and (left := wanted - len(chosen)) and sizes[order[-1]] * left >= total * (1 - 1e-9):
        place = order.pop()
        chosen[place] = SURE
        total -= sizes[place]
    if not order or not left:
        return chosen
    step = total / left
    reached, mark = 0.0, at * step
    for place in order:
        reached += sizes[place]
        if mark < reached and left:
            chosen[place] = sizes[place] / step
            mark += step
            left -= 1
    return chosen


def equal(values: Sequence[float], of: int) -> Estimate | None:
    """The mean of `of` things, of which some were chosen with equal chances; None when there are none."""
    count = len(values)
    if not count:
        return None
    mean = sum(values) / count
    squares = sum((value - mean) ** 2 for value in values) / max(1, count - 1)
    return Estimate(mean, math.sqrt(squares / count * max(0.0, 1 - count / of)))


def weighed(rounds: Sequence[Round], of: int) -> Estimate | None:
    """The mean of `of` things, of which the rounds' were chosen with equal chances; None where none was looked at.

    In each round the values that were looked at stand for the others in proportion to their sizes: the rarer such a
    size was looked at, the more it stands for.
    """
    told = [each for each in rounds if each.looked]
    count = sum(len(each.sizes) for each in told)
    if not count:
        return None
    mean = sum(map(_total, told)) / count
    squares = sum(_total(each, power=2) for each in told) / count
    between = max(0.0, squares - mean**2) / count * max(0.0, 1 - count / of)
    within = sum(map(_doubt, told)) / count**2
    return Estimate(mean, math.sqrt(between + within))


def _total(given: Round, power: int = 1) -> float:
    """The sum of a round's values, raised to a power; what gave no answer is taken to be like the others."""
    seen = sum(each.size / each.chance for each in given.looked)
    return sum(each.value**power / each.chance for each in given.looked) * sum(given.sizes) / seen


def _doubt(given: Round) -> float:
    """The variance of a round's sum; reckoned as if each had been chosen on its own, which is a little too much."""
    parts = [each.value / each.chance for each in given.looked if each.chance < SURE]
    if len(parts) <= 1:
        return 0.0
    mean = sum(parts) / len(parts)
    return sum((part - mean) ** 2 for part in parts) * len(parts) / (len(parts) - 1)
