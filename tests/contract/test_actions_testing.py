"""The run that does nothing, by its row; GitHub is what the test says it is."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from progressive_capture.domain.errors import UsageError
from progressive_capture.engines.actions.testing import LOOKS, leave_row, send_through
from progressive_capture.github.actions import Started, WorkflowRun
from progressive_capture.store.database import Database

NONCE = "0123456789abcdef"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


QUEUED, RUNNING = WorkflowRun(7, "queued"), WorkflowRun(7, "in_progress")


def ended(conclusion: str) -> WorkflowRun:
    return WorkflowRun(7, "completed", conclusion)


@dataclass
class Runs:
    """One run, whose states come one after the other, the last for ever."""

    states: list[WorkflowRun | None]
    id: int | None = 7
    asked: int = 0
    started: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def start(self, file: str, inputs: dict[str, str]) -> Started:
        self.started.append((file, inputs))
        return Started(self.id)

    async def run(self, run_id: int) -> WorkflowRun | None:
        assert run_id == 7
        self.asked += 1
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def link(self, run_id: int) -> str:
        return f"https://github.example/o/jobs/actions/runs/{run_id}"


def sent(database: Database, runs: Runs, *, row_after: int | None) -> str:
    """What it comes to, with the row there after so many pauses; good news begins with `+`."""
    pauses = 0

    async def pause(_seconds: float) -> None:
        nonlocal pauses
        pauses += 1
        if pauses == row_after:
            await asyncio.to_thread(leave_row, database, NONCE, "runner", NOW)

    finding = asyncio.run(send_through(runs, database, NONCE, pause))
    return f"{'+' if finding.is_good else '-'}{finding.why}"


def test_a_run_that_leaves_its_row_has_come_through(database: Database) -> None:
    runs = Runs([QUEUED, RUNNING])
    assert sent(database, runs, row_after=2) == "+The workflow ran, and its row is in the database."
    assert runs.started == [("pc-test.yml", {"nonce": NONCE})]
    assert runs.asked == 3


def test_rows_of_other_tests_are_not_taken_for_it(database: Database) -> None:
    leave_row(database, NONCE[::-1], "runner", NOW)
    assert sent(database, Runs([ended("failure")]), row_after=None).startswith(
        "-The workflow failed, and left no row. See"
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (ended("success"), "does its DATABASE_URL name another database?"),
        (ended("cancelled"), "The workflow was cancelled"),
        (None, "The workflow is gone"),
    ],
)
def test_a_run_that_ended_without_its_row_is_told_of(database: Database, state: WorkflowRun | None, said: str) -> None:
    runs = Runs([RUNNING, state])
    told = sent(database, runs, row_after=None)
    assert told.startswith("-")
    assert said in told
    assert "https://github.example" in told
    assert runs.asked == 2


def test_a_run_that_never_begins_is_given_up(database: Database) -> None:
    runs = Runs([QUEUED])
    assert "is there a runner for it?" in sent(database, runs, row_after=LOOKS)
    assert runs.asked == LOOKS


def test_a_run_that_nobody_can_name_is_waited_for_by_its_row_alone(database: Database) -> None:
    runs = Runs([None], id=None)
    assert sent(database, runs, row_after=1).startswith("+")
    assert runs.asked == 0


def test_what_is_no_nonce_leaves_no_row(database: Database) -> None:
    with pytest.raises(UsageError, match="is no nonce"):
        leave_row(database, "'; drop table", "runner", NOW)
