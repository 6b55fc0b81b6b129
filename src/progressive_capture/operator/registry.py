"""The one list of operator commands: command lines and consoles are made from it; each command stands elsewhere."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from progressive_capture.domain.errors import ExitCode
from progressive_capture.operator.commands.analyze import analyze
from progressive_capture.operator.commands.capture import capture
from progressive_capture.operator.commands.console import console
from progressive_capture.operator.commands.help import help_
from progressive_capture.operator.commands.plan import plan
from progressive_capture.operator.commands.submit import submit
from progressive_capture.operator.commands.track import track
from progressive_capture.operator.commands.tracked import list_, pause, untrack
from progressive_capture.operator.commands.verify import verify
from progressive_capture.operator.commands.worker import worker


class Danger(StrEnum):
    """What a command may do to what others rely on."""

    NONE = "none"
    """It only reads."""
    CHANGES = "changes"
    """It asks for work, or changes what can be changed back by its counterpart."""
    DANGEROUS = "dangerous"
    """It stops or withdraws work: it says what will happen, wants a reason and asks, unless `--yes` is given."""


class Command(NamedTuple):
    """A command: its signature is its arguments and options, its docstring its help."""

    program: str
    """Which program offers it."""
    run: Callable[..., ExitCode]
    danger: Danger = Danger.NONE

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.run.__doc__ or "").partition("\n")[0]

    @property
    def name(self) -> str:
        """How it is called in a shell: `set-rollout`."""
        return self.method.replace("_", "-")

    @property
    def method(self) -> str:
        """How it is called in Python: `set_rollout`."""
        return self.run.__name__.strip("_")

    @property
    def camel_method(self) -> str:
        """How it is called in a browser's console, and by habit in Python's: `setRollout`."""
        first, *others = self.method.split("_")
        return first + "".join(map(str.title, others))


COMMANDS: Final = (
    Command("pc", capture, Danger.CHANGES),
    Command("pc", plan),
    Command("pc", verify),
    Command("pc", track, Danger.CHANGES),
    Command("pc", untrack, Danger.CHANGES),
    Command("pc", pause, Danger.CHANGES),
    Command("pc", list_),
    Command("pc", submit, Danger.CHANGES),
    Command("pc", worker, Danger.CHANGES),
    Command("pc", analyze),
    Command("pc", console),
    Command("pc", help_),
    Command("rollout", help_),
)
