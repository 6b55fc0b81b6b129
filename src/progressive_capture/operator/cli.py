"""The command line, made from the registry; exceptions end here, and nothing else is done here."""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group

from progressive_capture.capture.report import Reporter
from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator.desk import Desk
from progressive_capture.operator.helping import HELP_OPTIONS, HelpfulCommand, HelpfulGroup
from progressive_capture.operator.memory import keep_little
from progressive_capture.operator.registry import COMMANDS

if TYPE_CHECKING:
    from progressive_capture.settings import Settings
    from progressive_capture.wiring import Wired


_EXIT_CODES: Final = "Exit codes: 0 complete, 1 failed, 2 usage, 3 gaps, 130 interrupted."

_HELP: Final = {
    "pc": "Keep a team's own database of GitHub pull requests complete, with proof that nothing is missing.",
    "rollout": "Decide which repositories use both processors, and withdraw when jobs fail.",
}


@cache
def application(program: str) -> TyperGroup:
    """Make the command line of a program; the registry does not change, so it is made once."""
    app = typer.Typer(
        name=program,
        cls=HelpfulGroup,
        help=f"{_HELP[program]}\n\n{_EXIT_CODES}",
        no_args_is_help=True,
        add_help_option=False,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": list(HELP_OPTIONS), "max_content_width": 100},
    )
    for command in COMMANDS:
        if command.program == program:
            app.command(command.name, cls=HelpfulCommand)(command.run)
    return get_group(app)


def run(arguments: Sequence[str], desk: Desk, program: str = "pc") -> int:
    """Run one command; its exit code. No exception leaves this."""
    try:
        answer = application(program)(list(arguments), prog_name=program, standalone_mode=False, obj=desk)
        desk.out.flush()
    except TyperException as error:
        return _usage(error, desk, program)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return _nobody_reads(desk)
    except Exception as error:  # noqa: BLE001 - the edge: every exception ends as a sentence
        from progressive_capture.operator.edge import tell  # noqa: PLC0415 - only an error needs it

        return tell(error, desk.err, subject=program).code
    return int(answer or ExitCode.COMPLETE)


def main(program: str = "pc") -> None:
    """Be a program."""
    keep_little()
    sys.exit(run(sys.argv[1:], Desk(sys.stdout, sys.stderr, _wire), program))


def rollout_main() -> None:
    """Be the program `rollout`."""
    main("rollout")


def _usage(error: TyperException, desk: Desk, program: str) -> int:
    """Tell a mistake in the command line; help that was asked for by giving no argument is no mistake of words."""
    from progressive_capture.operator.mistakes import sentence  # noqa: PLC0415 - only a mistake needs it

    said, context = sentence(error), getattr(error, "ctx", None)
    see = program if context is None else context.command_path
    stop = "" if said.endswith("?") else "."
    desk.warn(said if "\n" in said else f"{program}: {said}{stop} See {see} --help.")
    return ExitCode.USAGE


def _nobody_reads(desk: Desk) -> int:
    """Let the interpreter flush into nothing at its end.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), desk.out.fileno())
    return ExitCode.FAILED


def _wire(
    settings: "Settings",
    *,
    create: bool,
    reporter: Reporter,
    pause: Callable[[float], Awaitable[None]],
    stopping: Callable[[], bool],
) -> AbstractAsyncContextManager["Wired"]:
    from progressive_capture.wiring import wire  # noqa: PLC0415 - brings the database and HTTP with it

    return wire(settings, create=create, reporter=reporter, pause=pause, stopping=stopping)
