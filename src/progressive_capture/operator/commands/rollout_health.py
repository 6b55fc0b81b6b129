"""Commands that judge the rollout by its jobs, and go a step up when that is earned; judging stands elsewhere."""

from typing import TYPE_CHECKING

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.verdict import Health
from progressive_capture.operator import options
from progressive_capture.operator.commands.rollout_reading import in_words
from progressive_capture.operator.rolling import Bound, asking, changing, differences
from progressive_capture.operator.telling import Told
from progressive_capture.operator.wording import dollars, moment

if TYPE_CHECKING:
    from progressive_capture.domain.cohorts import Difference
    from progressive_capture.domain.progression import Savings
    from progressive_capture.rollout.measure import CohortTold, Metrics
    from progressive_capture.rollout.progression import Readiness
    from progressive_capture.rollout.rollout import Rollout
    from progressive_capture.wiring import Wired


def check_health(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Judge the rollout now, as the monitor does: when it is failing, it is rolled back.

    Exit code 1 when it is failing, or could not be measured.
    """
    from progressive_capture.rollout import monitor  # noqa: PLC0415 - not needed for --help

    def change(at: Bound) -> Told:
        found = monitor.check_health(at.rollout, who=at.by.who)
        lines = [f"{found.verdict.health}: {found.verdict.reason}", found.done]
        if found.written is not None:
            lines += differences(found.written.before, found.written.after)
        return Told.of("\n".join(lines), {"check": found}, _code(found.verdict.health))

    return changing(context, change, reason=None, as_json=json)


def show_metrics(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Show what jobs in the rollout came to, beside those outside, with intervals."""
    from progressive_capture.rollout.measure import metrics  # noqa: PLC0415 - not needed for --help

    def read(rollout: "Rollout", _works: "Wired") -> Told:
        found = metrics(rollout)
        return Told.of("\n".join(_metrics(found)), {"metrics": found})

    return asking(context, read, as_json=json)


def monitor_phase4(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Show all that the decision about the next step rests on; nothing is changed."""
    from progressive_capture.rollout.measure import metrics  # noqa: PLC0415 - not needed for --help
    from progressive_capture.rollout.progression import readiness  # noqa: PLC0415 - as above

    def read(rollout: "Rollout", _works: "Wired") -> Told:
        found, ready = metrics(rollout), readiness(rollout)
        lines = [*in_words(found.in_force), *_metrics(found), *_step(ready)]
        return Told.of("\n".join(lines), {"metrics": found, "readiness": ready})

    return asking(context, read, as_json=json)


def advance(context: typer.Context, reason: options.Reason = None, *, json: options.Json = False) -> ExitCode:
    """Go one step up, 10, 25, 50, 75, 100 %, if the jobs in the rollout allow it.

    Exit code 1 with all that stands in the way when they do not; `rollout set-rollout` needs no leave.
    """
    from progressive_capture.rollout import progression  # noqa: PLC0415 - not needed for --help

    def change(at: Bound) -> Told:
        done = progression.advance(at.rollout, at.by)
        if done.written is None:
            lines = [f"It stays at {done.readiness.percentage:g} %.", *done.readiness.step.reasons]
            return Told.of("\n".join(lines), {"advance": done}, ExitCode.FAILED)
        lines = [*differences(done.written.before, done.written.after), *done.readiness.step.reasons]
        return Told.of("\n".join(lines), {"advance": done})

    return changing(context, change, reason=reason, as_json=json)


def _code(health: Health) -> ExitCode:
    return ExitCode.FAILED if health in {Health.FAILING, Health.ERRORED} else ExitCode.COMPLETE


def _metrics(found: "Metrics") -> list[str]:
    comparison = found.comparison
    return [
        f"since {moment(found.since)} UTC: {found.verdict.health}. {found.verdict.reason}",
        f"  in the rollout: {_cohort(comparison.inside)}",
        f"  outside: {_cohort(comparison.outside)}",
        f"  success: {_difference(comparison.success_rate, ' %')}",
        f"  seconds a job: {_difference(comparison.seconds)}",
        f"  points a job: {_difference(comparison.points)}",
        f"  dollars a job: {_difference(comparison.cost_usd)}",
        f"  {_savings(found.savings)}",
    ]


def _cohort(cohort: "CohortTold") -> str:
    jobs = f"{cohort.successes:,} succeeded, {cohort.errors:,} failed"
    if cohort.success_rate is None or cohort.success_interval is None:
        return jobs
    low, high = cohort.success_interval.low, cohort.success_interval.high
    return f"{jobs} ({cohort.success_rate:.1f} %, with 95 % confidence {low:.1f} to {high:.1f} %)"


def _difference(difference: "Difference", unit: str = "") -> str:
    if difference.inside is None or difference.outside is None:
        return "nothing to compare yet"
    means = f"{difference.inside:.4g}{unit} inside, {difference.outside:.4g}{unit} outside"
    if difference.interval is None:
        return f"{means}; too few jobs to say by how much they differ"
    low, high = difference.interval.low, difference.interval.high
    return f"{means}; the difference is between {low:.4g} and {high:.4g} with 95 % confidence"


def _savings(savings: "Savings") -> str:
    alone = dollars(savings.inngest_only_micro_usd)
    return f"cost {dollars(savings.micro_usd)}; Inngest alone {alone}; saved {dollars(savings.saved)}"


def _step(ready: "Readiness") -> list[str]:
    to = ready.step.percentage
    head = f"It may go to {to:g} %: rollout advance." if to is not None else "The next step is not earned."
    return [head, *(f"  {reason}" for reason in ready.step.reasons)]
