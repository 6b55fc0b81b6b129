"""Errors that a person gets to read, each with its exit code; errors of one room's own making stand in that room."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

from progressive_capture.domain.holders import called


class ExitCode(IntEnum):
    """What a command's exit status says (documented in docs/reference/exit-codes.md)."""

    COMPLETE = 0
    FAILED = 1
    USAGE = 2
    GAPS = 3
    INTERRUPTED = 130
    TERMINATED = 143


class ErrorClass(StrEnum):
    """What kind of failure stopped a job: it decides whether another attempt can help, and whether it counts."""

    BROKEN = "broken"
    """GitHub's answers could not be used."""
    TIMEOUT = "timeout"
    """It did not end within its time."""
    MISSING = "missing"
    """The repository does not exist, or not for this principal."""
    DENIED = "denied"
    """The credentials do not allow it."""
    CREDENTIALS = "credentials"
    """The credentials themselves are refused, whatever they are used for: that is no failure of a queued job."""
    BLOCKED = "blocked"
    """GitHub has closed the repository (451), or its owner has."""
    STORE = "store"
    """The database refused."""
    LOST = "lost"
    """Its runner is gone."""
    UNKNOWN = "unknown"

    @property
    def retryable(self) -> bool:
        """Whether another attempt may succeed without somebody's doing. A limit is waited for and is no failure."""
        return self not in _BEYOND_US

    @property
    def counts_against_rollout(self) -> bool:
        """Whether it says anything about the processors: what GitHub keeps from us does not."""
        return self not in _BEYOND_US


_BEYOND_US: Final = frozenset({ErrorClass.MISSING, ErrorClass.DENIED, ErrorClass.CREDENTIALS, ErrorClass.BLOCKED})


class ProgressiveCaptureError(Exception):
    """Something went wrong that one sentence can explain; the message says what to do."""

    exit_code = ExitCode.FAILED


class UsageError(ProgressiveCaptureError):
    """What was asked for cannot be meant."""

    exit_code = ExitCode.USAGE


class CaptureFailed(ProgressiveCaptureError):
    """A capture cannot go on; what it has is kept, and the same command resumes it."""

    def __init__(self, message: str, error_class: ErrorClass = ErrorClass.UNKNOWN) -> None:
        """Say why, and what kind of failure it is."""
        super().__init__(message)
        self.error_class = error_class


class CredentialsRefused(ProgressiveCaptureError):
    """GitHub refuses the credentials themselves: whatever else is tried with them fails too."""


class Interrupted(ProgressiveCaptureError):
    """Somebody asked to stop."""

    exit_code = ExitCode.INTERRUPTED


class Delayed(ProgressiveCaptureError):
    """A limit lasts longer than whoever asks will wait."""

    def __init__(self, until: datetime, why: str) -> None:
        """Say until when, by the server's clock, and why."""
        super().__init__(why)
        self.until = until


class LeaseHeld(ProgressiveCaptureError):
    """Somebody else is at work on the same job."""

    def __init__(self, holder: str, until: str) -> None:
        """Name the holder and the end of its lease."""
        super().__init__(
            f"This capture is already being run by {called(holder)} (its lease lasts until {until}): "
            "wait for it, or stop that process first."
        )
        self.holder = holder
        self.until = until
