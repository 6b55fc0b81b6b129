"""Writes docs/reference/job-states.md anew from the table of transitions; with `--check` it only compares."""

import sys
from pathlib import Path
from typing import Final

from progressive_capture.domain.jobs import FINAL, TRANSITIONS, JobState

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "reference" / "job-states.md"

HEAD: Final = """# States of a job

Made by `make docs` from the table of transitions (`TRANSITIONS` in `progressive_capture/domain/jobs.py`), which also
makes the guards in SQL: no statement moves a job along a way that is not here, and none leads out of a final state.

"""

MEANINGS: Final = {
    JobState.PENDING: "waits to be dispatched or claimed, at once, at a time, or until a lane is open to it",
    JobState.DISPATCHED: "handed to an engine that has not begun; it has a deadline, not a lease",
    JobState.PROCESSING: "a runner works on it and renews its lease at every page",
    JobState.FAILED: "an attempt failed; it awaits its retry",
    JobState.COMPLETED: "all of it is stored, or recorded as a gap",
    JobState.DEAD: "no attempt is left, or none could help; an operator's retry is a new job",
    JobState.CANCELLED: "somebody cancelled it; what it stored is kept",
}

WAYS: Final = {
    (JobState.PENDING, JobState.DISPATCHED): "handed to an engine",
    (JobState.PENDING, JobState.PROCESSING): "claimed on this machine",
    (JobState.PENDING, JobState.CANCELLED): "cancelled",
    (JobState.DISPATCHED, JobState.PROCESSING): "its runner begins",
    (JobState.DISPATCHED, JobState.PENDING): "its run is gone",
    (JobState.DISPATCHED, JobState.CANCELLED): "cancelled",
    (JobState.PROCESSING, JobState.COMPLETED): "done",
    (JobState.PROCESSING, JobState.FAILED): "failed, attempts left",
    (JobState.PROCESSING, JobState.DEAD): "failed for good",
    (JobState.PROCESSING, JobState.CANCELLED): "cancelled, stops at its next page",
    (JobState.PROCESSING, JobState.PENDING): "a wait, a time limit, a lost runner",
    (JobState.FAILED, JobState.PENDING): "its retry is due",
    (JobState.FAILED, JobState.CANCELLED): "cancelled",
}


def rendered() -> str:
    """The whole document: the diagram, and what the states and the ways between them mean."""
    ways = [(before, after) for before in JobState for after in JobState if after in TRANSITIONS[before]]
    diagram = [
        "stateDiagram-v2",
        f"    [*] --> {JobState.PENDING}",
        *(f"    {before} --> {after}: {WAYS[before, after]}" for before, after in ways),
        *(f"    {state} --> [*]" for state in JobState if state in FINAL),
    ]
    rows = [f"| `{state}` | {'final' if state in FINAL else 'open'} | {MEANINGS[state]} |" for state in JobState]
    return "\n".join(
        [
            HEAD + "```mermaid",
            *diagram,
            "```",
            "",
            "| state | | meaning |",
            "| --- | --- | --- |",
            *rows,
            "",
            "An open job holds its key: a second job for the same work on the same repository cannot be opened.",
            "",
        ]
    )


def main() -> int:
    """Write the document, or say that it is old."""
    if "--check" not in sys.argv[1:]:
        DOCUMENT.write_text(rendered(), encoding="utf-8")
        return 0
    if DOCUMENT.read_text(encoding="utf-8") == rendered():
        return 0
    print(f"{DOCUMENT.name} is not what the table of transitions says: run 'make docs'.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
