"""Whether the rollout may take its next step; taking it is done elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from progressive_capture.domain.money import in_dollars
from progressive_capture.domain.rollout import STEPS, Effective, Strategy
from progressive_capture.domain.verdict import Health, Verdict

ERROR_RATE_BELOW: Final = 5.0
SUCCESS_RATE_ABOVE: Final = 85.0
"""Percent. Source of both: the brief, "Before Increasing"."""

RUNNER_MEMORY: Final = 7 * 1024**3
"""Bytes of the smallest runner that bulk jobs get.
https://docs.github.com/en/actions/reference/runners/github-hosted-runners"""

MEMORY_SHARE: Final = 0.8
"""From this share of the runner's memory on there is memory trouble: the share at which quotas warn as well."""


@dataclass(frozen=True, slots=True)
class Savings:
    """What the window's jobs cost, and what they would have cost in the real-time lane alone; None is not known."""

    micro_usd: int | None
    inngest_only_micro_usd: int | None
    executions: int
    """Of Inngest, as counted."""
    inngest_only_executions: int

    @property
    def saved(self) -> int | None:
        """Millionths of a dollar that the rollout saved; below zero it cost more."""
        if self.micro_usd is None or self.inngest_only_micro_usd is None:
            return None
        return self.inngest_only_micro_usd - self.micro_usd

    @property
    def spared(self) -> int:
        """Executions of Inngest that the rollout spared: within the free part of a month they are all there is."""
        return self.inngest_only_executions - self.executions


@dataclass(frozen=True, slots=True)
class Advance:
    """The next step, or why it is refused."""

    percentage: float | None
    """None: refused."""
    reasons: tuple[str, ...]
    """Each a sentence; all that stand in the way, or what speaks for the step."""


def next_step(percentage: float) -> int | None:
    """The step after a percentage, None at the end."""
    return next((step for step in STEPS if step > percentage), None)


def advance(
    configuration: Effective, verdict: Verdict, savings: Savings, rolled_back_at: datetime | None, now: datetime
) -> Advance:
    """Whether the rollout may go one step up, and all that stands in the way.

    After a rollback there is no step for as long as the window; setting a percentage by hand is possible at any time.
    """
    following = next_step(configuration.percentage)
    if following is None:
        return Advance(None, ("The rollout is at 100 % already.",))
    against = (*_switched(configuration, rolled_back_at, now), *_measured(verdict), *_saved(savings))
    if against:
        return Advance(None, against)
    return Advance(following, (verdict.reason, _shown(savings)))


def _switched(configuration: Effective, rolled_back_at: datetime | None, now: datetime) -> tuple[str, ...]:
    against = []
    if not configuration.is_active:
        against.append("The rollout is switched off: set is_active first.")
    if configuration.stopped_by:
        against.append("There is an emergency stop: resume first.")
    if configuration.strategy is Strategy.WHITELIST:
        against.append("The strategy whitelist admits its list whatever the percentage: set another strategy first.")
    if rolled_back_at is not None and now < rolled_back_at + configuration.window:
        again = rolled_back_at + configuration.window
        against.append(f"A rollback is too recent: wait until {again:%Y-%m-%d %H:%M} UTC, or set a percentage by hand.")
    return tuple(against)


def _measured(verdict: Verdict) -> tuple[str, ...]:
    outcomes = verdict.outcomes
    if outcomes is None or verdict.health in {Health.INCONCLUSIVE, Health.ERRORED}:
        return (verdict.reason,)
    against = []
    error_rate, success_rate = outcomes.error_rate or 0.0, outcomes.success_rate or 0.0
    if verdict.health is Health.FAILING and error_rate < ERROR_RATE_BELOW:
        # By a stricter bound than this one: the monitor is about to roll it back.
        against.append(verdict.reason)
    if error_rate >= ERROR_RATE_BELOW:
        against.append(f"The error rate is {error_rate:.2f} %, and must be below {ERROR_RATE_BELOW:g} %.")
    if success_rate <= SUCCESS_RATE_ABOVE:
        against.append(f"The success rate is {success_rate:.2f} %, and must be above {SUCCESS_RATE_ABOVE:g} %.")
    if outcomes.timed_out:
        against.append(f"{outcomes.timed_out} jobs did not end within their time.")
    if (outcomes.peak_memory_bytes or 0) >= RUNNER_MEMORY * MEMORY_SHARE:
        mebibytes = (outcomes.peak_memory_bytes or 0) // 1024**2
        against.append(f"A runner used {mebibytes} MiB of memory, near to all that it has.")
    return tuple(against)


def _saved(savings: Savings) -> tuple[str, ...]:
    if savings.saved is None:
        return ("What the rollout saves is not known: some of its jobs have no known cost.",)
    if savings.saved < 0:
        return (f"The rollout costs {in_dollars(-savings.saved)} more than the real-time lane alone.",)
    if savings.inngest_only_executions == 0:
        return ("No job of the window shows whether the rollout saves anything.",)
    if savings.saved == 0 and savings.spared <= 0:
        return ("The rollout saved nothing in the window, neither money nor Inngest's executions.",)
    return ()


def _shown(savings: Savings) -> str:
    if savings.saved:
        return f"The rollout saved {in_dollars(savings.saved)} in the window."
    return f"The rollout spared {savings.spared:,} of Inngest's executions in the window, at the same cost."
