"""`pc run`: what a workflow runs on a runner; what it does there stands in the engine's room."""

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.telling import Told, tell_one

if TYPE_CHECKING:
    from progressive_capture.engines.actions.runner import Order

_SHARDS: Final = re.compile(r"\d{1,6}(,\d{1,6})*", re.ASCII)


def run(
    context: typer.Context,
    job: Annotated[
        str | None, typer.Argument(metavar="JOB", help="JOB_ID:ATTEMPT, as a dispatched run's name has it.")
    ] = None,
    *,
    shard: Annotated[
        str, typer.Option(metavar="K[,K]", help="These parts of it; 0: what lists its pull requests, and all others.")
    ] = "0",
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Do part 0 alone, and name the others for runs side by side.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(metavar="N", min=0.01, help="End with a checkpoint after so many; else by setting.")
    ] = None,
    json: options.Json = False,
) -> ExitCode:
    """Work on a queued job on a runner of GitHub Actions, as its workflows do.

    It logs to standard error. A wait of more than two minutes, or its time, ends it with all that it has stored; the
    job goes on in another run. SIGINT or SIGTERM ends it after the page at hand. On a runner it also writes a summary,
    and for --matrix the outputs job_id, shards and parallel.
    """
    from progressive_capture.operator.running import tell_run  # noqa: PLC0415 - not needed for --help
    from progressive_capture.run_wiring import runner  # noqa: PLC0415 - as above
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj
    settings = Settings.read()
    order = _order(job or settings.input_job_id, shard, matrix=matrix)

    async def task(shift: Shift) -> Told:
        made = runner(shift.works, turn=min(order.only or [0]), minutes=minutes or settings.run_minutes)
        return await tell_run(shift, order, await made.run(order), matrix=matrix)

    return tell_one(desk, work(desk, settings, task, create=False, logs=True), as_json=json)


def _order(job: str, shard: str, *, matrix: bool) -> "Order":
    from progressive_capture.engines.actions.keys import RunKey  # noqa: PLC0415 - not needed for --help
    from progressive_capture.engines.actions.runner import Order  # noqa: PLC0415 - as above

    if not job:
        raise UsageError("Which job? Give JOB_ID:ATTEMPT, as a dispatched run's name has it.")
    only = _shards(shard)
    if matrix and only != {0}:
        raise UsageError("--matrix does part 0: leave out --shard.")
    return Order(RunKey.parse(job), only if matrix or only != {0} else None)


def _shards(text: str) -> frozenset[int]:
    if not _SHARDS.fullmatch(text):
        raise UsageError(f"--shard wants numbers such as 0 or 3,7, not {text!r}.")
    return frozenset(map(int, text.split(",")))
