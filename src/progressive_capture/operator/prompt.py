"""The Python prompt of `pc console`: where its lines come from and go to; what can be called stands in the console."""

import code
import sys
from contextlib import suppress

from progressive_capture.operator.calling import CallMistake
from progressive_capture.operator.console import NoCommand, programs
from progressive_capture.operator.desk import Desk

BANNER = "pc, cap, ProgressiveCapture and rollout: pc.help() and rollout.help() list the commands. Ctrl-D leaves."


class Prompt(code.InteractiveConsole):
    """Reads from a desk's input, with a line editor where a person types."""

    def __init__(self, desk: Desk) -> None:
        """Offer the programs."""
        super().__init__({**programs(desk)})
        self._desk = desk

    def raw_input(self, prompt: str = "") -> str:
        """A line.

        Raises:
            EOFError: there are no more.
        """
        if self._desk.has_terminal:
            return input(prompt)
        line = self._desk.inp.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")

    def showtraceback(self) -> None:
        """A mistake in a call is one sentence; of all else Python tells where it happened."""
        error = sys.exc_info()[1]
        if isinstance(error, NoCommand | CallMistake):
            self.write(f"{error}\n")
        else:
            super().showtraceback()

    def write(self, data: str) -> None:
        """Write beside the answers."""
        self._desk.err.write(data)


def interact(desk: Desk) -> None:
    """Answer lines until there are no more."""
    if desk.has_terminal:
        with suppress(ImportError):
            import readline  # noqa: F401, PLC0415 - history and completion come by importing it; not on every system
    Prompt(desk).interact(BANNER if desk.has_terminal else "", exitmsg="")
