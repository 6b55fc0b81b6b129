"""`pc capture`: capture repositories one after the other, and say what came of each."""

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.scope import SourceChoice
from progressive_capture.operator import options, summary
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.names import repository_names
from progressive_capture.operator.scoping import ANONYMOUS, refuse_without_token, scope
from progressive_capture.operator.telling import Told, tell_each


def capture(
    context: typer.Context,
    names: options.Names,
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
    """Capture repositories into the database.

    The same command resumes what was broken off. Once a repository is complete, it asks only for what was updated
    since. Ctrl-C stops after the page at hand.
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
    wanted = repository_names(names, settings.github_api_url)

    async def task(shift: Shift) -> ExitCode:
        if shift.works.is_anonymous:
            shift.display.note(ANONYMOUS)

        async def one(name: str) -> Told:
            return summary.told(await shift.works.capture(name, asked), shift.works.database_name)

        return await tell_each(desk, shift, wanted, one, as_json=json)

    return work(desk, settings, task, create=True)
