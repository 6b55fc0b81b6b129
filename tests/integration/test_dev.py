"""`make dev`: sandbox, web and worker run together, work, and are all gone after Ctrl-C, or when one of them ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Everything, in a folder of its own, as far as it says that all is running."""
    programs = Path(sys.executable).parent
    process = subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "dev.py"],
        cwd=tmp_path,
        env={"PATH": f"{programs}:{os.defpath}", "GITHUB_TOKEN": "the caller's own", "INNGEST_EVENT_KEY": "as well"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "all is running" in line:
                assert "with PC_GITHUB_API_URL=http://127.0.0.1:" in line
                break
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def children(process: subprocess.Popen[str]) -> list[psutil.Process]:
    found = psutil.Process(process.pid).children(recursive=True)
    assert {"serve", "worker"} <= {word for child in found for word in child.cmdline()}
    return found


@pytest.mark.parametrize("why", ["Ctrl-C", pytest.param("the worker dies", marks=pytest.mark.faults)])
def test_all_run_and_end_together(running: subprocess.Popen[str], why: str) -> None:
    started = children(running)
    if why == "Ctrl-C":
        running.send_signal(signal.SIGINT)
    else:
        (worker,) = [child for child in started if "worker" in child.cmdline()]
        worker.kill()
    shown, _ = running.communicate(timeout=60)
    assert running.returncode == (0 if why == "Ctrl-C" else 1)
    assert ("stopping" if why == "Ctrl-C" else "worker has ended, so all others are stopped") in shown
    assert [child for child in started if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
