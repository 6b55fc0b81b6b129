"""How a program of ours keeps its memory: set once, before any thread is there."""

import contextlib
import ctypes
import gc
import sys
from typing import Final

COLLECT_AFTER: Final = (50_000, 20, 50)
"""When Python looks for cycles: a page makes ten thousand rows that hold none, and looking took a tenth of a capture.
https://docs.python.org/3/library/gc.html#gc.set_threshold"""

M_ARENA_MAX: Final = -8
"""glibc's number for how many arenas it may make."""


def keep_little() -> None:
    """Look for cycles seldom, and let all threads take memory from one arena.

    glibc gives each thread an arena of its own and keeps what was freed there: bodies of a megabyte that one thread
    reads and another stores leave holes in all of them. Other C libraries have one arena.
    https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    gc.set_threshold(*COLLECT_AFTER)
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # musl has no such thing to set
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
