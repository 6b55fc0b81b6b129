"""Captures sandbox/demo from the built-in GitHub stand-in, with no token, no network and no GitHub setting of yours."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final

REPOSITORY: Final = "sandbox/demo"
# The address is part of a repository's identity: the same port each time makes the second run an incremental one.
USUAL_PORT: Final = 8901
STOP_SECONDS: Final = 10
MADE_UP_TOKEN: Final = "made-up-for-the-sandbox"  # noqa: S105 - it opens nothing
# A real token must not reach a server that is not GitHub, nor a real address this demonstration.
GITHUB_SETTINGS: Final = ("PC_", "GITHUB_", "GH_", "CONTRIBUTOR_")


def environment(address: str) -> dict[str, str]:
    """Return this process's environment, with all that concerns GitHub replaced by the stand-in's address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(GITHUB_SETTINGS)}  # noqa: TID251 - a child's environment, no setting of ours
    return kept | {"PC_GITHUB_API_URL": address, "PC_GITHUB_TOKENS": MADE_UP_TOKEN}


def port() -> int:
    """Return the usual port when nobody listens there, else 0: any free one."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", USUAL_PORT))
        except OSError:
            return 0
    return USUAL_PORT


@contextmanager
def sandbox() -> Iterator[str]:
    """Serve the stand-in while the body runs; yield its address."""
    server = subprocess.Popen(
        ["github-sandbox", "serve", "--port", str(port())],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the capture, which ends its page first
    )
    try:
        word, _, address = (server.stdout.readline() if server.stdout else "").strip().partition(" ")
        if word != "ready":
            sys.exit("The sandbox did not start; it says why above.")
        yield address
    finally:
        server.terminate()
        try:
            server.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.communicate()


def main() -> int:
    """Capture the demonstration repository; return the exit code of ``pc capture``."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with sandbox() as address:
        print(introduction(address), flush=True)
        capture = subprocess.Popen(["pc", "capture", REPOSITORY, *sys.argv[1:]], env=environment(address))
        try:
            return wait_for(capture)
        finally:
            capture.terminate()


def introduction(address: str) -> str:
    """Say what is captured, and why it is not at the usual address."""
    said = f"{REPOSITORY} is made up, and served at {address} by the built-in GitHub stand-in."
    if not address.endswith(f":{USUAL_PORT}"):
        said += f" Another program listens at port {USUAL_PORT}: at this other address all is captured anew."
    return said


def wait_for(capture: subprocess.Popen[bytes]) -> int:
    """Wait for a process that gets each Ctrl-C as we do, and stops in its own time; return its exit code."""
    while True:
        with suppress(KeyboardInterrupt):
            return capture.wait()


if __name__ == "__main__":
    sys.exit(main())
