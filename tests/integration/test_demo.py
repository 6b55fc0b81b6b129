"""The README's first command: from nothing to a proven capture, with no token and no network."""

import os
import runpy
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def _demonstrate(folder: Path) -> subprocess.CompletedProcess[str]:
    programs = Path(sys.executable).parent
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "demo.py"],
        cwd=folder,
        env={"PATH": f"{programs}:{os.defpath}", "GITHUB_TOKEN": "the caller's own"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_demonstration_is_complete_and_can_be_repeated(tmp_path: Path) -> None:
    for run in ("first", "again"):
        shown = _demonstrate(tmp_path)
        assert shown.returncode == 0, f"{run}: {shown.stdout}{shown.stderr}"
        assert "complete, no gaps" in shown.stdout, run
    database = sqlite3.connect(tmp_path / "progressive-capture.db")
    try:
        # By host, because the address is another one where the usual port is taken.
        kept = database.execute(
            "SELECT count(*) FROM pull_requests WHERE deleted_at IS NULL GROUP BY host_id"
        ).fetchall()
        assert set(kept) == {(500,)}
    finally:
        database.close()


@pytest.mark.parametrize(("address", "told"), [("http://127.0.0.1:8901", False), ("http://127.0.0.1:38901", True)])
def test_another_address_than_the_usual_one_is_explained(address: str, *, told: bool) -> None:
    demo = runpy.run_path(str(ROOT / "scripts" / "demo.py"))
    assert ("Another program listens at port 8901" in demo["introduction"](address)) is told
