"""Steps are stopped in GitHub's order: SIGINT, SIGTERM, then killed; act is held meanwhile."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from github_sandbox.actions.stopping import Grace, kill_marked, kill_tree, stop_steps

# Stands for act: it has a step, notes each SIGINT of its own, and notes when the step has ended.
ACT = """
import signal, subprocess, sys
notes = open(sys.argv[1], "a", buffering=1)
signal.signal(signal.SIGINT, lambda *_: notes.write("act-int\\n"))
subprocess.run(["sh", "-c", sys.argv[2], sys.argv[1]])
notes.write("act-ended\\n")
"""
WORK = "; echo up >> $0; while :; do sleep 0.02; done"
POLITE = "trap 'echo int >> $0; exit 0' INT" + WORK
SLOW = "trap 'echo int >> $0' INT; trap 'echo term >> $0; exit 0' TERM" + WORK
DEAF = "trap 'echo int >> $0' INT; trap 'echo term >> $0' TERM" + WORK


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes"
    path.touch()
    return path


@contextlib.contextmanager
def act_with(step: str, notes: Path) -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-I", "-c", ACT, str(notes), step], start_new_session=True) as process:
        act = psutil.Process(process.pid)
        try:
            while "up" not in notes.read_text():
                assert process.poll() is None
            yield act
            process.wait(20)
        finally:
            kill_tree(act)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (POLITE, ["up", "int", "act-int", "act-ended"]),
        (SLOW, ["up", "int", "term", "act-int", "act-ended"]),
        (DEAF, ["up", "int", "term", "act-int", "act-ended"]),
    ],
    ids=["polite", "slow", "deaf"],
)
def test_each_signal_comes_in_its_turn_and_act_learns_last(notes: Path, step: str, said: list[str]) -> None:
    with act_with(step, notes) as act:
        (entry,) = act.children()
        asyncio.run(stop_steps(act, Grace(interrupt=0.4, terminate=0.4)))
    assert notes.read_text().split() == said
    assert not entry.is_running() or entry.status() == psutil.STATUS_ZOMBIE


def test_what_has_ended_already_is_no_error(notes: Path) -> None:
    with subprocess.Popen(["true"]) as process:
        gone = psutil.Process(process.pid)
    kill_tree(gone)
    asyncio.run(stop_steps(gone, Grace()))
    assert notes.read_text() == ""


def test_only_what_carries_the_mark_is_killed() -> None:
    commands = [["sleep", "60"]] * 2
    marked, other = (
        subprocess.Popen(command, env={"PATH": "/bin:/usr/bin", "GITHUB_SANDBOX_RUN": mark})
        for command, mark in zip(commands, ("mine:1", "theirs:1"), strict=True)
    )
    with marked, other:
        kill_marked("mine:1")
        assert marked.wait(20) == -signal.SIGKILL
        assert other.poll() is None
        other.kill()
