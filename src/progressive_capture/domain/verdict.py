"""What finished jobs say about the rollout: healthy, failing, inconclusive or errored; acting on it is not here."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

LEAST_FINISHED: Final = 10
"""Only above this many finished jobs can a rollout be failing. Source: the brief, "Auto-Rollback"."""


class Health(StrEnum):
    """Only *failing* rolls back."""

    HEALTHY = "healthy"
    FAILING = "failing"
    INCONCLUSIVE = "inconclusive"
    """Too few jobs to say."""
    ERRORED = "errored"
    """It could not be measured."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Finished jobs of eligible repositories in the window."""

    successes: int
    errors: int
    """Failed and dead."""
    uncounted: int = 0
    """Missing, denied, blocked, cancelled: they say nothing about the processors."""
    timed_out: int = 0
    """Of the errors: those that did not end within their time."""
    peak_memory_bytes: int | None = None
    """Of the largest runner, None when none told."""

    @property
    def finished(self) -> int:
        """Jobs that count."""
        return self.successes + self.errors

    @property
    def error_rate(self) -> float | None:
        """Errors in percent of the jobs that count; None when there are none."""
        return 100 * self.errors / self.finished if self.finished else None

    @property
    def success_rate(self) -> float | None:
        """Successes in percent of all that ended, also those that do not count; None when there are none."""
        ended = self.finished + self.uncounted
        return 100 * self.successes / ended if ended else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement with what it rests on."""

    health: Health
    reason: str
    outcomes: Outcomes | None
    max_error_rate: float
    """Percent."""


def judge(outcomes: Outcomes, max_error_rate: float) -> Verdict:
    """Judge a window: failing only above `max_error_rate` percent with more than 10 finished jobs."""
    finished = outcomes.finished
    if finished <= LEAST_FINISHED:
        jobs = "job" if finished == 1 else "jobs"
        why = f"Only {finished} {jobs} finished in the window; more than {LEAST_FINISHED} are needed to judge."
        return Verdict(Health.INCONCLUSIVE, why, outcomes, max_error_rate)
    rate = 100 * outcomes.errors / finished
    told = f"{outcomes.errors} of {finished} finished jobs failed: {rate:.2f} %"
    if rate > max_error_rate:
        return Verdict(Health.FAILING, f"{told}, above {max_error_rate:g} %.", outcomes, max_error_rate)
    return Verdict(Health.HEALTHY, f"{told}, not above {max_error_rate:g} %.", outcomes, max_error_rate)


def could_not_measure(why: str, max_error_rate: float) -> Verdict:
    """The verdict when the window could not be read."""
    return Verdict(Health.ERRORED, why, None, max_error_rate)
