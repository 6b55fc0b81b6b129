"""Consent to dangerous commands: what will happen is said, a reason is wanted; what happens then stands elsewhere."""

from progressive_capture.domain.errors import ExitCode, ProgressiveCaptureError, UsageError
from progressive_capture.operator.desk import Desk


class Declined(ProgressiveCaptureError):
    """Somebody was asked, and did not say yes."""

    exit_code = ExitCode.INTERRUPTED


def reason(desk: Desk, given: str | None) -> str:
    """The reason for a dangerous command: as given, else asked for at a terminal.

    Raises:
        UsageError: there is none.
    """
    said = (given or "").strip()
    if not said and given is None and desk.has_terminal:
        said = desk.ask("Why? ").strip()
    if not said:
        raise UsageError("Say why: --reason 'a sentence'; it is kept with the change.")
    return said


def consent(desk: Desk, will: str, *, yes: bool) -> None:
    """Go on only when that is wanted: `will` says what is going to happen.

    Raises:
        UsageError: there is nobody to ask, and `--yes` was not given.
        Declined: whoever was asked did not agree.
    """
    if yes:
        return
    if not desk.has_terminal:
        raise UsageError(f"{will} Nothing was changed: without a terminal this wants --yes.")
    if desk.ask(f"{will} Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise Declined("Nothing was changed.")
