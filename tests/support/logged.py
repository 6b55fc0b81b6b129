"""Logging that is set up within the test's process, and left as it was."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog


@contextmanager
def logging_as_it_was() -> Iterator[None]:
    """Undo at the end what is set up within."""
    loggers = [logging.getLogger(), logging.getLogger("progressive_capture")]
    handlers, levels = loggers[0].handlers[:], [each.level for each in loggers]
    try:
        yield
    finally:
        loggers[0].handlers[:] = handlers
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
        structlog.reset_defaults()
