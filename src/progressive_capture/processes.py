"""Processes: a text that names one as the holder of a lease, whether it still lives, and what this one uses."""

import socket
import threading
import time
from pathlib import Path
from typing import Final

import psutil

SAME_START: Final = 2.0
"""Seconds by which two readings of one start time may differ: it is reckoned from the boot, whose time is adjusted."""


def holder(part: int | str = 0) -> str:
    """Name this process, or the given one of several that work within it: `host:pid:start time#part`."""
    process = psutil.Process()
    return f"{_host()}:{process.pid}:{process.create_time():.2f}#{part}"


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
    """This machine, and the room of process numbers within it: containers may share a host name, not numbers.

    https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
    """
    name = socket.gethostname()
    namespace = Path("/proc/self/ns/pid")
    return f"{name}/{namespace.stat().st_ino}" if namespace.exists() else name
