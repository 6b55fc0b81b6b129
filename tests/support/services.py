"""Servers that all workers of one test run share: started by the first that asks, stopped with the run."""

import fcntl
import json
import os
import pwd
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psutil

GUARD = Path(__file__).with_name("guard.py")
STOP_SECONDS = 20
SERVER_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Server:
    """Where a running server answers on 127.0.0.1, and the guard process that will stop it."""

    port: int
    password: str
    guard_pid: int


class Run:
    """The life of one test run: a folder, and a lock on ``alive`` within it that ends every guard when released."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="capture-tests-"))
        self.folder.chmod(0o711)  # servers run as another user when the tests run as root
        self._alive: IO[str] = (self.folder / "alive").open("w", encoding="utf-8")
        fcntl.flock(self._alive, fcntl.LOCK_EX)

    def close(self) -> None:
        """Release the lock, wait for the guards to end, remove the folder."""
        guards = [json.loads(state.read_text())["guard_pid"] for state in self.folder.glob("*.json")]
        self._alive.close()
        for guard in guards:
            try:
                psutil.Process(guard).wait(STOP_SECONDS)
            except psutil.NoSuchProcess:
                continue
        shutil.rmtree(self.folder, ignore_errors=True)


def follow(folder: Path) -> None:
    """End this worker as soon as its run is over, however that ended: nobody would collect what it still finds out.

    Guards and spawners, which have sessions of their own, see by themselves that we are gone.
    """

    def wait() -> None:
        with (folder / "alive").open(encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        for child in psutil.Process().children():
            if os.getsid(child.pid) == os.getsid(0):
                child.terminate()
        os._exit(1)

    threading.Thread(target=wait, name="follows the run", daemon=True).start()


def shared(folder: Path, name: str, start: Callable[[], Server]) -> Server:
    """Return the server of this name, started by the first worker that calls."""
    state = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if state.exists():
            return Server(**json.loads(state.read_text()))
        server = start()
        state.touch(mode=0o600)
        state.write_text(json.dumps(asdict(server)))
        return server


def guarded(folder: Path, directory: Path, command: Sequence[str | Path], *, marker: str, stop: str) -> int:
    """Start the command under a guard, wait until its log says `marker`, and return the guard's process id."""
    arguments = [sys.executable, GUARD, folder / "alive", marker, stop, account() or "", directory, *command]
    reading, writing = os.pipe()
    # Not Popen, which warns when it is forgotten while its process lives, as this one is meant to.
    guard = os.posix_spawn(
        sys.executable,
        [str(argument) for argument in arguments],
        SERVER_ENVIRONMENT,
        file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1)],
    )
    os.close(writing)
    with open(reading, encoding="utf-8") as answer:  # noqa: PTH123 - it is a descriptor
        first = answer.readline()
        if first == "ready\n":
            return guard
        os.kill(guard, signal.SIGTERM)
        raise RuntimeError(f"{command[0]} did not start:\n{first}{answer.read()}")


def account() -> str | None:
    """Name the user that servers run as: PostgreSQL and PgBouncer refuse root; anybody else runs them as themselves."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def own_directory(folder: Path, name: str) -> Path:
    """Make a directory that belongs to the user that servers run as."""
    directory = folder / name
    directory.mkdir(mode=0o700)
    if user := account():
        shutil.chown(directory, user)
    return directory


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
