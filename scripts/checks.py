"""Makes all that `make test` demands: what takes seconds first, then the tests, and the rest beside them.

What ran beside the tests is shown whole once they are done; the last line names the targets that failed.
"""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from tempfile import TemporaryFile
from typing import IO, Final

IN_SIGHT: Final = ("lint", "imports", "tests")
BESIDE: Final = ("types", "pythons")


class Making:
    """Targets that are being made; once stopped, none goes on."""

    def __init__(self, make: str) -> None:
        self._make = make
        self._started: list[subprocess.Popen[bytes]] = []
        self.stopped = 0
        """The signal that stopped us."""

    def start(self, target: str, output: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
        """Begin to make a target; with an `output` out of sight, in a session of its own."""
        unseen = output is not None
        errors = subprocess.STDOUT if unseen else None
        process = subprocess.Popen([self._make, target], stdout=output, stderr=errors, start_new_session=unseen)
        self._started.append(process)
        if self.stopped:
            self._end()
        return process

    def stop(self, number: int, _frame: object) -> None:
        """Hear a signal: end what runs."""
        self.stopped = number
        self._end()

    def _end(self) -> None:
        for process in self._started:
            with suppress(ProcessLookupError):  # it has just ended
                if process.poll() is None and os.getsid(process.pid) == process.pid:
                    os.killpg(process.pid, signal.SIGTERM)
                process.terminate()


def main(make: str) -> int:
    """Make everything; 1 when anything failed, as shells have it when a signal stopped us."""
    making = Making(make)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, making.stop)
    with ExitStack() as stack:
        outputs = {target: stack.enter_context(TemporaryFile()) for target in BESIDE}
        beside = {target: making.start(target, output) for target, output in outputs.items()}
        codes = {target: making.start(target).wait() for target in IN_SIGHT}
        for target, output in outputs.items():
            codes[target] = beside[target].wait()
            output.seek(0)
            sys.stdout.buffer.write(output.read())
    if making.stopped:
        return 128 + making.stopped
    failed = [target for target, code in codes.items() if code]
    print(f"Failed: {', '.join(failed)}." if failed else f"All passed: {', '.join(codes)}.")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
