"""`pc` on a terminal: the bar is drawn and removed, and the cursor comes back however it ends."""

import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.forking import Spawner
from tests.support.program import COMMAND, TOKEN, Program
from tests.support.stand_ins import Running, Start

NAME = "sandbox/demo"
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture(scope="module")
def github(serve: Start) -> Running:
    return serve("--repo", f"{NAME}=generate:120", "--latency-ms", "100")


@pytest.fixture
def pc(tmp_path: Path, spawner: Spawner, github: Running) -> Program:
    settings = {"PC_GITHUB_API_URL": github.url, "PC_GITHUB_TOKEN": TOKEN, "TERM": "xterm", "COLUMNS": "120"}
    return Program(tmp_path, spawner, settings)


def on_a_terminal(pc: Program, *arguments: str, until: str = "", signals: int = 0) -> tuple[int, str, str]:
    """Run a command drawing on a terminal; send SIGINT when `until` is drawn. Its exit code, output, and drawing."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=pc.folder, env=pc.environment(), stdout=subprocess.PIPE, stderr=theirs, text=True
    )
    os.close(theirs)
    drawn = ""
    try:
        while part := os.read(ours, 65_536).decode(errors="replace"):
            drawn += part
            if signals and until in drawn:
                process.send_signal(signal.SIGINT)
                until, signals = "Stopping after this page", signals - 1
    except OSError:  # the terminal's other end is closed: the process has ended
        pass
    finally:
        os.close(ours)
    out, _ = process.communicate(timeout=60)
    return process.returncode, out, drawn


def test_the_bar_is_drawn_and_removed(pc: Program) -> None:
    code, out, drawn = on_a_terminal(pc, "capture", NAME)
    assert code == 0
    assert out.startswith(f"{NAME}: complete")
    for words in ("reading", "of 120 pull requests", "points left", "a second"):
        assert words in drawn
    assert drawn.rfind(SHOW) > drawn.rfind(HIDE) > -1


@pytest.mark.parametrize("signals", [1, 2])
def test_the_cursor_comes_back_when_stopped(pc: Program, signals: int) -> None:
    code, _, drawn = on_a_terminal(pc, "capture", NAME, until="reading", signals=signals)
    assert code == 130
    assert drawn.rfind(SHOW) > drawn.rfind(HIDE) > -1
