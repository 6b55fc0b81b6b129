"""`pc track`: promise to keep repositories; each is looked up before anything is written."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator import options, queueing
from progressive_capture.operator.desk import Desk, Shift, work
from progressive_capture.operator.names import repository_names, without_accounts
from progressive_capture.operator.telling import Told, tell_all

if TYPE_CHECKING:
    from progressive_capture.queue.tracking import NowTracked


def track(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="Repositories as owner/name or address; 'owner/*' for all of an account."),
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A text file with a name on each line; # begins a comment.")
    ] = None,
    json: options.Json = False,
) -> ExitCode:
    """Keep repositories: the first capture of each is queued now.

    Each is looked up first: when GitHub does not give one of those named, nothing is written. Of a person, 'owner/*'
    means the public repositories; those of an account that cannot be read are skipped and listed (exit code 3).
    `pc worker` runs what is queued.
    """
    from progressive_capture.queue import tracking  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    desk: Desk = context.obj
    settings = Settings.read()
    rest, accounts = without_accounts([*(names or ()), *(read(file) if file is not None else ())])
    given = repository_names(rest, settings.github_api_url)
    if not given and not accounts:
        raise UsageError("Name at least one repository: as owner/name, 'owner/*' or with --file.")

    async def task(shift: Shift) -> list[Told]:
        manager = shift.works.queue()
        open_tools = shift.works.tools
        listed = set(await tracking.listed(open_tools, accounts)).difference(given)
        looked = await tracking.looked_up(open_tools, [*given, *sorted(listed)], shift.display.begin, listed)
        tracked = await tracking.track(open_tools, looked.found, manager, desk.who())
        return [*map(told, tracked), *(left_out(*each) for each in looked.skipped.items())]

    answers = work(desk, settings, task, create=True)
    if not answers:
        answers = [Told("These accounts have no repositories that can be read.", {})]
    return tell_all(desk, answers, as_json=json)


def read(file: Path) -> list[str]:
    """Read the names in a file, one on each line.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"--file {file} cannot be read ({reason}): check its path.") from error
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def left_out(name: str, why: str) -> Told:
    """Say that a repository of an account's list cannot be kept."""
    said = why.removeprefix(f"While looking up {name}: ")
    return Told(f"{name}: skipped. {said}", {"repository": name, "outcome": "skipped", "why": why}, ExitCode.GAPS)


def told(tracked: "NowTracked") -> Told:
    """Say what came of one."""
    asked = queueing.told(tracked.name, tracked.repository_id, tracked.submitted)
    how = "tracked" if tracked.state_before != "active" else "was tracked already"
    former = f", which was {tracked.former_name}" if tracked.former_name else ""
    document = {**asked.document, "state_before": tracked.state_before, "former_name": tracked.former_name}
    said = asked.text.partition(": ")[2]
    return Told.of(f"{tracked.name}{former}: {how}; its capture is {said}", document, asked.code)
