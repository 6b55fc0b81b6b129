"""Where exceptions end: each becomes one sentence and an exit code; what goes wrong is decided elsewhere."""

import traceback
from typing import NamedTuple, TextIO

from progressive_capture.domain.errors import ExitCode, ProgressiveCaptureError


class Failure(NamedTuple):
    """What an exception comes to for whoever called."""

    sentence: str
    code: ExitCode


def judge(error: BaseException) -> Failure:
    """Find the sentence, without secrets and on one line, and the exit code of an exception."""
    from progressive_capture.github.secrets import redact  # noqa: PLC0415 - only an error needs it

    if isinstance(error, BaseExceptionGroup):
        return judge(error.exceptions[0])
    said = redact(" ".join(str(error).split()))
    if isinstance(error, ProgressiveCaptureError):
        return Failure(said, error.exit_code)
    detail = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return Failure(
        f"Something unexpected went wrong ({detail}). What was stored stays; PC_DEBUG=1 shows where it happened.",
        ExitCode.FAILED,
    )


def tell(error: Exception, stream: TextIO, subject: str = "pc") -> Failure:
    """Write what a person should read of an exception, with `subject` in front, and return it."""
    from progressive_capture.github.secrets import redact  # noqa: PLC0415 - as above

    if not _is_expected(error) and _wants_tracebacks():
        stream.write(redact("".join(traceback.format_exception(error))))
    failure = judge(error)
    # Whoever hears the subject first need not hear it again.
    failure = failure._replace(sentence=failure.sentence.removeprefix(f"While looking up {subject}: "))
    stream.write(f"{subject}: {failure.sentence}\n")
    stream.flush()
    return failure


def _is_expected(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_expected(inner) for inner in error.exceptions)
    return isinstance(error, ProgressiveCaptureError)


def _wants_tracebacks() -> bool:
    from progressive_capture.settings import Settings, SettingsError  # noqa: PLC0415 - as above

    try:
        return Settings.read().debug
    except SettingsError:
        return False
