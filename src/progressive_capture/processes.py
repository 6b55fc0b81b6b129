"""Processes: a text that names one as the holder of a lease, whether it still lives, and what this one uses."""

import hashlib
import os
import socket
import threading
import time
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

import psutil

SAME_START: Final = 2.0
"""Seconds by which two readings of one start time may differ: it is reckoned from the boot, whose time is adjusted."""

NAMESPACE: Final = Path("/proc/self/ns/pid")
MACHINE_ID: Final = Path("/etc/machine-id")
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

FIRST_NAMESPACE: Final = 0xEFFFFFFC
"""The number of the room of processes that a Linux machine starts with, the same on all.
https://github.com/torvalds/linux/blob/master/include/linux/proc_ns.h"""


def holder(part: int | str = 0) -> str:
    """Name this process, or the given one of several that work within it: `host:pid:start time#part`."""
    return f"{_host()}:{_itself(os.getpid())}#{part}"


@cache
def _itself(pid: int) -> str:
    """The number and start time of this process, which a child that is forked later does not share."""
    return f"{pid}:{psutil.Process(pid).create_time():.2f}"


class Meter:
    """What this process uses, for whoever books it; safe for several threads.

    Jobs that run side by side share one process: each takes what was used since anybody took last, so that together
    they book all of it once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken_ms = 0
        self._process = psutil.Process()

    def take_cpu_ms(self) -> int:
        """Processor time of the process, in milliseconds, since somebody last asked."""
        with self._lock:
            used_ms = time.process_time_ns() // 1_000_000
            taken, self._taken_ms = used_ms - self._taken_ms, used_ms
            return taken

    def memory_bytes(self) -> int:
        """Memory of the process that is in RAM now, in bytes."""
        resident: int = self._process.memory_info().rss
        return resident


def is_gone(text: str) -> bool:
    """Whether a holder's process is known to be over: on another machine, nobody knows from here."""
    try:
        host, pid, started = text.partition("#")[0].rsplit(":", 2)
        number, start = int(pid), float(started)
    except ValueError:
        return False
    if host != _host():
        return False
    try:
        process = psutil.Process(number)
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        return abs(process.create_time() - start) > SAME_START
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _host() -> str:
    """This machine by name and identity, and the room of process numbers within it.

    Containers of one machine may have its name but number their processes apart; and two machines may have one name,
    with a first room that has the same number on all.
    https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
    """
    name = socket.gethostname()
    if not NAMESPACE.exists():
        return name
    room = NAMESPACE.stat().st_ino
    return f"{name}/{room}{_machine(is_first=room == FIRST_NAMESPACE)}"


def _machine(*, is_first: bool) -> str:
    """What tells this machine from others of its name; empty where nothing does.

    A machine's own id outlives its start, so that what was killed by a shutdown is known to be over. In a container
    the file may come from the image, and be the same on all machines: there the id of the kernel's start counts.
    https://man7.org/linux/man-pages/man5/machine-id.5.html asks not to tell the id itself to others.
    """
    for path in (MACHINE_ID, BOOT_ID) if is_first else (BOOT_ID,):
        try:
            number = UUID(path.read_text("ascii").strip())
        except (OSError, ValueError):
            continue
        return "." + hashlib.sha256(b"progressive-capture " + number.bytes).hexdigest()[:12]
    return ""
