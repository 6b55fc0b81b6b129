"""Holders: a text that names a process, and what is known of it from here."""

import os
import subprocess
import sys

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


@pytest.mark.parametrize(
    "text", ["elsewhere:1:1000.00#0", "", "inngest:run", "a:b:c", "job:attempt:1", "::", "x:99999999999999999999:1"]
)
def test_of_what_is_not_on_this_machine_nothing_is_known(text: str) -> None:
    assert not processes.is_gone(text)
