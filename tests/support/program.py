"""The program `pc` as a user runs it: a process of its own, in an environment that holds nothing of ours."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from progressive_capture.settings import Settings, names
from tests.support.forking import LONGEST_SECONDS, Child, Spawner, unmeasured

TOKEN = "ghp_" + "madeup" * 6
SETTINGS = {name for setting in Settings.model_fields for name in names(setting)}
COMMAND = [sys.executable, "-m", "progressive_capture"]
IMPORTED_LATE = [
    "alembic.command",
    "alembic.config",
    "progressive_capture.operator.logs",
    "progressive_capture.operator.progress_plain",
    "progressive_capture.wiring",
    "rich.progress",
    "typer._adapters",
]


@dataclass
class Program:
    """Runs `pc` with the given settings, in a folder of its own."""

    folder: Path
    spawner: Spawner
    settings: dict[str, str] = field(default_factory=dict)
    measured: bool = True
    """Whether its coverage is."""

    def environment(self) -> dict[str, str]:
        """What a process gets: nothing that is set outside counts."""
        kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}  # noqa: TID251 - a child's environment
        return (kept if self.measured else unmeasured(kept)) | self.settings

    def run(self, *arguments: str, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; with something put `before` it, as a new process and not a forked one."""
        if before:
            return subprocess.run(
                [*before, *COMMAND, *arguments],
                cwd=self.folder,
                env=self.environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_SECONDS,
            )
        child = self.start(*arguments)
        out, errors = child.communicate()
        return subprocess.CompletedProcess(arguments, child.wait(), out, errors)

    def start(self, *arguments: str) -> Child:
        """Start a command."""
        module = "progressive_capture.operator.cli"
        return self.spawner.start(module, IMPORTED_LATE, ["pc", *arguments], self.folder, self.environment())

    def answer(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run a command about one repository with `--json`; what it says, having ended with `code`."""
        ran = self.run(*arguments, "--json")
        assert ran.returncode == code, ran.stderr + ran.stdout
        document = json.loads(ran.stdout)
        assert document["exit_code"] == code
        (repository,) = document["repositories"]
        found: dict[str, Any] = repository
        return found


def wait_for(process: Child, words: str) -> str:
    """Read what a process writes to standard error up to the line that holds `words`."""
    seen = ""
    for line in process.stderr:
        seen += line
        if words in line:
            return line
    raise AssertionError(f"it ended without saying {words!r}:\n{seen}")
