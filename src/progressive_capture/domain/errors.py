"""Errors that a person gets to read, each with its exit code; errors of one room's own making stand in that room."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status says (documented in docs/reference/exit-codes.md)."""

    COMPLETE = 0
    FAILED = 1
    USAGE = 2
    GAPS = 3
    INTERRUPTED = 130


class ProgressiveCaptureError(Exception):
    """Something went wrong that one sentence can explain; the message says what to do."""

    exit_code = ExitCode.FAILED


class UsageError(ProgressiveCaptureError):
    """What was asked for cannot be meant."""

    exit_code = ExitCode.USAGE


class CaptureFailed(ProgressiveCaptureError):
    """A capture cannot go on; what it has is kept, and the same command resumes it."""


class Interrupted(ProgressiveCaptureError):
    """Somebody asked to stop."""

    exit_code = ExitCode.INTERRUPTED


class LeaseHeld(ProgressiveCaptureError):
    """Somebody else is at work on the same job."""

    def __init__(self, holder: str, until: str) -> None:
        """Name the holder and the end of its lease."""
        super().__init__(
            f"This capture is already being run by {holder} (its lease lasts until {until}): "
            "wait for it, or stop that process first."
        )
        self.holder = holder
        self.until = until
