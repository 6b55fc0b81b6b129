"""A test run that is killed leaves nothing behind: no worker, no stand-in, no PostgreSQL, no folder."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tests.conftest import ROOT
from tests.support.forking import unmeasured

HELD = """
import json
import os
import signal
from pathlib import Path

import psutil

from tests.conftest import FOLDER


def test_that_never_ends(pytestconfig, serve, pg_url):
    serve("--repo", "a/b=generate:1")
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    held = {each.pid: " ".join(each.cmdline()) for each in processes}
    Path(os.environ["TOLD"]).write_text(json.dumps({"folder": str(pytestconfig.stash[FOLDER]), "held": held}))
    signal.pause()
"""


def test_a_run_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "test_held.py").write_text(HELD)
    os.mkfifo(tmp_path / "told")
    options = ["-n", "1", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), str(tmp_path / "test_held.py")],
        cwd=ROOT,
        env=unmeasured(os.environ) | {"TOLD": str(tmp_path / "told")},  # noqa: TID251 - a child's environment
        stdout=subprocess.DEVNULL,
    )
    told = json.loads((tmp_path / "told").read_text())
    held = {psutil.Process(int(pid)): command for pid, command in told["held"].items()}
    run.send_signal(signal.SIGKILL)
    run.wait()
    commands = " ".join(held.values())
    assert all(name in commands for name in ("guard.py", "spawner.py", "bin/postgres"))
    _, alive = psutil.wait_procs(list(held), timeout=60)
    assert [held[each] for each in alive] == []
    assert not Path(told["folder"]).exists()
