"""Where exceptions end: each becomes one sentence and an exit code; what goes wrong is decided elsewhere."""

import traceback
from typing import TextIO

from progressive_capture.domain.errors import ExitCode, ProgressiveCaptureError


def sentence(error: BaseException) -> str:
    """One line for a person, without secrets."""
    from progressive_capture.github.secrets import redact  # noqa: PLC0415 - only an error needs it

    if isinstance(error, ProgressiveCaptureError):
        return redact(" ".join(str(error).split()))
    if isinstance(error, BaseExceptionGroup):
        return sentence(error.exceptions[0])
    said = " ".join(str(error).split())
    detail = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return redact(f"Something unexpected went wrong ({detail}). What was stored is kept; PC_DEBUG=1 shows where.")


def exit_code(error: BaseException) -> ExitCode:
    """The exit code that an exception means."""
    if isinstance(error, ProgressiveCaptureError):
        return error.exit_code
    if isinstance(error, BaseExceptionGroup):
        return exit_code(error.exceptions[0])
    return ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.FAILED


def tell(error: Exception, stream: TextIO) -> ExitCode:
    """Write what a person should read of an exception, and return the exit code."""
    from progressive_capture.github.secrets import redact  # noqa: PLC0415 - as above

    expected = isinstance(error, ProgressiveCaptureError)
    if not expected and _wants_tracebacks():
        stream.write(redact("".join(traceback.format_exception(error))))
    stream.write(f"pc: {sentence(error)}\n")
    return exit_code(error)


def _wants_tracebacks() -> bool:
    from progressive_capture.settings import Settings, SettingsError  # noqa: PLC0415 - as above

    try:
        return Settings.read().debug
    except SettingsError:
        return False
