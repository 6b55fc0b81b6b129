"""`pc worker`: run queued jobs on this machine until asked to stop; how they are claimed and run stands elsewhere."""

from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.engines.local import Served

Slots = Annotated[int | None, typer.Option(metavar="N", min=0, max=64, help="Jobs at once in this lane.")]


def worker(
    context: typer.Context,
    *,
    realtime: Slots = None,
    bulk: Slots = None,
    drain: Annotated[bool, typer.Option("--drain", help="Stop once no job is due.")] = False,
    json: options.Json = False,
) -> ExitCode:
    """Run queued jobs on this machine, both lanes side by side.

    It logs to standard error. Ctrl-C or SIGTERM puts the jobs at work back in line after their page; several workers
    may share a database. One of them also does the recurring duties. When GitHub refuses the token, it puts its jobs
    back and ends with exit code 1; so does --drain when a job it ran failed.
    """
    from progressive_capture.settings import Settings  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    settings = Settings.read()
    slots = {
        Processor.INNGEST: settings.realtime_slots if realtime is None else realtime,
        Processor.GITHUB_ACTIONS: settings.bulk_slots if bulk is None else bulk,
    }

    async def task(shift: Shift) -> Told:
        made = shift.works.worker(slots)
        if not made.slots:
            raise UsageError("There is nothing to run: give --realtime or --bulk a number, in a lane that is not off.")
        return told(await made.run(drain=drain), stopped=shift.stop.requested(), drain=drain)

    return tell_one(desk, work(desk, settings, task, create=True, logs=True), as_json=json)


def told(served: "Served", *, stopped: bool, drain: bool) -> Told:
    """Say what was done; a worker that was asked to stop has done what it should, whatever became of its jobs."""
    failed, dead = served.count(JobState.FAILED), served.count(JobState.DEAD)
    text = f"{count(served.jobs, 'job')} run"
    if served.parked:
        text += f", {served.parked:,} put back in line"
    if failed:
        text += f", {failed:,} failed and tried again later"
    if dead:
        text += f", {dead:,} dead: pc jobs --state dead shows why"
    code = ExitCode.FAILED if drain and (failed or dead) else ExitCode.COMPLETE
    document = {"jobs": served.jobs, "parked": served.parked, "failed": failed, "dead": dead, "stopped": stopped}
    return Told(text, document, code)
