"""`pc submit`: ask the queue for work on repositories that are known; what becomes of it, the queue decides."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode
from progressive_capture.domain.jobs import JobType, Trigger
from progressive_capture.domain.priority import PriorityLevel
from progressive_capture.domain.requests import KINDS_OF, JobRequest
from progressive_capture.domain.scope import SourceChoice
from progressive_capture.operator import options, queueing
from progressive_capture.operator.desk import Desk, at_store
from progressive_capture.operator.scoping import scope
from progressive_capture.operator.subjects import subjects
from progressive_capture.operator.telling import Told, tell_all

if TYPE_CHECKING:
    from progressive_capture.wiring import Wired


def submit(
    context: typer.Context,
    names: options.Known,
    *,
    job_type: Annotated[JobType, typer.Option("--type", help="What the job is for.")] = JobType.HISTORICAL_PR_SYNC,
    since: options.Since = None,
    until: options.Until = None,
    numbers: options.Numbers = None,
    limit: options.Limit = None,
    only: options.Only = None,
    source: options.From = SourceChoice.AUTO,
    full: options.Full = False,
    patches: options.Patches = False,
    trigger: Annotated[
        Trigger, typer.Option(help="Who stands behind it: how soon the same work may be asked for again.")
    ] = Trigger.MANUAL,
    priority: Annotated[PriorityLevel | None, typer.Option(help="How urgent it is; else medium.")] = None,
    reason: options.Reason = None,
    json: options.Json = False,
) -> ExitCode:
    """Queue a job for each repository.

    The answer says what became of it: queued and in which lane, served by a job that is open already, or done so
    short a while ago that it has to wait. `pc worker` runs what is queued.
    """
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    asked = scope(
        now=desk.clock(),
        since=since,
        until=until,
        numbers=numbers,
        limit=limit,
        only=only or sorted(KINDS_OF[job_type]),
        source=source,
        full=full,
        patches=patches,
    )

    def task(works: "Wired") -> list[Told]:
        made = partial(JobRequest, job_type=job_type, scope=asked, trigger=trigger, who=desk.who(), reason=reason)
        manager = works.queue()
        requests = [
            made(works.host_id, each.repository_id, each.name, level=priority) for each in subjects(works, names)
        ]
        return [queueing.told(each.repository_name, each.repository_id, manager.submit(each)) for each in requests]

    return tell_all(desk, at_store(desk, Settings.read(), task, create=False), as_json=json)
