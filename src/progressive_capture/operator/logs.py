"""What programs we use log, as lines without secrets; what a person is told goes another way."""

import logging
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from progressive_capture.github.secrets import redact


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Remove tokens from every text of a log entry, also from a rendered traceback."""
    return {key: redact(value) if isinstance(value, str) else redact(repr(value)) for key, value in event.items()}


def configure(stream: TextIO, *, debug: bool) -> None:
    """Send everything that is logged, also by libraries, to `stream`: warnings, and with `debug` each request."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_secrets,
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
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if debug else logging.WARNING, force=True)
