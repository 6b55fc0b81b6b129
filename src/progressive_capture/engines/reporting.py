"""What a worker's captures tell, as log lines; each carries the job that is bound to its task."""

from datetime import datetime

import structlog

from progressive_capture.capture.report import Progress
from progressive_capture.domain.scope import stamp


class LogReporter:
    """Hears what captures do, and logs it."""

    def __init__(self) -> None:
        """Log under the name of this module."""
        self._log = structlog.stdlib.get_logger(__name__)

    def progress(self, step: Progress) -> None:
        """Tell of a stored page, for whoever debugs."""
        self._log.debug("page", phase=step.phase, done=step.done, total=step.total, rows=step.rows, shard=step.shard)

    def waiting(self, until: datetime, why: str) -> None:
        """Tell that nothing will happen before `until`."""
        self._log.info("waiting", until=stamp(until), why=why)

    def note(self, text: str) -> None:
        """Tell what a person should know."""
        self._log.warning("note", text=text)
