"""How long things took, as quantiles of measured jobs; pure arithmetic, nothing is read here."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from progressive_capture.domain.scope import moment
from progressive_capture.store.insight.outcomes import Sample


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Seconds that half, 95 % and all of the jobs stayed within."""

    jobs: int
    median: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True)
class Speed:
    """How long jobs waited, worked and took in all; None where none is known."""

    waited: Quantiles | None
    """From being asked for to its first start."""
    busy: Quantiles | None
    """At work, without waits for limits."""
    total: Quantiles | None
    """From being asked for to its end."""


def quantiles(values: Iterable[float]) -> Quantiles | None:
    """Return quantiles by nearest rank: each is a value that was measured; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Quantiles(len(ordered), _rank(ordered, 0.5), _rank(ordered, 0.95), ordered[-1])


def speed(samples: Sequence[Sample]) -> Speed:
    """Return how long the jobs took."""
    started = [each for each in samples if each.started_at is not None]
    return Speed(
        waited=quantiles(_seconds(each.created_at, each.started_at or "") for each in started),
        busy=quantiles(each.ms / 1000 for each in started),
        total=quantiles(_seconds(each.created_at, each.finished_at) for each in samples),
    )


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[math.ceil(share * len(ordered)) - 1]


def _seconds(begin: str, end: str) -> float:
    return max(0.0, (moment(end) - moment(begin)).total_seconds())
