"""Processes as holders of leases: a text that names one, and whether it still lives; leases are not known here."""

import socket
from pathlib import Path
from typing import Final

import psutil

SAME_START: Final = 2.0
"""Seconds by which two readings of one start time may differ: it is reckoned from the boot, whose time is adjusted."""


def holder(number: int = 0) -> str:
    """Name this process, or the given one of several that work within it: `host:pid:start time#number`."""
    process = psutil.Process()
    return f"{_host()}:{process.pid}:{process.create_time():.2f}#{number}"


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
