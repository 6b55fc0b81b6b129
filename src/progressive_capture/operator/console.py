"""The programs as Python objects, a method for each command of the registry; a call runs the command line it means."""

import io
import json as json_format
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, cast

from progressive_capture.operator.calling import command_line
from progressive_capture.operator.cli import application, run
from progressive_capture.operator.describing import Described, describe
from progressive_capture.operator.desk import Desk
from progressive_capture.operator.registry import COMMANDS

NAMES: Final = {"pc": "pc", "cap": "pc", "ProgressiveCapture": "pc", "rollout": "rollout"}
"""The objects at the prompt, and the program of each."""


class NoCommand(AttributeError):
    """A program has no command of that name."""


class Program:
    """One program: `rollout.set_rollout(50)` and `rollout.setRollout(50)` do what `rollout set-rollout 50` does."""

    def __init__(self, name: str, desk: Desk) -> None:
        """Work at a desk."""
        self._name, self._desk, self._group = name, desk, application(name)
        commands = [command for command in COMMANDS if command.program == name]
        self._commands = {command.method: command for command in commands}
        self._commands |= {command.camel_method: command for command in commands}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The method of a command: it writes the answer, or with `json=True` returns it."""
        command = self._commands.get(name)
        if command is None:
            raise NoCommand(f"{self._name} has no command {name}: {self._name}.help() lists all.")

        parameters = cast("list[Described]", self._group.commands[command.name].params)

        def call(*values: object, json: bool = False, **named: object) -> Any:  # noqa: ANN401 - a JSON document
            words = [command.name, *command_line(parameters, values, named)]
            return self._answer(words) if json else self._tell(words)

        describe(call, command.method, command.run.__doc__ or "", parameters)
        return call

    def __dir__(self) -> list[str]:
        """All commands, for completion at the prompt."""
        return sorted(self._commands)

    def __repr__(self) -> str:
        """What it is, and where to go on."""
        return f"<{self._name}: {self._name}.help() lists its commands>"

    def _tell(self, words: list[str]) -> None:
        run(words, self._desk, self._name)

    def _answer(self, words: list[str]) -> Any:  # noqa: ANN401 - a JSON document
        caught = io.StringIO()
        run([words[0], "--json", *words[1:]], replace(self._desk, out=caught), self._name)
        return json_format.loads(caught.getvalue() or "null")


def programs(desk: Desk) -> dict[str, Program]:
    """The objects of the prompt by their names."""
    made = {name: Program(name, desk) for name in dict.fromkeys(NAMES.values())}
    return {alias: made[name] for alias, name in NAMES.items()}
