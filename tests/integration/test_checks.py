"""`make test` makes each of its targets, shows what each says, and says in the end which failed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT

COMMAND = [sys.executable, str(ROOT / "scripts" / "checks.py")]
TARGETS = ["lint", "imports", "tests", "types", "pythons"]
MAKE = """#!/bin/sh
echo "$1 begins"
case " {failing} " in *" $1 "*) exit 2 ;; esac
echo "$1 ends"
"""
MAKE_THAT_STAYS = """#!/bin/sh
echo $$ >>"$0.started"
exec sleep 600
"""


def _write(path: Path, script: str) -> Path:
    path.write_text(script)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("failing", [[], *([target] for target in TARGETS), ["lint", "types"]], ids="-".join)
def test_each_target_is_made_and_those_that_failed_are_named(tmp_path: Path, failing: list[str]) -> None:
    make = _write(tmp_path / "make", MAKE.format(failing=" ".join(failing)))
    made = subprocess.run([*COMMAND, make], capture_output=True, text=True, check=False, timeout=60)
    *told, last = made.stdout.splitlines()
    assert told == [
        f"{target} {word}" for target in TARGETS for word in (("begins",) if target in failing else ("begins", "ends"))
    ]
    assert last == (f"Failed: {', '.join(failing)}." if failing else f"All passed: {', '.join(TARGETS)}.")
    assert made.returncode == bool(failing)


def test_stopped_it_stops_what_it_started(tmp_path: Path) -> None:
    make = _write(tmp_path / "make", MAKE_THAT_STAYS)
    os.mkfifo(tmp_path / "make.started")
    run = subprocess.Popen([*COMMAND, make])
    with os.fdopen(os.open(tmp_path / "make.started", os.O_RDWR)) as started:
        pids = {int(started.readline()) for _ in range(3)}
    processes = [psutil.Process(pid) for pid in pids]
    run.send_signal(signal.SIGTERM)
    assert run.wait(60) == 128 + signal.SIGTERM
    _, alive = psutil.wait_procs(processes, timeout=60)
    assert alive == []
