"""`pc monitoring` and `pc stats`: how healthy each lane is, and what it did; both are reckoned elsewhere."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.verdict import Health
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.tables import table
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count, moment, quantiles, size

if TYPE_CHECKING:
    from progressive_capture.insight.monitoring import Monitoring
    from progressive_capture.insight.stats import ProcessorStats, Stats
    from progressive_capture.wiring import Wired

Hours = Annotated[float, typer.Option(metavar="N", min=0.1, max=87_600, help="The last N hours.")]


def monitoring(context: typer.Context, *, hours: Hours = 24, json: options.Json = False) -> ExitCode:
    """Report the health of each lane: verdict, what failed and why, what is stuck, who works.

    Exit code 1 when a lane is failing.
    """
    from progressive_capture.insight import monitoring as insight  # noqa: PLC0415 - not needed for --help
    from progressive_capture.rollout import manage  # noqa: PLC0415 - as above
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj

    def read(works: "Wired") -> Told:
        now, limit = works.clock.now(), manage.in_force(works.rollout()).max_error_rate
        since = now - timedelta(hours=hours)
        found = insight.monitoring(works.database, works.host_id, since, now, max_error_rate=limit)
        failing = any(each.verdict.health is Health.FAILING for each in found.processors)
        code = ExitCode.FAILED if failing else ExitCode.COMPLETE
        return Told.of("\n".join(_health(found)), {"monitoring": found}, code)

    return tell_one(desk, at_store(desk, Settings.read(), read, create=False), as_json=json)


def stats(context: typer.Context, *, hours: Hours = 24, json: options.Json = False) -> ExitCode:
    """Show what each lane did, and how fast."""
    from progressive_capture.insight import stats as insight  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj

    def read(works: "Wired") -> Told:
        now = works.clock.now()
        found = insight.stats(works.database, works.host_id, now - timedelta(hours=hours), now)
        return Told.of("\n".join(_stats(found)), {"stats": found})

    return tell_one(desk, at_store(desk, Settings.read(), read, create=False), as_json=json)


def _health(found: "Monitoring") -> list[str]:
    lines = [f"since {moment(found.since)} UTC"]
    lines += [f"  {each.processor}: {each.verdict.health}. {each.verdict.reason}" for each in found.processors]
    rows = [
        [each.processor, each.error_class, each.state, each.jobs, "yes" if each.counts else "no", each.example]
        for each in found.failures
    ]
    lines += table(("lane", "failure", "state", "jobs", "counts", "for example"), rows)
    stuck = [[each.job_id, each.repository, each.state, moment(each.until)] for each in found.stuck]
    lines += table(("stuck", "repository", "state", "was to move on by (UTC)"), stuck)
    silent = sum(each.is_silent for each in found.workers)
    lines.append(f"{count(len(found.workers) - silent, 'worker')} at work, {silent:,} silent")
    return lines


def _stats(found: "Stats") -> list[str]:
    heads = ("lane", "ended", "requests", "points", "rows", "received", "waits", "timeouts", "took (half, 95 %)")
    head = f"{count(found.jobs, 'job')} settled since {moment(found.since)} UTC"
    sampled = ["  speeds are of the newest 10,000"] if found.is_sampled else []
    return [head, *table(heads, [_row(each) for each in found.processors]), *sampled]


def _row(each: "ProcessorStats") -> list[object]:
    ended = ", ".join(f"{number:,} {outcome}" for outcome, number in each.outcomes.items()) or "none"
    used = (each.requests, each.points, each.rows, size(each.bytes_in), each.waits, each.timeouts)
    return [each.processor, ended, *used, quantiles(each.speed.total)]
