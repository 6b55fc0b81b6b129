"""`pc workflows`: the workflows of GitHub Actions rendered, compared, tried out and installed; how stands elsewhere."""

import secrets
import shutil
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator import checking, options
from progressive_capture.operator.desk import Desk, Shift, at_store, work
from progressive_capture.operator.names import repository_names
from progressive_capture.operator.telling import Told, tell_one

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from progressive_capture.engines.actions.api import ActionsApi
    from progressive_capture.engines.checks import Finding
    from progressive_capture.settings import Settings
    from progressive_capture.wiring import Wired

NOT_SET: Final = "# PC_INSTALL is not set by these: what installs pc on a runner is given by --install-command."


class Action(StrEnum):
    """What can be done with workflows."""

    RENDER = "render"
    CHECK = "check"
    TEST = "test"
    INSTALL = "install"
    NOTE = "note"


def workflows(
    context: typer.Context,
    action: Annotated[Action, typer.Argument(metavar="render|check|test|install|note", help="What to do.")],
    target: Annotated[
        str | None, typer.Argument(metavar="OWNER/NAME", help="The repository that has them; else by setting.")
    ] = None,
    *,
    folder: Annotated[
        Path | None, typer.Option("--out", "--dir", metavar="DIR", help="The folder to render to, or to check.")
    ] = None,
    schedule: Annotated[
        bool, typer.Option("--schedule", help="Those of the rollout run by themselves; each run bills a minute.")
    ] = False,
    install_command: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="What installs pc on a runner: the variable PC_INSTALL.")
    ] = None,
    print_only: Annotated[
        bool, typer.Option("--print", help="Only say by which commands it would be installed.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Render also over files that were changed since they were rendered.")
    ] = False,
    json: options.Json = False,
) -> ExitCode:
    """Render, check, test or install the workflows of GitHub Actions.

    render: writes them to --out; files of others are never overwritten, and those that were rendered and are not as
    this version renders them only by --force. check: says which are missing or differ in
    --dir, or in a repository, and what is not set there; exit code 1 when something is wanting. test: dispatches a run
    that does nothing, and waits for its row. install: commits them and sets secrets and variables from the settings
    here, by GitHub's gh; without it, says by which commands. note: what the test's workflow runs.
    """
    desk: Desk = context.obj
    tasks: Mapping[Action, Callable[[], Told]] = {
        Action.RENDER: lambda: _render(_folder(folder, "--out"), schedule=schedule, force=force),
        Action.CHECK: lambda: _check_folder(folder) if folder else _ask(desk, target, _check, create=True),
        Action.TEST: lambda: _ask(desk, target, _test, create=False),
        Action.INSTALL: lambda: _install(target, schedule=schedule, command=install_command, print_only=print_only),
        Action.NOTE: lambda: _note(desk, target),
    }
    return tell_one(desk, tasks[action](), as_json=json)


def _folder(given: Path | None, option: str) -> Path:
    if given is None:
        raise UsageError(f"Which folder? Give it by {option}.")
    return given


def _render(folder: Path, *, schedule: bool, force: bool) -> Told:
    from progressive_capture.engines.actions import files  # noqa: PLC0415 - not needed for --help

    done = files.write(folder, scheduled=schedule, force=force)
    text = f"{folder}: {len(done.written)} written, {len(done.unchanged)} as they were."
    return Told.of(text, {"folder": done.folder, "written": done.written, "unchanged": done.unchanged})


def _check_folder(folder: Path) -> Told:
    from progressive_capture.engines.actions import files  # noqa: PLC0415 - not needed for --help
    from progressive_capture.engines.actions.checking import finding_of  # noqa: PLC0415 - as above

    compared = files.compare(files.lying_in(folder))
    force = " --force" if compared.different else ""
    return checking.told([finding_of(compared, f"Run `pc workflows render --out {folder}{force}`.")])


def _ask(
    desk: Desk, target: str | None, ask: "Callable[[Shift, ActionsApi], Awaitable[list[Finding]]]", *, create: bool
) -> Told:
    """Ask a repository something, by the credential that starts its workflows."""
    from progressive_capture.engine_wiring import actions_api  # noqa: PLC0415 - not needed for --help
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    given = Settings.read()
    settings = given.model_copy(update={"actions_repository": _repository(target, given)})

    async def task(shift: Shift) -> Told:
        async with shift.works.tools_of_actions() as tools:
            return checking.told(await ask(shift, actions_api(settings, tools)))

    return work(desk, settings, task, create=create)


async def _check(_shift: Shift, api: "ActionsApi") -> "list[Finding]":
    from progressive_capture.engines.actions.checking import check  # noqa: PLC0415 - not needed for --help

    return await check(api, api.owner_name)


async def _test(shift: Shift, api: "ActionsApi") -> "list[Finding]":
    from progressive_capture.engines.actions.testing import send_through  # noqa: PLC0415 - not needed for --help

    return [await send_through(api, shift.works.database, secrets.token_hex(8), shift.stop.pause)]


def _note(desk: Desk, nonce: str | None) -> Told:
    from progressive_capture import processes  # noqa: PLC0415 - not needed for --help
    from progressive_capture.engines.actions import testing  # noqa: PLC0415 - as above
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    def task(works: "Wired") -> None:
        testing.leave_row(works.database, nonce or "", processes.holder("test"), works.clock.now())

    at_store(desk, Settings.read(), task, create=False)
    return Told("Noted: the test came through.", {"nonce": nonce})


def _install(target: str | None, *, schedule: bool, command: str | None, print_only: bool) -> Told:
    from progressive_capture.engines.actions import installing  # noqa: PLC0415 - not needed for --help
    from progressive_capture.operator.installation import installation  # noqa: PLC0415 - as above
    from progressive_capture.settings import Settings  # noqa: PLC0415 - as above

    settings = Settings.read()
    wanted = installation(settings, _repository(target, settings), scheduled=schedule, install=command)
    program = shutil.which("gh")
    if program is None or print_only:
        lines = installing.commands(wanted)
        why = "GitHub's gh is not here; these are the commands:\n" if program is None else ""
        return Told(why + "\n".join(lines if command else [*lines, NOT_SET]), {"commands": lines})
    done = installing.Gh(program, installing.run).install(wanted)
    commit = f"commit {done.commit}" if done.commit else "no commit, the files were current"
    text = (
        f"{wanted.repository}: {commit}; secrets {', '.join(done.secrets)}; variables {', '.join(done.variables)}.\n"
        f"Next: pc workflows test {wanted.repository}"
    )
    return Told.of(text, {"repository": wanted.repository, "installed": done})


def _repository(target: str | None, settings: "Settings") -> str:
    """The repository that is meant, by its name.

    Raises:
        UsageError: it is named neither here nor by the settings, or that is no name.
    """
    given = target or settings.actions_repository
    if given is None:
        raise UsageError("Which repository? Give it as owner/name, or set PC_ACTIONS_REPOSITORY.")
    return repository_names([given], settings.github_api_url)[0]
