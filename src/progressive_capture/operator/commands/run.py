"""`pc run`: what a workflow runs on a runner; what it does there stands in the engine's room."""

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator import options
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.scoping import refuse_without_token, scope
from progressive_capture.operator.telling import Told, tell_one

if TYPE_CHECKING:
    from progressive_capture.engines.actions.asking import Wish
    from progressive_capture.engines.actions.keys import RunKey
    from progressive_capture.settings import Settings

_SHARDS: Final = re.compile(r"\d{1,6}(,\d{1,6})*", re.ASCII)


def run(
    context: typer.Context,
    job: Annotated[
        str | None,
        typer.Argument(
            metavar="JOB", help="JOB_ID:ATTEMPT, as a dispatched run's name has it, or the id of one in line."
        ),
    ] = None,
    *,
    from_inputs: Annotated[
        bool, typer.Option("--from-inputs", help="Queue what PC_INPUT_… variables ask for, and run that.")
    ] = False,
    shard: Annotated[
        str, typer.Option(metavar="K[,K]", help="These parts of it; 0: what lists its pull requests, and all others.")
    ] = "0",
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Do part 0 alone, and name the others for runs side by side.")
    ] = False,
    drain: Annotated[
        bool, typer.Option("--drain", help="Go on with small bulk jobs in line while time is left.")
    ] = False,
    minutes: Annotated[
        float | None, typer.Option(metavar="N", min=0.01, help="End with a checkpoint after so many; else by setting.")
    ] = None,
    json: options.Json = False,
) -> ExitCode:
    """Work on a queued job on a runner of GitHub Actions, as its workflows do.

    It logs to standard error. A wait of more than two minutes, or its time, ends it with all that it has stored; the
    job goes on in another run. SIGINT or SIGTERM ends it after the page at hand. On a runner it also writes a summary,
    and for --matrix the outputs job_id, shards and parallel. With --from-inputs a repository that the rollout keeps
    from the bulk lane is refused, and nothing is written.
    """
    from progressive_capture.operator.running import Task, run_task  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj
    settings = Settings.read()
    key = _key(job, settings, from_inputs=from_inputs)
    wish = _wish(settings, desk) if from_inputs and key is None else None
    asked = Task(key, wish, _parts(shard, matrix=matrix), matrix, drain, minutes or settings.run_minutes)

    async def task(shift: Shift) -> Told:
        return await run_task(shift, asked)

    return tell_one(desk, work(desk, settings, task, create=False, logs=True), as_json=json)


def _key(job: str | None, settings: "Settings", *, from_inputs: bool) -> "RunKey | None":
    from progressive_capture.engines.actions.keys import RunKey  # noqa: PLC0415 - not needed for --help

    if job is not None and from_inputs:
        raise UsageError("Give a job, or --from-inputs, not both.")
    text = settings.input_job_id if from_inputs else job
    if text:
        return RunKey.parse(text)
    if from_inputs:
        return None
    raise UsageError("Which job? Give JOB_ID:ATTEMPT, as a dispatched run's name has it, or --from-inputs.")


def _wish(settings: "Settings", desk: Desk) -> "Wish":
    from progressive_capture.domain.requests import KINDS_OF  # noqa: PLC0415 - not needed for --help
    from progressive_capture.engines.actions.asking import Wish  # noqa: PLC0415 - as above
    from progressive_capture.operator.names import repository_names  # noqa: PLC0415 - as above

    numbers, days, most = settings.input_pr_numbers, settings.input_time_range, settings.input_max_items
    if sum(bool(each) for each in (numbers, days, most)) > 1:
        raise UsageError("Give only one of the inputs pr_numbers, time_range and max_items.")
    if not settings.input_repository_name and settings.input_repository_id is None:
        raise UsageError("Which repository? Give the input repository_name as owner/name.")
    asked = scope(
        since=f"{days}d" if days else None,
        numbers=numbers or None,
        limit=most,
        only=sorted(KINDS_OF[settings.input_job_type]),
        source=settings.input_source,
        now=desk.clock(),
    )
    refuse_without_token(asked, anonymous=settings.is_anonymous)
    name = settings.input_repository_name
    (name,) = repository_names([name], settings.github_api_url) if name else ("",)
    return Wish(settings.input_repository_id, name, settings.input_job_type, asked, desk.who())


def _parts(text: str, *, matrix: bool) -> frozenset[int] | None:
    """Which parts of the job are asked for; None for all."""
    if not _SHARDS.fullmatch(text):
        raise UsageError(f"--shard wants numbers such as 0 or 3,7, not {text!r}.")
    parts = frozenset(map(int, text.split(",")))
    if matrix and parts != {0}:
        raise UsageError("--matrix does part 0: leave out --shard.")
    return parts if matrix or parts != {0} else None
