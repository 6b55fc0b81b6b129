"""Stand-ins for GitHub: each a process of its own, on a free port of 127.0.0.1, stopped by its id."""

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.forking import Child, Spawner, unmeasured

READY = "ready "
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Whom clients of servers without TLS trust: reading the list of all authorities takes longer than many a test."""


@dataclass
class Running:
    """A stand-in that serves at `url`, and its process."""

    url: str
    process: Child

    def client(self, token: str = "any", *, enterprise: bool = False) -> httpx.Client:
        """Make a client with `token` (empty: none)."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        base = self.url + ("/api/v3" if enterprise else "")
        return httpx.Client(base_url=base, headers=headers, timeout=30.0, trust_env=False, verify=NO_AUTHORITIES)

    def stop(self) -> str:
        """Stop it; what went wrong with it, which is nothing when it lived until now and wrote no error."""
        ended = self.process.poll()
        self.process.terminate()
        _, errors = self.process.communicate()
        if ended is None and self.process.returncode == 0:
            return errors
        return f"it ended {'' if ended is None else 'by itself '}with code {self.process.returncode}: {errors}"


Start = Callable[..., Running]


def start(spawner: Spawner, *flags: str | Path) -> Running:
    """Run `github-sandbox serve` with `flags` on a free port and wait for its ready line.

    Its coverage is not measured: it serves faster, and units measure the same lines. What all of them work out is there
    when it is forked (`tests.support.alike`, which the spawner finds beside itself).
    """
    environment = unmeasured(os.environ)  # noqa: TID251 - a child's environment
    command = ["github-sandbox", "serve", "--port", "0", *map(str, flags)]
    process = spawner.start("github_sandbox.cli", ["alike"], command, Path.cwd(), environment)
    line = process.stdout.readline().strip()
    if not line.startswith(READY):
        _, errors = process.communicate()
        pytest.fail(f"the stand-in did not start: {line} {errors}")
    return Running(line.removeprefix(READY), process)
