"""A real stand-in, started as a user would: another process, a free port, stopped by its id."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

READY = "ready "
STOP_SECONDS = 60


@dataclass
class Running:
    """A stand-in that serves at `url`."""

    url: str
    process: subprocess.Popen[str]

    def client(self, token: str = "any", *, enterprise: bool = False) -> httpx.Client:
        """Make a client with `token` (empty: none)."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        base = self.url + ("/api/v3" if enterprise else "")
        return httpx.Client(base_url=base, headers=headers, timeout=30.0, trust_env=False)


Start = Callable[..., Running]


def start(*flags: str | Path) -> Running:
    """Start `github-sandbox serve` with `flags` on a free port and wait for its ready line."""
    command = [sys.executable, "-m", "github_sandbox", "serve", "--port", "0", *map(str, flags)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line.startswith(READY):
        _, errors = process.communicate()
        pytest.fail(f"the stand-in did not start: {line} {errors}")
    return Running(line.removeprefix(READY), process)


def stop(running: Running) -> str:
    """Stop it and give what it wrote to stderr: nothing, when all went well."""
    running.process.terminate()
    try:
        _, errors = running.process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        running.process.kill()
        running.process.communicate()
        raise
    return errors


@pytest.fixture(scope="module")
def serve() -> Iterator[Start]:
    """Start stand-ins with flags; each is stopped with the module, and must not have failed inside."""
    running: list[Running] = []

    def begin(*flags: str | Path) -> Running:
        running.append(start(*flags))
        return running[-1]

    yield begin
    errors = [stop(each) for each in running]
    assert not any(errors), errors


@pytest.fixture(scope="module")
def demo(serve: Start) -> Running:
    """A stand-in with a small generated repository, sandbox/demo, and the hostile ones."""
    return serve("--repo", "sandbox/demo=generate:60", "--repo", "hostile")
