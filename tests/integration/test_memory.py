"""How a program of ours keeps its memory, as its C library tells."""

import platform
import subprocess
import sys

import pytest

ALLOCATE = """
import ctypes, sys, threading
from progressive_capture.operator.memory import keep_little
if sys.argv[1] == "ours":
    keep_little()
alive = threading.Barrier(5)
def work():
    kept = [bytes(2_000) for _ in range(1_000)]
    alive.wait()
    alive.wait()
    assert kept
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
alive.wait()
ctypes.CDLL(None).malloc_stats()
alive.wait()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives each thread an arena")
@pytest.mark.parametrize(("whose", "one"), [("ours", True), ("python's", False)])
def test_all_threads_take_memory_from_one_arena(whose: str, *, one: bool) -> None:
    command = [sys.executable, "-c", ALLOCATE, whose]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    arenas = [line for line in ran.stderr.splitlines() if line.startswith("Arena ")]
    assert (len(arenas) == 1) is one
