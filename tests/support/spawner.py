"""Forks stand-ins from one process that has imported all they need; nothing of tests is known here.

Called as ``python spawner.py DESCRIPTOR``: a stream socket. For each line, a JSON list of arguments sent together with
two descriptors (standard output and standard error), a child runs `github-sandbox` with them, and the answer is a line
with its process id. When the caller closes its end, however it ended, every child is stopped.
"""

import gc
import json
import os
import signal
import socket
import sys
import time
import traceback
from typing import NoReturn

from github_sandbox import cli

LONGEST_LINE = 65_536
STOP_SECONDS = 5.0
LOOK_EVERY = 0.02


def _run(arguments: list[str], out: int, errors: int) -> NoReturn:
    """Be the command, as if it had been started: its standard streams, its exit code."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(errors, 2)
    os.closerange(3, max(out, errors) + 1)
    code: object = 0
    try:
        cli.main(arguments)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - it is told as Python itself would, and nothing of the parent may run on
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def _fork(caller: socket.socket, arguments: list[str], out: int, errors: int) -> int:
    child = os.fork()
    if child == 0:
        caller.close()
        _run(arguments, out, errors)
    os.close(out)
    os.close(errors)
    return child


def _ended(children: set[int]) -> set[int]:
    return {child for child in children if os.waitpid(child, os.WNOHANG) != (0, 0)}


def _stop(children: set[int]) -> None:
    """End the children in order, and those by force that do not follow."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for child in children:
            os.kill(child, number)
        latest = time.monotonic() + STOP_SECONDS
        while children and time.monotonic() < latest:
            children -= _ended(children)
            time.sleep(LOOK_EVERY)


def main(descriptor: int) -> None:
    """Fork a child for each line until the caller is gone."""
    os.setsid()  # Ctrl-C is for the tests; they say when a stand-in ends
    gc.collect()
    gc.freeze()  # children share this memory as long as nobody writes to it
    children: set[int] = set()
    with socket.socket(fileno=descriptor) as caller:
        while True:
            line, descriptors, _, _ = socket.recv_fds(caller, LONGEST_LINE, 2)
            children -= _ended(children)
            if not line:
                break
            children.add(child := _fork(caller, json.loads(line), *descriptors))
            caller.sendall(f"{child}\n".encode())
    _stop(children)


if __name__ == "__main__":
    main(int(sys.argv[1]))
