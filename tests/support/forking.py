"""Python programs as processes of their own that begin at once: forked from one that has imported what they need."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

SPAWNER = Path(__file__).with_name("spawner.py")
LONGEST_SECONDS = 120.0
MEASURED = "COVERAGE_PROCESS_CONFIG"
"""Tells a program to measure its coverage. https://coverage.readthedocs.io/en/latest/subprocess.html"""


def unmeasured(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which programs run at full speed, without coverage."""
    return {name: value for name, value in environment.items() if name != MEASURED}


@contextmanager
def programs_unmeasured() -> Iterator[None]:
    """Let programs that are started meanwhile run at full speed.

    Coverage sets the variable whenever it starts, so it must not start before the last of them has: it may run on
    inside, and may be paused or stand still.
    """
    asked = os.environ.pop(MEASURED, None)  # noqa: TID251 - a child's environment
    try:
        yield
    finally:
        if asked is not None:
            os.environ[MEASURED] = asked  # noqa: TID251 - as above


@dataclass
class Child:
    """A process that the spawner forked, used like one of `subprocess.Popen`."""

    pid: int
    stdout: TextIO
    stderr: TextIO
    exit_code: int
    """The descriptor that the exit code is read from, once."""
    returncode: int | None = None

    def wait(self, timeout: float = LONGEST_SECONDS) -> int:
        """Wait for its end; the exit code, negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it lives on.
        """
        if self.returncode is not None:
            return self.returncode
        with selectors.DefaultSelector() as selector:
            selector.register(self.exit_code, selectors.EVENT_READ)
            if not selector.select(timeout):
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
        with open(self.exit_code, encoding="ascii") as answer:  # noqa: PTH123 - it is a descriptor
            self.returncode = int(answer.read())
        return self.returncode

    def poll(self) -> int | None:
        """Return the exit code, None while it lives."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it by force."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = LONGEST_SECONDS) -> tuple[str, str]:
        """Wait for its end and give what it wrote; if it takes too long it is killed, as its exit code then says."""
        limit = threading.Timer(timeout, os.kill, (self.pid, signal.SIGKILL))
        limit.start()
        try:
            with self.stdout, self.stderr, ThreadPoolExecutor(1) as reader:
                errors = reader.submit(self.stderr.read)
                written = self.stdout.read(), errors.result()
            self.wait(timeout)
        finally:
            limit.cancel()
        return written


class Spawner:
    """The process that programs are forked from; they end with it, and it ends with us."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(SPAWNER), str(theirs.fileno())],
                env=unmeasured(os.environ),  # noqa: TID251 - a child's environment
                pass_fds=[theirs.fileno()],
            )

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the process and what it forked."""
        self._socket.close()
        self._process.wait(LONGEST_SECONDS)

    def start(
        self, module: str, imports: Sequence[str], command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> Child:
        """Run a module's `main` with `command` as its arguments, in a folder and an environment.

        `imports` names what it imports late, which is imported once for all.
        """
        (out, out_end), (errors, errors_end), (code, code_end) = os.pipe(), os.pipe(), os.pipe()
        order = {
            "module": module,
            "imports": [*imports],
            "command": [*command],
            "folder": str(folder),
            "environment": dict(environment),
        }
        socket.send_fds(self._socket, [json.dumps(order).encode()], [out_end, errors_end, code_end])
        for end in (out_end, errors_end, code_end):
            os.close(end)
        pid = int(self._socket.recv(64))
        return Child(pid, os.fdopen(out, encoding="utf-8"), os.fdopen(errors, encoding="utf-8"), code)
