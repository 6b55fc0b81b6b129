"""Forked programs are processes like any other: streams, exit codes, signals; and none outlives its spawner."""

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.support.forking import MEASURED, Child, Spawner, programs_unmeasured
from tests.support.stand_ins import start

ONE_REPOSITORY = ("--repo", "a/b=generate:1")


def pc(spawner: Spawner, folder: Path, *arguments: str) -> Child:
    return spawner.start("progressive_capture.operator.cli", [], ["pc", *arguments], folder, {"PATH": "/usr/bin:/bin"})


def test_a_program_has_its_own_arguments_folder_streams_and_exit_code(spawner: Spawner, tmp_path: Path) -> None:
    shown = pc(spawner, tmp_path, "--version")
    out, errors = shown.communicate()
    assert (shown.returncode, errors) == (0, "")
    assert out.startswith("pc ")
    refused = pc(spawner, tmp_path, "verify", "no-name")
    out, errors = refused.communicate()
    assert (refused.returncode, out) == (2, "")
    assert "owner/name" in errors


@pytest.mark.parametrize("before", [None, "a configuration"])
def test_programs_are_unmeasured_meanwhile_and_then_as_before(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    if before is None:
        monkeypatch.delenv(MEASURED, raising=False)
    else:
        monkeypatch.setenv(MEASURED, before)
    with programs_unmeasured():
        assert MEASURED not in os.environ  # noqa: TID251 - a child's environment
    assert os.environ.get(MEASURED) == before  # noqa: TID251 - as above


# Asked when the file is imported, for within a test the variable is what this file is about.
@pytest.mark.skipif(
    MEASURED not in os.environ,  # noqa: TID251 - coverage's own variable, not a setting of ours
    reason="coverage does not run, so that no program is measured",
)
def test_programs_of_a_test_that_is_not_measured_are_not_measured_either() -> None:
    assert MEASURED not in os.environ  # noqa: TID251 - a child's environment


def test_a_stand_in_that_cannot_start_fails_the_test_in_its_own_words(spawner: Spawner) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"github-sandbox: .*no-equals-sign"):
        start(spawner, "--repo", "no-equals-sign")


def test_a_stand_in_that_ended_by_itself_is_told(spawner: Spawner) -> None:
    running = start(spawner, *ONE_REPOSITORY)
    running.process.kill()
    assert running.process.wait() == -signal.SIGKILL
    assert running.stop() == f"it ended by itself with code {-signal.SIGKILL}: "


def test_what_lives_is_waited_for_and_stopped_in_order(spawner: Spawner) -> None:
    running = start(spawner, *ONE_REPOSITORY)
    assert running.process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        running.process.wait(0)
    assert running.stop() == ""


def test_nothing_outlives_its_spawner() -> None:
    with Spawner() as spawner:
        running = start(spawner, *ONE_REPOSITORY)
        held = start(spawner, *ONE_REPOSITORY)
        held.process.send_signal(signal.SIGSTOP)
        forgotten = start(spawner, *ONE_REPOSITORY)
        processes = [psutil.Process(each.process.pid) for each in (running, held, forgotten)]
        os.close(forgotten.process.exit_code)
        for stream in (forgotten.process.stdout, forgotten.process.stderr):
            stream.close()
    assert not any(each.is_running() for each in processes)
    for each in (running, held):
        each.process.communicate()
    assert (running.process.returncode, held.process.returncode) == (0, 0)
