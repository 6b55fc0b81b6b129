"""Runs Python programs by forking one process that has imported what they need; nothing of tests is known here.

Called as ``python spawner.py DESCRIPTOR``: a stream socket. Each line is a JSON object (`module`, whose `main` is
called; `imports`, made before forking and kept; `command`, `folder`, `environment`), sent with three descriptors:
standard output, standard error, and where the exit code is written, counted as `subprocess.Popen` does. The answer is a
line with the process id. When the caller closes its end, however it ended, every child is stopped.
"""

import contextlib
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import time
from typing import Any, NoReturn

import coverage

LONGEST_LINE = 1 << 18
STOP_SECONDS = 5.0


class Children:
    """The processes that run; each exit code is written as soon as there is one."""

    def __init__(self, caller: socket.socket) -> None:
        self._caller = caller
        self._answers: dict[int, int] = {}
        self._bell, ring = socket.socketpair()
        self._bell.setblocking(False)
        ring.setblocking(False)
        signal.set_wakeup_fd(ring.detach(), warn_on_full_buffer=False)
        # A handler runs in the midst of anything, also of an import; this one only lets the descriptor be written to.
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._selector.register(caller, selectors.EVENT_READ)

    def fork(self, order: dict[str, Any], out: int, errors: int, answer: int) -> int:
        """Start a program; its process id."""
        if (child := os.fork()) == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self._caller.detach()  # a program closes the descriptor, with all that are not its own
            self._selector.close()
            self._bell.close()
            _become(order, out, errors)
        self._answers[child] = answer
        os.close(out)
        os.close(errors)
        return child

    def wait_for_caller(self) -> None:
        """Tell of each end while the caller says nothing."""
        while not self._told(None):
            pass

    def stop(self) -> None:
        """End all in order, also who is held, and those by force that do not follow."""
        self._selector.unregister(self._caller)
        for numbers in ((signal.SIGTERM, signal.SIGCONT), (signal.SIGKILL,)):
            for number in numbers:
                for child in tuple(self._answers):
                    os.kill(child, number)
            latest = time.monotonic() + STOP_SECONDS
            while self._answers and (left := latest - time.monotonic()) > 0:
                self._told(left)

    def _told(self, seconds: float | None) -> bool:
        """Wait for the caller or a child's end, and tell of each end; whether the caller spoke."""
        spoke = [key.fileobj for key, _ in self._selector.select(seconds)]
        if self._bell in spoke:
            self._bell.recv(LONGEST_LINE)
            self._reap()
        return self._caller in spoke

    def _reap(self) -> None:
        for child in tuple(self._answers):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                answer = self._answers.pop(child)
                with contextlib.suppress(BrokenPipeError):  # the caller may be gone; the others are to be stopped
                    os.write(answer, f"{os.waitstatus_to_exitcode(status)}\n".encode())
                os.close(answer)


def _import(modules: list[str]) -> None:
    """Import what is not yet here, and let children share its memory, which no search for cycles writes to."""
    if new := [module for module in modules if module not in sys.modules]:
        for module in new:
            importlib.import_module(module)
        gc.collect()
        gc.freeze()


def _become(order: dict[str, Any], out: int, errors: int) -> NoReturn:
    """Be the program, as if it had been started: its streams, folder, environment, arguments and end."""
    for stream, number in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (errors, 2)):
        os.dup2(stream, number)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir(order["folder"])
    os.environ.clear()  # noqa: TID251 - it is a program's environment, not our settings
    os.environ.update(order["environment"])  # noqa: TID251 - as above
    sys.argv = order["command"]
    if "COVERAGE_PROCESS_CONFIG" in os.environ:  # noqa: TID251 - as above
        coverage.process_startup()
    importlib.import_module(order["module"]).main()
    sys.exit(0)


def main(descriptor: int) -> None:
    """Fork a child for each line until the caller is gone."""
    os.setsid()  # Ctrl-C is for the tests; they say when a program ends
    with socket.socket(fileno=descriptor) as caller:
        children = Children(caller)
        while True:
            children.wait_for_caller()
            line, descriptors, _, _ = socket.recv_fds(caller, LONGEST_LINE, 3)
            if not line:
                break
            order = json.loads(line)
            _import([order["module"], *order["imports"]])
            child = children.fork(order, *descriptors)
            caller.sendall(f"{child}\n".encode())
        children.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
