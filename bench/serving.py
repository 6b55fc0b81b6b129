"""The servers that measurements run against, kept apart from what is measured; nothing is measured here."""

import json
import os
import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from tests.support import postgres, services

ROOT: Final = Path(__file__).resolve().parent.parent
DATA: Final = ROOT.parent / "shared" / "data"
PLENTY: Final = 1_000_000_000
"""Points that never run out: limits are not what is measured."""

TOKEN: Final = "made-up-for-the-sandbox"
_SETTINGS: Final = ("PC_", "GITHUB_", "GH_", "CONTRIBUTOR_", "DATABASE_URL")


@dataclass(frozen=True)
class Served:
    """A sandbox that answers at `url`."""

    url: str
    pid: int

    def stats(self) -> dict[str, Any]:
        """Requests, points and bytes since the last reset, as the sandbox counts them."""
        answer: dict[str, Any] = json.loads(self._ask("/_sandbox/stats"))
        return answer

    def reset(self) -> None:
        """Count from nothing again."""
        self._ask("/_sandbox/reset-stats", b"{}")

    def truth(self, repository: str) -> Iterator[dict[str, Any]]:
        """Everything that a perfect capture would hold."""
        with urllib.request.urlopen(f"{self.url}/_sandbox/truth/{repository}") as answer:  # noqa: S310 - our own server
            yield from map(json.loads, answer)

    def _ask(self, path: str, body: bytes | None = None) -> bytes:
        with urllib.request.urlopen(self.url + path, body) as answer:  # noqa: S310 - our own server
            content: bytes = answer.read()
            return content


def share_cores() -> set[int]:
    """Keep this process, and all that it starts from now on, off one core; that core, for the server.

    Nothing is kept apart where the system cannot, or has one core only.
    """
    if not hasattr(os, "sched_setaffinity"):
        return set()
    first, *others = sorted(os.sched_getaffinity(0))
    if others:
        os.sched_setaffinity(0, others)
    return {first}


@contextmanager
def sandbox(repositories: Sequence[str], *flags: str, core: set[int] | None = None) -> Iterator[Served]:
    """Run the sandbox with these `OWNER/NAME=SOURCE` while the body runs.

    Raises:
        RuntimeError: it did not start; what it says stands on standard error.
    """
    command = [sys.executable, "-m", "github_sandbox", "serve", "--port", "0", "--points", str(PLENTY), *flags]
    command += [word for repository in repositories for word in ("--repo", repository)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            if core:
                os.sched_setaffinity(server.pid, core)
            word, _, address = (server.stdout.readline() if server.stdout else "").strip().partition(" ")
            if word != "ready":
                raise RuntimeError("the sandbox did not start")
            yield Served(address, server.pid)
        finally:
            server.terminate()


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL of our own that flushes nothing, as in tests; yield its address up to the database's name.

    Raises:
        tests.support.postgres.Unavailable: there is none on this machine.
    """
    run = services.Run()
    try:
        server = postgres.start(run.folder)
        yield f"postgresql://{postgres.USER}:{server.password}@127.0.0.1:{server.port}/"
    finally:
        run.close()


@contextmanager
def database(server: str) -> Iterator[str]:
    """Make an empty database on a server of `postgresql()`; yield its address."""
    name = f"bench_{secrets.token_hex(8)}"
    with psycopg.connect(server + "postgres", autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield server + name
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def environment(**settings: str) -> dict[str, str]:
    """What a measured process gets: nothing that concerns GitHub but what is given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}  # noqa: TID251 - a child's environment
    return kept | settings


def capture_settings(url: str, database_url: str) -> dict[str, str]:
    """The settings of a capture of ours without pacing."""
    return {
        "PC_GITHUB_API_URL": url,
        "PC_GITHUB_TOKENS": TOKEN,
        "DATABASE_URL": database_url,
        "PC_GRAPHQL_PER_MINUTE": "0",
        "PC_REST_PER_MINUTE": "0",
    }
