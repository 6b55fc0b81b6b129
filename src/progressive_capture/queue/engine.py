"""What the queue wants of whatever executes jobs elsewhere: to be handed shards, asked about them, and told to stop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from progressive_capture.domain.errors import ProgressiveCaptureError
from progressive_capture.domain.jobs import EngineName, JobType

RunRef: TypeAlias = str
"""What an engine knows its run by; nobody else reads anything into it. `JOB_ID:ATTEMPT` will always do."""


class EngineUnreachable(ProgressiveCaptureError):
    """The engine gave no answer, or one that may be another later; what was handed over may have arrived or not."""


class EngineRefused(ProgressiveCaptureError):
    """The engine will not take it as long as nobody changes something: a key, a right, a name."""


@dataclass(frozen=True, slots=True)
class Handover:
    """One shard as it is handed to an engine."""

    job_id: str
    k: int
    attempt: int
    part: int
    """Rises with each run that continues the former one; 0 for the first."""
    principal: str | None
    """Whose budget it is to use; None where nobody knows yet."""
    job_type: JobType
    repository_name: str
    host_id: int
    priority: int
    """As claims are ordered by it: higher first."""


class RunState(StrEnum):
    """What became of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    GONE = "gone"
    """There is no such run any more, and nobody works on it."""
    UNKNOWN = "unknown"
    """The engine cannot say."""


@dataclass(frozen=True, slots=True)
class EngineUsage:
    """What a run has used of the service."""

    runner_minutes: int
    executions: int


@dataclass(frozen=True, slots=True)
class Reachable:
    """Whether an engine answers."""

    answers: bool
    why: str
    """A sentence for people, either way."""


class Engine(Protocol):
    """Executes shards somewhere; every call may be made again after a crash, and must then do no harm."""

    @property
    def name(self) -> EngineName:
        """Which engine it is."""
        ...

    @property
    def unknown_for(self) -> timedelta:
        """How long nobody may be able to say what a run does, before it counts as gone: no run is longer silent."""
        ...

    @property
    def queued_for(self) -> timedelta:
        """How long a run may wait to begin before it is handed over anew."""
        ...

    @property
    def meters_itself(self) -> bool:
        """Whether its runs book what they use as they go: `usage` then tells what is booked already."""
        ...

    @property
    def runs_for_small(self) -> int | None:
        """How many runs for small jobs are begun at once, where a run takes further ones in line by itself.

        None where each job has runs of its own.
        """
        ...

    async def dispatch(self, handovers: Sequence[Handover]) -> RunRef | None:
        """Hand over shards of one job; the run's reference, None where it is only known later.

        The same job and attempt may be handed over again, by whoever does not know whether it was: that begins no
        second run where the first one arrived.

        Raises:
            EngineUnreachable: nobody knows whether they arrived.
            EngineRefused: they did not.
        """
        ...

    async def status(self, ref: RunRef, handover: Handover) -> RunState:
        """Ask what became of a shard that was handed over.

        Raises:
            EngineUnreachable: there is no answer.
        """
        ...

    async def cancel(self, ref: RunRef) -> None:
        """Ask the engine to stop a run; the work itself is fenced in the database.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: it may not be stopped from here.
        """
        ...

    async def usage(self, ref: RunRef) -> EngineUsage | None:
        """Tell what a run has used; None while it has not ended, and where the engine does not know.

        Raises:
            EngineUnreachable: there is no answer.
        """
        ...

    async def ping(self) -> Reachable:
        """Ask whether it would take anything now."""
        ...
