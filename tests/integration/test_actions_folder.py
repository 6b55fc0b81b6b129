"""`pc workflows render` and `check --dir` in folders of the test's own."""

import io
import json
import stat
from pathlib import Path

import pytest

from progressive_capture.engines.actions.rendering import MARK, render
from progressive_capture.operator.cli import run
from progressive_capture.operator.desk import Desk
from progressive_capture.wiring import wire


class Counter:
    """Runs `pc workflows`; what it says."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()

    def run(self, *arguments: str | Path) -> int:
        return run(["workflows", *map(str, arguments)], Desk(self.out, self.err, wire))


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_what_is_rendered_is_found_current(counter: Counter, tmp_path: Path) -> None:
    folder = tmp_path / "clone" / ".github" / "workflows"
    assert counter.run("render", "--out", folder) == 0
    assert {path.name: path.read_text() for path in folder.iterdir()} == render()
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}
    assert counter.run("check", "--dir", folder) == 0
    assert f"All {len(render())} files are as this version renders them." in counter.out.getvalue()


def test_rendering_again_writes_only_what_differs(counter: Counter, tmp_path: Path) -> None:
    counter.run("render", "--out", tmp_path)
    (tmp_path / "bulk-capture.yml").write_text(MARK + "name: of an earlier version\n")
    (tmp_path / "pc-test.yml").unlink()
    (tmp_path / "ci.yml").write_text("name: not ours, and not in the way\n")
    assert counter.run("check", "--dir", tmp_path) == 1
    assert "NOT OK  files: missing: pc-test.yml; different: bulk-capture.yml. Run `pc workf" in counter.out.getvalue()
    assert f"pc workflows render --out {tmp_path} --force`" in counter.out.getvalue()
    counter.out.truncate(0)
    counter.out.seek(0)
    assert counter.run("render", "--out", tmp_path) == 2
    assert "--force writes bulk-capture.yml anew" in counter.err.getvalue()
    assert not (tmp_path / "pc-test.yml").exists()
    assert counter.run("render", "--out", tmp_path, "--force", "--json") == 0
    told = json.loads(counter.out.getvalue())
    assert told["written"] == ["bulk-capture.yml", "pc-test.yml"]
    assert (tmp_path / "ci.yml").read_text() == "name: not ours, and not in the way\n"


def test_schedules_are_rendered_when_asked_for_and_are_no_difference(counter: Counter, tmp_path: Path) -> None:
    assert counter.run("render", "--out", tmp_path, "--schedule") == 0
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == render(scheduled=True)
    assert counter.run("check", "--dir", tmp_path) == 0


def test_files_of_others_are_never_overwritten(counter: Counter, tmp_path: Path) -> None:
    (tmp_path / "historical-pr-sync.yml").write_text("name: mine\n")
    assert counter.run("render", "--out", tmp_path) == 2
    assert "move historical-pr-sync.yml out of the way" in counter.err.getvalue()
    assert [path.name for path in tmp_path.iterdir()] == ["historical-pr-sync.yml"]


def test_folders_that_cannot_be_used_are_refused_in_a_sentence(counter: Counter, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert counter.run("render", "--out", tmp_path / "file") == 1
    assert counter.run("render", "--out", tmp_path / "file" / "below") == 1
    assert counter.run("check", "--dir", tmp_path / "absent") == 2
    assert counter.run("render") == 2
    said = counter.err.getvalue()
    assert said.count("cannot be written") == 2
    assert "absent is no folder" in said
    assert "Which folder? Give it by --out." in said
    assert "Traceback" not in said
