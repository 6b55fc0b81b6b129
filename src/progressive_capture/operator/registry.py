"""The one list of operator commands, from which the command line is made; each command stands in its own file."""

from collections.abc import Callable
from typing import Final, NamedTuple

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator.commands.capture import capture
from progressive_capture.operator.commands.plan import plan
from progressive_capture.operator.commands.verify import verify


class Command(NamedTuple):
    """A command: its signature is its options, its docstring its help."""

    program: str
    """Which program offers it."""
    run: Callable[..., ExitCode]

    @property
    def name(self) -> str:
        """How it is called."""
        return self.run.__name__.replace("_", "-")


COMMANDS: Final = (
    Command("pc", capture),
    Command("pc", plan),
    Command("pc", verify),
)
