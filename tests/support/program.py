"""The program `pc` as a user runs it: a process of its own, in an environment that holds nothing of ours."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from progressive_capture.settings import Settings, names

TOKEN = "ghp_" + "madeup" * 6
SETTINGS = {name for setting in Settings.model_fields for name in names(setting)}
COMMAND = [sys.executable, "-m", "progressive_capture"]
LONGEST_SECONDS = 120


@dataclass
class Program:
    """Runs `pc` with the given settings, in a folder of its own."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    """Put before every command."""

    def environment(self) -> dict[str, str]:
        """What a process gets: nothing that is set outside counts."""
        kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}  # noqa: TID251 - a child's environment
        return kept | self.settings

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [*self.before, *COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [*self.before, *COMMAND, *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def answer(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        """Run a command about one repository with `--json`; what it says, having ended with `code`."""
        ran = self.run(*arguments, "--json")
        assert ran.returncode == code, ran.stderr + ran.stdout
        document = json.loads(ran.stdout)
        assert document["exit_code"] == code
        (repository,) = document["repositories"]
        found: dict[str, Any] = repository
        return found


def wait_for(process: subprocess.Popen[str], words: str) -> str:
    """Read what a process writes to standard error up to the line that holds `words`."""
    assert process.stderr is not None
    seen = ""
    for line in process.stderr:
        seen += line
        if words in line:
            return line
    raise AssertionError(f"it ended without saying {words!r}:\n{seen}")
