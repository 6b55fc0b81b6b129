"""`pc plan`: say what a capture would cost, before it is begun."""

from typing import TYPE_CHECKING

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.scope import SourceChoice
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.names import repository_names
from progressive_capture.operator.scoping import ANONYMOUS, refuse_without_token, scope
from progressive_capture.operator.telling import Told, tell_each
from progressive_capture.operator.wording import count, duration

if TYPE_CHECKING:
    from progressive_capture.capture.plan import Plan


def plan(
    context: typer.Context,
    name: options.Name,
    *,
    since: options.Since = None,
    until: options.Until = None,
    numbers: options.Numbers = None,
    limit: options.Limit = None,
    only: options.Only = None,
    source: options.From = SourceChoice.AUTO,
    full: options.Full = False,
    patches: options.Patches = False,
    json: options.Json = False,
) -> ExitCode:
    """Forecast the requests, points and time of a capture.

    It asks GitHub for totals and samples, which takes up to 5 points and about 60 requests, and captures nothing.
    """
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    asked = scope(
        now=desk.clock(),
        since=since,
        until=until,
        numbers=numbers,
        limit=limit,
        only=only or (),
        source=source,
        full=full,
        patches=patches,
    )
    settings = Settings.read()
    refuse_without_token(asked, anonymous=settings.is_anonymous)
    wanted = repository_names([name], settings.github_api_url)

    async def task(shift: Shift) -> ExitCode:
        if shift.works.is_anonymous:
            shift.display.note(ANONYMOUS)

        async def one(owner_name: str) -> Told:
            return told(await shift.works.plan(owner_name, asked))

        return await tell_each(desk, shift, wanted, one, as_json=json)

    return work(desk, settings, task, create=True)


def told(planned: "Plan") -> Told:
    """Say what is expected."""
    forecast, counts, spent = planned.forecast, planned.counts, planned.spent
    requests = f"{count(forecast.requests, 'request')} ({forecast.rest_requests:,} by REST)"
    own = f"{count(spent.requests, 'request')} ({spent.rest_requests:,} by REST)"
    lines = [
        f"{planned.repository}: about {requests}, {count(forecast.points, 'point')}, {duration(forecast.seconds)}",
        f"  {count(counts.listed, 'pull request')} to list, {counts.hydrated:,} to read",
        *(f"  assumed: {assumption}" for assumption in planned.assumptions),
        f"  this forecast itself took {own}, {count(spent.points, 'point')}",
    ]
    document: dict[str, object] = {
        "repository": planned.repository,
        "listed": counts.listed,
        "read": counts.hydrated,
        "review_threads": counts.threads,
        "renaming": counts.renaming,
        "requests": forecast.requests,
        "rest_requests": forecast.rest_requests,
        "points": forecast.points,
        "seconds": round(forecast.seconds, 1),
        "assumptions": list(planned.assumptions),
        "requests_spent": spent.requests,
        "rest_requests_spent": spent.rest_requests,
        "points_spent": spent.points,
    }
    return Told("\n".join(lines), document, ExitCode.COMPLETE)
