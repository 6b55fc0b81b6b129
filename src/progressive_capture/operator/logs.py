"""What programs we use log, as lines without secrets; what a person is told goes another way."""

import logging
import re
from collections.abc import Collection
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from progressive_capture.github.secrets import REDACTED, redact

OURS: Final = "progressive_capture"
"""Above all loggers of our own."""

PLAIN: Final = (bool, int, float, type(None))
"""Values that hold no text, and stay what they are in JSON."""


def without_secrets(known: Collection[str] = ()) -> structlog.typing.Processor:
    """Make what removes secrets from every text of a log entry, also from a rendered traceback.

    Args:
        known: secrets that are replaced wherever they stand, whatever they look like; tokens are known by their forms.
    """
    # The longest first: one may begin as another does.
    words = [re.escape(each) for each in sorted(known, key=len, reverse=True)]
    pattern = re.compile("|".join(words)) if words else None

    def clean(value: object) -> object:
        if isinstance(value, PLAIN):
            return value
        text = redact(_text(value))
        return text if pattern is None else pattern.sub(REDACTED, text)

    def process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {key: clean(value) for key, value in event.items()}

    return process


def _text(value: object) -> str:
    return value if isinstance(value, str) else repr(value)


def configure(
    stream: TextIO, *, debug: bool, style: str = "console", working: bool = False, known: Collection[str] = ()
) -> None:
    """Send everything that is logged, also by libraries, to `stream`, each line with what is bound to its task.

    Args:
        stream: where lines go.
        debug: log each request too.
        style: `console` for key=value lines, `json` for one document a line.
        working: log what we do, too: for programs whose log is all that they show.
        known: secrets that no line may hold, whatever they look like.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_secrets(known),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(style)],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if debug else logging.WARNING, force=True)
    logging.getLogger(OURS).setLevel(logging.INFO if working and not debug else logging.NOTSET)


def say(text: str) -> None:
    """Log a sentence of ours."""
    structlog.stdlib.get_logger(OURS).info(text)


def _renderer(style: str) -> structlog.typing.Processor:
    if style == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"])
