"""`pc worker`: run queued jobs on this machine until asked to stop; how they are claimed and run stands elsewhere."""

from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.operator import options
from progressive_capture.operator.commands.serve import WITHOUT_EXTRA
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.stopping import Stop
from progressive_capture.operator.telling import Told, tell_one
from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.engines.elsewhere import Elsewhere
    from progressive_capture.engines.local import Served, Worker

RealTime = Annotated[int | None, typer.Option(metavar="N", min=0, max=64, help="Jobs at once in the real-time lane.")]
Bulk = Annotated[int | None, typer.Option(metavar="N", min=0, max=64, help="Jobs at once in the bulk lane.")]


def worker(
    context: typer.Context,
    *,
    realtime: RealTime = None,
    bulk: Bulk = None,
    drain: Annotated[bool, typer.Option("--drain", help="Stop once no job is due.")] = False,
    json: options.Json = False,
) -> ExitCode:
    """Run queued jobs on this machine, both lanes side by side; those of lanes that run elsewhere are handed over.

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
        if not made.slots and not shift.works.terms.remote_lanes:
            raise UsageError("There is nothing to run: give --realtime or --bulk a number, in a lane that is not off.")
        served = await worked(made, shift.works.elsewhere(), shift.stop, drain=drain)
        return told(served, stopped=shift.stop.requested(), drain=drain)

    return tell_one(desk, work(desk, settings, task, create=True, logs=True), as_json=json)


async def worked(worker: "Worker", elsewhere: "Elsewhere", stop: Stop, *, drain: bool) -> "Served":
    """Run what runs here, and hand over what does not."""
    from progressive_capture.capture.run import together  # noqa: PLC0415 - not needed for --help

    async def hand_over() -> None:
        worker.served.handed_over = await elsewhere.hand_over(stopping=stop.requested, pause=stop.pause, drain=drain)

    async def run() -> None:
        await worker.run(drain=drain)

    try:
        await together([run(), hand_over()])
    except ModuleNotFoundError:
        raise UsageError(WITHOUT_EXTRA) from None
    return worker.served


def told(served: "Served", *, stopped: bool, drain: bool) -> Told:
    """Say what was done; a worker that was asked to stop has done what it should, whatever became of its jobs."""
    failed, dead = served.count(JobState.FAILED), served.count(JobState.DEAD)
    text = f"{count(served.jobs, 'job')} run"
    if served.handed_over:
        text += f", {served.handed_over:,} handed over"
    if served.parked:
        text += f", {served.parked:,} put back in line"
    if failed:
        text += f", {failed:,} failed and tried again later"
    if dead:
        text += f", {dead:,} dead: pc jobs --state dead shows why"
    code = ExitCode.FAILED if drain and (failed or dead) else ExitCode.COMPLETE
    document = {
        "jobs": served.jobs,
        "handed_over": served.handed_over,
        "parked": served.parked,
        "failed": failed,
        "dead": dead,
        "stopped": stopped,
    }
    return Told(text, document, code)
