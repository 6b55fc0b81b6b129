"""Runs one server for as long as a test run lives; it knows nothing of what it runs.

Called as ``python guard.py ALIVE MARKER SIGNAL ACCOUNT DIRECTORY COMMAND…``. The test run holds a lock on the file
ALIVE, which the kernel lets go however the run ends, also by SIGKILL. Then the server, which ran as ACCOUNT (empty: as
we do), gets SIGNAL, and ALIVE's folder is removed. ``ready`` is printed as soon as the server's own log says MARKER.
When it never does, only DIRECTORY is removed.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

STOP_SECONDS = 10


def _announce(log: IO[str], marker: str) -> None:
    """Read the log to its end; answer ``ready`` at the marker, or the log itself when the marker never comes."""
    seen: list[str] = []
    for line in log:
        if marker in line:
            _answer("ready\n")
            break
        seen.append(line)
    else:
        _answer("".join(seen))
    for _ in log:
        pass  # a full pipe would stop the server


def _answer(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _stop(server: subprocess.Popen[str], signal_name: str) -> None:
    server.send_signal(signal.Signals[signal_name])
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def main(alive: str, marker: str, signal_name: str, account: str, directory: str, *command: str) -> None:
    """Run the command until nobody holds the lock on `alive` any more."""
    os.setsid()  # Ctrl-C is for the tests; the guard follows when they are gone
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = subprocess.Popen(
        command, user=account or None, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        threading.Thread(target=_announce, args=(server.stderr, marker), daemon=True).start()
        with Path(alive).open(encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
        directory = str(Path(alive).parent)
    finally:
        _stop(server, signal_name)
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
