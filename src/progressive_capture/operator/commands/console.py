"""`pc console`: a Python prompt at which every command is a method; the commands themselves stand elsewhere."""

from typing import TYPE_CHECKING

import typer

from progressive_capture.domain.errors import ExitCode

if TYPE_CHECKING:
    from progressive_capture.operator.desk import Desk


def console(context: typer.Context) -> ExitCode:
    """Open a Python prompt with `pc`, `cap`, `ProgressiveCapture` and `rollout`.

    Each command is a method, `rollout.setRollout(50)` or `rollout.set_rollout(50)`: arguments in their order, options
    by name, `json=True` for the answer as a value. Ctrl-D leaves.
    """
    from progressive_capture.operator.prompt import interact  # noqa: PLC0415 - not needed for --help

    desk: Desk = context.obj
    interact(desk)
    return ExitCode.COMPLETE
