"""What the rollout's jobs came to in the window, and how they compare with those outside; nothing is changed here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from progressive_capture.domain.cohorts import Difference, Interval, Rate, compare_means, compare_rates, wilson
from progressive_capture.domain.progression import Savings
from progressive_capture.domain.rollout import Effective, RolloutRow
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.domain.verdict import Verdict, judge
from progressive_capture.rollout.rollout import InForce, Rollout, told
from progressive_capture.store import rollout as store
from progressive_capture.store.database import Connection
from progressive_capture.store.insight.money import money

PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class CohortTold:
    """Jobs that count, of repositories in the rollout or of those outside."""

    successes: int
    errors: int
    success_rate: float | None
    """Percent of the jobs that count."""
    success_interval: Interval | None
    """Of that rate in percent, with a confidence of 95 %."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is inside the rollout beside what is outside, with 95 % intervals of the differences."""

    since: str
    inside: CohortTold
    outside: CohortTold
    success_rate: Difference
    """Percentage points."""
    seconds: Difference
    """At work, each job."""
    points: Difference
    """GraphQL points, each job."""
    cost_usd: Difference
    """Each job whose cost is known."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The window's outcomes, judged and compared."""

    in_force: InForce
    since: str
    verdict: Verdict
    savings: Savings
    comparison: Comparison


def window_start(row: RolloutRow, configuration: Effective, now: datetime) -> datetime:
    """Return where the window begins: what led to a rollback is not held against what follows it."""
    start = now - configuration.window
    return start if row.rolled_back_at is None else max(start, moment(row.rolled_back_at))


def measured(connection: Connection, row: RolloutRow, rollout: Rollout, *, since: datetime | None = None) -> Verdict:
    """Judge the window, or what settled since a time."""
    configuration = rollout.in_force(row)
    since = since or window_start(row, configuration, rollout.clock())
    return judge(store.outcomes(connection, since, feature=rollout.feature), configuration.max_error_rate)


def metrics(rollout: Rollout) -> Metrics:
    """Judge and compare the window's outcomes.

    Raises:
        StoreError: the database cannot be read.
    """
    now = rollout.clock()
    with rollout.database.reading() as connection:
        row = store.read(connection, rollout.feature)
        configuration = rollout.in_force(row)
        since = window_start(row, configuration, now)
        return Metrics(
            in_force=told(configuration),
            since=stamp(since),
            verdict=measured(connection, row, rollout),
            savings=savings(connection, rollout, since, now),
            comparison=compared(connection, rollout, since),
        )


def savings(connection: Connection, rollout: Rollout, since: datetime, now: datetime) -> Savings:
    """Return what all jobs since then cost, and what they would have cost in the real-time lane alone."""
    if since >= now:
        return Savings(0, 0, 0, 0)
    (found,) = money(connection, rollout.book, [since, now])
    executions = sum(row.executions for row in found.totals)
    return Savings(found.cost.micro_usd, found.inngest_only.micro_usd, executions, found.executions_instead)


def compared(connection: Connection, rollout: Rollout, since: datetime) -> Comparison:
    """Compare jobs of repositories in the rollout with those of repositories outside."""
    inside = store.cohort(connection, since, eligible=True, feature=rollout.feature)
    outside = store.cohort(connection, since, eligible=False, feature=rollout.feature)
    return Comparison(
        since=stamp(since),
        inside=_cohort(inside),
        outside=_cohort(outside),
        success_rate=_in_percent(compare_rates(_rate(inside), _rate(outside))),
        seconds=compare_means(inside.seconds, outside.seconds),
        points=compare_means(inside.points, outside.points),
        cost_usd=compare_means(inside.cost_usd, outside.cost_usd),
    )


def _rate(cohort: store.Cohort) -> Rate:
    return Rate(cohort.successes, cohort.successes + cohort.errors)


def _cohort(cohort: store.Cohort) -> CohortTold:
    rate = _rate(cohort)
    interval = wilson(rate)
    return CohortTold(
        successes=cohort.successes,
        errors=cohort.errors,
        success_rate=None if rate.value is None else PERCENT * rate.value,
        success_interval=None if interval is None else _percent(interval),
    )


def _in_percent(difference: Difference) -> Difference:
    return Difference(
        inside=None if difference.inside is None else PERCENT * difference.inside,
        outside=None if difference.outside is None else PERCENT * difference.outside,
        interval=None if difference.interval is None else _percent(difference.interval),
    )


def _percent(interval: Interval) -> Interval:
    return Interval(PERCENT * interval.low, PERCENT * interval.high)
