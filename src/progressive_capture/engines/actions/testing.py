"""A run that does nothing, end to end: dispatched, and followed until its row is in the database or it has failed."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Protocol

from progressive_capture.domain.errors import UsageError
from progressive_capture.engines import trials
from progressive_capture.engines.actions.catalog import TEST as WORKFLOW
from progressive_capture.engines.actions.engine import state_of
from progressive_capture.engines.checks import Finding
from progressive_capture.github.actions import Started, WorkflowRun
from progressive_capture.queue.engine import RunState
from progressive_capture.store.database import Database

TEST: Final = "actions-test"
"""The duty under whose name tests leave their rows."""

LOOKS: Final = 120
LOOK_EVERY: Final = 5.0
"""Seconds between two looks for the row that a test leaves: ten minutes together, as runners may be busy."""

_WHY: Final = {
    RunState.SUCCEEDED: "The workflow ran, but its row is not here: does its DATABASE_URL name another database?",
    RunState.FAILED: "The workflow failed, and left no row.",
    RunState.CANCELLED: "The workflow was cancelled, and left no row.",
    RunState.GONE: "The workflow is gone, and left no row.",
}

_NONCE: Final = re.compile(r"[0-9a-f]{8,64}")


class Runs(Protocol):
    """Starts a workflow and asks what became of it; `ActionsApi` does."""

    async def start(self, file: str, inputs: dict[str, str]) -> Started:
        """Start a workflow, once."""
        ...

    async def run(self, run_id: int) -> WorkflowRun | None:
        """One run as it is now; None where there is none any more."""
        ...

    def link(self, run_id: int) -> str:
        """Where people see a run and its logs."""
        ...


def leave_row(database: Database, nonce: str, holder: str, now: datetime) -> None:
    """Note that a test ran, as the workflow of the test does.

    Raises:
        UsageError: the nonce is none.
        StoreError: the database cannot be written.
    """
    if not _NONCE.fullmatch(nonce):
        raise UsageError(f"{nonce!r} is no nonce: `pc workflows test` makes one, and its workflow repeats it.")
    trials.leave(database, TEST, nonce, holder, now)


async def send_through(
    runs: Runs, database: Database, nonce: str, pause: Callable[[float], Awaitable[None]]
) -> Finding:
    """Dispatch the workflow that does nothing, and wait for its row.

    Raises:
        EngineUnreachable: nobody knows whether it was dispatched, or what became of it.
        EngineRefused: it was not dispatched.
        StoreError: the database cannot be read.
    """
    run_id = (await runs.start(WORKFLOW.file, {"nonce": nonce})).workflow_run_id
    shown = "" if run_id is None else f" See {runs.link(run_id)}."
    for look in range(LOOKS):
        state = await _state(runs, run_id)
        # Read after its run was: a run that has ended has written what it was to write.
        if await asyncio.to_thread(trials.has_come, database, TEST, nonce):
            return Finding("test", is_good=True, why="The workflow ran, and its row is in the database.")
        if state in _WHY:
            return Finding("test", is_good=False, why=_WHY[state] + shown)
        if look + 1 < LOOKS:
            await pause(LOOK_EVERY)
    why = f"The workflow was dispatched, and no row came of it within ten minutes: is there a runner for it?{shown}"
    return Finding("test", is_good=False, why=why)


async def _state(runs: Runs, run_id: int | None) -> RunState:
    """What is known of a run; nothing where the server did not tell its id."""
    if run_id is None:
        return RunState.UNKNOWN
    run = await runs.run(run_id)
    return RunState.GONE if run is None else state_of(run)
