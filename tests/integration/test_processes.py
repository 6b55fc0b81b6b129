"""Holders: a text that names a process, and what is known of it from here."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from progressive_capture import processes


def test_this_process_lives_under_each_of_its_numbers() -> None:
    assert processes.holder() != processes.holder(1)
    assert not processes.is_gone(processes.holder())
    assert not processes.is_gone(processes.holder(7))
    assert f":{os.getpid()}:" in processes.holder()


def test_a_process_that_ended_is_gone_before_and_after_it_is_reaped() -> None:
    code = "from progressive_capture import processes; print(processes.holder(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        holder = child.stdout.readline().strip()
        assert not processes.is_gone(holder)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet reaped
        assert processes.is_gone(holder)
    assert processes.is_gone(holder)


def test_a_number_that_was_given_to_another_process_is_not_that_process() -> None:
    host, pid, _ = processes.holder().partition("#")[0].rsplit(":", 2)
    assert processes.is_gone(f"{host}:{pid}:1000.00#0")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Be on a machine: what its files say, and whether this is its first room of process numbers."""

    def be(machine_id: str | None, boot_id: str | None, *, is_first: bool) -> None:
        for name, text in (("MACHINE_ID", machine_id), ("BOOT_ID", boot_id)):
            path = tmp_path / name
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(f"{text}\n")
            monkeypatch.setattr(processes, name, path)
        room = processes.NAMESPACE.stat().st_ino
        monkeypatch.setattr(processes, "FIRST_NAMESPACE", room if is_first else room + 1)

    return be


def ended() -> str:
    """A process of this machine, by what identifies it now, that is over."""
    host, pid, _ = processes.holder().partition("#")[0].rsplit(":", 2)
    return f"{host}:{pid}:1000.00#0"


A, B = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"

on_linux = pytest.mark.skipif(
    not processes.NAMESPACE.exists(), reason="elsewhere machines are told apart by name alone"
)


@on_linux
@pytest.mark.parametrize(
    ("then", "now", "is_first", "known"),
    [
        ((A, A), (A, A), True, True),
        ((A, A), (A, B), True, True),  # started again
        ((A, A), (B, A), True, False),
        ((None, A), (None, B), True, False),
        (("uninitialized", A), ("uninitialized", A), True, True),
        (("uninitialized", A), ("uninitialized", B), True, False),
        ((A, A), (B, A), False, True),  # a container of another image
        ((A, A), (A, B), False, False),
        ((None, None), (None, None), True, True),
    ],
)
def test_of_another_machine_of_the_same_name_nothing_is_known(
    machine: Callable[..., None],
    then: tuple[str | None, str | None],
    now: tuple[str | None, str | None],
    is_first: bool,  # noqa: FBT001 - a case
    known: bool,  # noqa: FBT001 - a case
) -> None:
    machine(*then, is_first=is_first)
    text = ended()
    machine(*now, is_first=is_first)
    assert processes.is_gone(text) is known
    assert A not in text


@on_linux
def test_of_what_an_earlier_version_named_nothing_is_known() -> None:
    host, *process = ended().rsplit(":", 2)
    assert not processes.is_gone(":".join([host.rpartition(".")[0], *process]))


@pytest.mark.parametrize(
    "text", ["elsewhere:1:1000.00#0", "", "inngest:run", "a:b:c", "job:attempt:1", "::", "x:99999999999999999999:1"]
)
def test_of_what_is_not_on_this_machine_nothing_is_known(text: str) -> None:
    assert not processes.is_gone(text)
