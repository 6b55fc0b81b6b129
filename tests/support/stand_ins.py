"""Stand-ins for GitHub as processes of their own: started as a user would, or forked, which takes far less time."""

import json
import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx
import psutil
import pytest

READY = "ready "
STOP_SECONDS = 60
SPAWNER = Path(__file__).with_name("spawner.py")
TRACING = "COVERAGE_PROCESS_CONFIG"
"""What tells programs that we start to measure coverage. https://coverage.readthedocs.io/en/latest/subprocess.html"""


@dataclass
class Forked:
    """A child of the spawner; `errors` is where its standard error can be read."""

    child: psutil.Process
    errors: int

    def send_signal(self, number: int, /) -> None:
        """Send it a signal."""
        self.child.send_signal(number)

    def end(self) -> str:
        """Stop it and wait; what it wrote to standard error, which is nothing when all went well."""
        if not self.child.is_running() or self.child.status() == psutil.STATUS_ZOMBIE:
            return f"stand-in {self.child.pid} had ended by itself\n{self._read()}"
        self.child.terminate()
        return self._read()

    def _read(self) -> str:
        """Read until the process has ended, which closes the other end."""
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector, open(self.errors, "rb", buffering=0) as stream:  # noqa: PTH123 - it is a descriptor
            selector.register(stream, selectors.EVENT_READ)
            while selector.select(STOP_SECONDS):
                if not (part := stream.read(65_536)):
                    return b"".join(parts).decode()
                parts.append(part)
            self.child.kill()
        return f"stand-in {self.child.pid} did not end within {STOP_SECONDS} s\n{b''.join(parts).decode()}"


@dataclass
class Running:
    """A stand-in that serves at `url`, and its process."""

    url: str
    process: Forked

    def client(self, token: str = "any", *, enterprise: bool = False) -> httpx.Client:
        """Make a client with `token` (empty: none)."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        base = self.url + ("/api/v3" if enterprise else "")
        return httpx.Client(base_url=base, headers=headers, timeout=30.0, trust_env=False)


Start = Callable[..., Running]


class Spawner:
    """Forks stand-ins from a process that has imported them already; they end with it, and it ends with us."""

    def __init__(self) -> None:
        """Start that process; coverage is measured where stand-ins are tested, not where they only serve."""
        self._socket, theirs = socket.socketpair()
        environment = {name: value for name, value in os.environ.items() if name != TRACING}  # noqa: TID251 - a child's environment
        command = [sys.executable, str(SPAWNER), str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(command, env=environment, pass_fds=[theirs.fileno()])

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the process and what it forked."""
        self._socket.close()
        self._process.wait(STOP_SECONDS)

    def start(self, *flags: str | Path) -> Running:
        """Start a stand-in with `flags` on a free port and wait for its ready line."""
        arguments = ["serve", "--port", "0", *map(str, flags)]
        out, out_end = os.pipe()
        errors, errors_end = os.pipe()
        socket.send_fds(self._socket, [json.dumps(arguments).encode()], [out_end, errors_end])
        os.close(out_end)
        os.close(errors_end)
        process = Forked(psutil.Process(int(self._socket.recv(64))), errors)
        with open(out, encoding="utf-8") as answer:  # noqa: PTH123 - it is a descriptor
            line = answer.readline().strip()
        if not line.startswith(READY):
            pytest.fail(f"the stand-in did not start: {line} {process.end()}")
        return Running(line.removeprefix(READY), process)
