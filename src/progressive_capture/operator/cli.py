"""The command line, made from the registry; exceptions end here, and nothing else is done here."""

import gc
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException
from typer.main import get_group

from progressive_capture.capture.report import Reporter
from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator.desk import Desk
from progressive_capture.operator.registry import COMMANDS

if TYPE_CHECKING:
    from typer._click.formatting import HelpFormatter

    from progressive_capture.settings import Settings
    from progressive_capture.wiring import Wired


_EXIT_CODES: Final = "Exit codes: 0 complete, 1 failed, 2 usage, 3 gaps, 130 interrupted."

_HELP: Final = {
    "pc": "Keep a team's own database of GitHub pull requests complete, with proof that nothing is missing.",
    "rollout": "Decide which repositories use both processors, and withdraw when jobs fail.",
}

_HELP_OPTIONS: Final = ("-h", "--help")

COLLECT_AFTER: Final = (50_000, 20, 50)
"""When Python looks for cycles: a page makes ten thousand rows that hold none, and looking took a tenth of a capture.
https://docs.python.org/3/library/gc.html#gc.set_threshold"""


class _Group(TyperGroup):
    """A program that answers `--help` and `--version` itself: an option of Typer's, left out, would load pydantic."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override] # Typer's own class
        """Answer what stands in front of any command."""
        if args and args[0] in _HELP_OPTIONS:
            typer.echo(ctx.get_help())
            ctx.exit()
        if args[:1] == ["--version"]:
            from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked for

            typer.echo(f"{ctx.info_name} {version('progressive-capture')}")
            ctx.exit()
        return super().parse_args(ctx, args)

    def format_options(self, ctx: typer.Context, formatter: "HelpFormatter") -> None:  # type: ignore[override] # as above
        """List both before the commands."""
        options = [("--version", "Show the version and exit."), ("-h, --help", "Show this message and exit.")]
        with formatter.section("Options"):
            formatter.write_dl(options)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: typer.Context, formatter: "HelpFormatter") -> None:  # type: ignore[override] # as above
        """List what each command does in a whole sentence: Typer cuts them off at the width of a line."""
        rows = [(name, (self.commands[name].help or "").partition("\n")[0]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def application(program: str) -> TyperGroup:
    """Make the command line of a program."""
    app = typer.Typer(
        name=program,
        cls=_Group,
        help=f"{_HELP[program]}\n\n{_EXIT_CODES}",
        no_args_is_help=True,
        add_help_option=False,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": list(_HELP_OPTIONS), "max_content_width": 100},
    )
    for command in COMMANDS:
        if command.program == program:
            app.command(command.name)(command.run)
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
    gc.set_threshold(*COLLECT_AFTER)
    sys.exit(run(sys.argv[1:], Desk(sys.stdout, sys.stderr, _wire), program))


def rollout_main() -> None:
    """Be the program `rollout`."""
    main("rollout")


def _usage(error: TyperException, desk: Desk, program: str) -> int:
    """Tell a mistake in the command line; help that was asked for by giving no argument is no mistake of words."""
    from progressive_capture.operator.mistakes import sentence  # noqa: PLC0415 - only a mistake needs it

    said, context = sentence(error), getattr(error, "ctx", None)
    see = program if context is None else context.command_path
    desk.warn(said if "\n" in said else f"{program}: {said}. See {see} --help.")
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
