"""What becomes of a job of which nobody has heard, by what its engine says of its run; pure rules, nothing is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from progressive_capture.queue.engine import RunState

FORGOTTEN: Final = timedelta(hours=2)
"""How long a job may be silent whose engine is not set up here any more."""


class Verdict(StrEnum):
    """What is done with it."""

    LEFT = "left"
    """Nothing: somebody has it, or may have it."""
    BACK = "back"
    """It goes back in line; that is no failure."""
    STOPPED = "stopped"
    """The same, and its run is told to stop."""
    FAILED = "failed"
    """Its attempt has failed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long an engine is waited for; see `Engine`."""

    unknown_for: timedelta = FORGOTTEN
    queued_for: timedelta = FORGOTTEN


_URGENCY: Final = (
    RunState.RUNNING,
    RunState.QUEUED,
    RunState.UNKNOWN,
    RunState.FAILED,
    RunState.SUCCEEDED,
    RunState.CANCELLED,
    RunState.GONE,
)
"""Of the states of a job's shards, which one tells of the job: while one may be at work, the job may be."""


def of_job(states: Iterable[RunState]) -> RunState:
    """Tell the state of a job from those of its shards; of none it is unknown."""
    return min(states, key=_URGENCY.index, default=RunState.UNKNOWN)


def judge(state: RunState, silent_for: timedelta, limits: Limits) -> Verdict:
    """Say what becomes of a job, by the state of its run and by how long nobody has heard of it."""
    match state:
        case RunState.RUNNING:
            return Verdict.LEFT
        case RunState.QUEUED:
            return Verdict.STOPPED if silent_for >= limits.queued_for else Verdict.LEFT
        case RunState.UNKNOWN:
            return Verdict.BACK if silent_for >= limits.unknown_for else Verdict.LEFT
        case RunState.GONE | RunState.CANCELLED:
            return Verdict.BACK
        case RunState.FAILED | RunState.SUCCEEDED:
            return Verdict.FAILED


def told(state: RunState, engine: str) -> str:
    """Say to people why a job goes on or has failed, by the state of its run."""
    match state:
        case RunState.CANCELLED:
            return f"Its run was cancelled at {engine}; `pc cancel` is what ends a job."
        case RunState.GONE:
            return f"{engine} knows nothing of its run any more."
        case RunState.QUEUED:
            return f"Its run waited too long to begin at {engine}."
        case RunState.FAILED:
            return f"Its run failed at {engine} before it could say why: the run's own log tells."
        case RunState.SUCCEEDED:
            return f"Its run ended at {engine} and left the job as it was: the run's own log tells."
        case RunState.RUNNING | RunState.UNKNOWN:
            return f"Nothing was heard of its run at {engine}."
