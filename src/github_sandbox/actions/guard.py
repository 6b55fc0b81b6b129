"""A process that outlives the stand-in for a moment, to end its runs and remove their folder; never starts anything.

It waits for the end of its standard input, which comes when the stand-in stops, however it does.
"""

from __future__ import annotations

import shutil
import signal
import sys

from github_sandbox.actions.stopping import kill_marked


def main() -> None:
    """Wait, then kill what carries the mark (first argument) and remove the folder (second argument)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # who stops the stand-in's group means the stand-in
    _, mark, folder = sys.argv
    sys.stdin.buffer.read()
    kill_marked(mark)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
