"""Repositories in and out of the rollout compared, with intervals; which jobs belong to which is known elsewhere."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Self

CONFIDENCE: Final = 0.95
_Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)

LEAST_FREEDOM: Final = 4.0
"""Degrees of freedom below which the expansion of Student's quantile is not exact to a thousandth."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds between which the true value lies with a confidence of 95 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share, None of nothing."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Sample:
    """Measured values, as far as comparing their means needs them."""

    count: int
    mean: float
    variance: float
    """Of the sample, with `count` - 1 as divisor."""

    @classmethod
    def of_sums(cls, count: int, total: float, squares: float) -> Self | None:
        """From sums that a database can make; None of nothing."""
        if count == 0:
            return None
        mean = total / count
        return cls(count, mean, max(0.0, squares - total * mean) / (count - 1) if count > 1 else 0.0)


@dataclass(frozen=True, slots=True)
class Difference:
    """What is inside the rollout less what is outside."""

    inside: float | None
    outside: float | None
    interval: Interval | None
    """Of the difference; None when there is too little to say."""

    @property
    def is_clear(self) -> bool:
        """Whether the difference is not explained by chance alone."""
        return self.interval is not None and (self.interval.low > 0 or self.interval.high < 0)


def wilson(rate: Rate) -> Interval | None:
    """The interval of a share; unlike the textbook's it holds for few jobs and near 0 and 1.

    Wilson (1927): https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
    """
    if rate.whole == 0:
        return None
    share, of_whole = rate.part / rate.whole, _Z**2 / rate.whole
    middle = (share + of_whole / 2) / (1 + of_whole)
    reach = math.sqrt(of_whole * (share * (1 - share) + of_whole / 4)) / (1 + of_whole)
    return Interval(max(0.0, middle - reach), min(1.0, middle + reach))


def compare_rates(inside: Rate, outside: Rate) -> Difference:
    """Two shares compared by their Wilson intervals.

    Newcombe (1998), method 10: https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I
    """
    first, second = wilson(inside), wilson(outside)
    one, other = inside.value, outside.value
    if first is None or second is None or one is None or other is None:
        return Difference(one, other, None)
    down = math.hypot(one - first.low, second.high - other)
    up = math.hypot(first.high - one, other - second.low)
    return Difference(one, other, Interval(one - other - down, one - other + up))


def compare_means(inside: Sample | None, outside: Sample | None) -> Difference:
    """Two means compared without supposing that the values spread alike.

    Welch (1947): https://en.wikipedia.org/wiki/Welch%27s_t-test
    """
    one, other = inside.mean if inside else None, outside.mean if outside else None
    interval = _welch(inside, outside) if inside and outside else None
    return Difference(one, other, interval)


def _welch(inside: Sample, outside: Sample) -> Interval | None:
    if min(inside.count, outside.count) <= LEAST_FREEDOM:
        return None
    errors = [sample.variance / sample.count for sample in (inside, outside)]
    difference = inside.mean - outside.mean
    total = sum(errors)
    if total == 0:
        return Interval(difference, difference)
    freedom = 1 / sum(
        (error / total) ** 2 / (sample.count - 1) for error, sample in zip(errors, (inside, outside), strict=True)
    )
    reach = student(freedom) * math.sqrt(total)
    return Interval(difference - reach, difference + reach)


def student(freedom: float) -> float:
    """The two-sided 95 % quantile of Student's distribution, by its expansion in 1/freedom, from `LEAST_FREEDOM` on.

    Abramowitz and Stegun, 26.7.5: https://personal.math.ubc.ca/~cbm/aands/page_949.htm
    """
    z = _Z
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))
