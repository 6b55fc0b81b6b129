"""`help`: what the program, or one of its commands, does; the words stand with each command."""

from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.operator import options
from progressive_capture.operator.telling import Told, tell_one

if TYPE_CHECKING:
    from progressive_capture.operator.desk import Desk


def help_(
    context: typer.Context,
    command: Annotated[str | None, typer.Argument(metavar="COMMAND", help="One command; without it, all.")] = None,
    *,
    json: options.Json = False,
) -> ExitCode:
    """Explain the program, or one of its commands."""
    from progressive_capture.operator.registry import COMMANDS  # noqa: PLC0415 - this command is part of it

    desk: Desk = context.obj
    root = context.find_root()
    group = root.command
    assert isinstance(group, TyperGroup)
    listed = [each for each in COMMANDS if each.program == root.info_name and command in {None, each.name}]
    if not listed:
        raise UsageError(f"No such command {command!r}: {root.info_name} help lists all.")
    text = root.get_help()
    if command is not None:
        found = group.commands[command]
        with type(context)(found, info_name=command, parent=root, **group.context_settings) as inner:
            text = found.get_help(inner)
    lines = [{"command": each.name, "danger": each.danger.value, "help": each.summary} for each in listed]
    return tell_one(desk, Told(text, {"program": root.info_name, "commands": lines}), as_json=json)
