"""`pc jobs`: lists of jobs, the newest first, page by page; nothing is changed here."""

from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator import filtering, options
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.filtering import Wanted
from progressive_capture.operator.tables import table
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import moment

if TYPE_CHECKING:
    from progressive_capture.insight.jobs import JobPage
    from progressive_capture.store.jobs import JobLine
    from progressive_capture.wiring import Wired

_HEADS = ("id", "created (UTC)", "repository", "type", "lane", "state")


def jobs(
    context: typer.Context,
    *,
    states: filtering.States = None,
    processors: filtering.Processors = None,
    job_types: filtering.Types = None,
    triggers: filtering.Triggers = None,
    error: filtering.Errors = None,
    repository: filtering.Repository = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=1_000, help="At most N.")] = 50,
    after: Annotated[str | None, typer.Option(metavar="PLACE", help="Go on where a page ended.")] = None,
    json: options.Json = False,
) -> ExitCode:
    """List jobs, the newest first.

    `--state dead` shows what nobody tries again: `pc retry` opens new jobs in place of these.
    """
    from progressive_capture.insight.jobs import list_jobs  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj
    wanted = Wanted(states, processors, job_types, triggers, error, repository)

    def read(works: "Wired") -> "JobPage":
        return list_jobs(works.database, wanted.filter(works), after=after, size=limit)

    return tell_one(desk, told(at_store(desk, Settings.read(), read, create=False)), as_json=json)


def told(page: "JobPage") -> Told:
    """The jobs as a table; why one waits or failed stands below it."""
    heads, *rows = table(_HEADS, [_row(each) for each in page.jobs]) or [""]
    lines = [heads] if rows else []
    for job, row in zip(page.jobs, rows, strict=True):
        why = job.held_reason or job.error
        lines += [row, *([f"    {why}"] if why else [])]
    if page.after is not None:
        lines.append(f"  {page.count:,} in all; the next page: --after {page.after}")
    return Told.of("\n".join(lines) or "No jobs.", {"page": page})


def _row(job: "JobLine") -> list[object]:
    return [job.id, moment(job.created_at), job.repository_name, job.job_type, job.processor, job.state]
