"""Ending processes in GitHub's order, by their ids; never which run they belong to.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "GITHUB_SANDBOX_RUN"
_LOOK = 0.05
_BREATH = 0.01
_LOOKS_A_BREATH = 4


@dataclass(frozen=True, slots=True)
class Grace:
    """Seconds that a step is left after SIGINT and after SIGTERM, and that steps with `always()` may then take."""

    interrupt: float = 7.5
    terminate: float = 2.5
    always: float = 300.0


async def stop_steps(act: psutil.Process, grace: Grace) -> None:
    """Stop the steps that run now, then tell `act` that the run is cancelled.

    Each step's entry process alone gets SIGINT, then SIGTERM; what is left after that is killed with all below it.
    `act` would kill a step at once, and would begin the next one as soon as a step ends, so it is suspended meanwhile.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        act.suspend()
        entries = act.children()
        for number, seconds in ((signal.SIGINT, grace.interrupt), (signal.SIGTERM, grace.terminate)):
            signal_all(entries, number)
            if await _gone(act, entries, seconds):
                break
        for entry in entries:
            kill_tree(entry)
        act.send_signal(signal.SIGINT)
        act.resume()


async def _gone(act: psutil.Process, entries: list[psutil.Process], seconds: float) -> bool:
    """Wait until all of `entries` have ended; let `act` read what they write now and then, or they could block."""
    loop = asyncio.get_running_loop()
    until, looks = loop.time() + seconds, 0
    while any(map(_runs, entries)):
        if loop.time() > until:
            return False
        looks += 1
        await asyncio.sleep(_LOOK)
        if looks % _LOOKS_A_BREATH == 0:
            act.resume()
            await asyncio.sleep(_BREATH)
            act.suspend()
    return True


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def signal_all(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Send a signal to those of `processes` that still run."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def kill_tree(process: psutil.Process) -> None:
    """Kill a process and all below it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        below = process.children(recursive=True)
        signal_all([process, *below], signal.SIGKILL)


def kill_marked(mark: str) -> None:
    """Kill every process of this user whose environment says that it belongs to a run whose mark begins with `mark`.

    Runners do the same for what a job leaves behind.
    """
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK, "").startswith(mark):
                process.kill()
