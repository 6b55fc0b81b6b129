"""How a program of ours keeps its memory and shares out its time: set once, before any thread is there."""

import contextlib
import ctypes
import gc
import sys
from typing import Final

COLLECT_AFTER: Final = (50_000, 20, 50)
"""When Python looks for cycles: a page makes ten thousand rows that hold none, and looking took a tenth of a capture.
https://docs.python.org/3/library/gc.html#gc.set_threshold"""

HAND_OVER_SECONDS: Final = 0.001
"""How long a thread goes on while another wants its turn: with Python's own 5 ms a thread that stores a page kept the
next request from being sent, and its answer from being taken, until GitHub waited for us.
https://docs.python.org/3/library/sys.html#sys.setswitchinterval"""

M_ARENA_MAX: Final = -8
"""glibc's number for how many arenas it may make."""

M_MMAP_THRESHOLD: Final = -3
"""Its number for the bytes from which a block is the system's own, given back as soon as it is free."""

M_TRIM_THRESHOLD: Final = -1
"""Its number for the bytes that may lie free before some are given back."""

KEPT_BYTES: Final = 16 * 1024 * 1024
"""Freed memory that is kept for the next answer; one block of more is the system's at once."""


def keep_little() -> None:
    """Look for cycles seldom, let threads take turns soon, and let all of them take memory from one arena.

    glibc gives each thread an arena of its own and keeps what was freed there: bodies of a megabyte that one thread
    reads and another stores leave holes in all of them. And it gives every buffer of 128 KiB back to the system, which
    then has to make each page of the next one anew, for as much time as reading an answer takes. Other C libraries have
    one arena.
    https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    gc.set_threshold(*COLLECT_AFTER)
    sys.setswitchinterval(HAND_OVER_SECONDS)
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # musl has no such thing to set
            set_option = ctypes.CDLL(None).mallopt
            for option, value in ((M_ARENA_MAX, 1), (M_MMAP_THRESHOLD, KEPT_BYTES), (M_TRIM_THRESHOLD, KEPT_BYTES)):
                set_option(option, value)
