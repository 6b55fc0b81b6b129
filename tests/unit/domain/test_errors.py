"""Errors that people read."""

from datetime import UTC, datetime

from progressive_capture.domain.errors import (
    CaptureFailed,
    Delayed,
    ErrorClass,
    ExitCode,
    LeaseHeld,
    ProgressiveCaptureError,
)


def test_a_held_lease_names_its_holder_and_its_end() -> None:
    """The sentence says who is at work, until when, and what to do."""
    held = LeaseHeld("host:12:34.00", "2026-01-01T00:00:00Z")
    assert "process 12 on host" in str(held)
    assert "2026-01-01T00:00:00Z" in str(held)
    assert isinstance(held, ProgressiveCaptureError)
    assert held.exit_code is ExitCode.FAILED


def test_a_failed_capture_says_of_what_class_it_is() -> None:
    assert CaptureFailed("Gone.").error_class is ErrorClass.UNKNOWN
    failed = CaptureFailed("Gone.", ErrorClass.MISSING)
    assert (str(failed), failed.error_class) == ("Gone.", ErrorClass.MISSING)


def test_a_delay_says_until_when_and_why() -> None:
    until = datetime(2026, 1, 1, tzinfo=UTC)
    delayed = Delayed(until, "The budget of ann is used up.")
    assert (delayed.until, str(delayed)) == (until, "The budget of ann is used up.")
