"""What names a job's run on both sides, `JOB_ID:ATTEMPT`: in a workflow's input, its run's name, a command line."""

import re
import uuid
from dataclasses import dataclass
from typing import Final, Self

from progressive_capture.domain.errors import UsageError

_ATTEMPT: Final = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class RunKey:
    """A job, and which attempt at it; None where a person did not say, and means the one that is due."""

    job_id: str
    attempt: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what a workflow or a person gave.

        Raises:
            UsageError: it is no key.
        """
        identity, colon, attempt = text.strip().partition(":")
        try:
            job_id = str(uuid.UUID(identity))
        except ValueError:
            job_id = ""
        if not job_id or (colon and not _ATTEMPT.fullmatch(attempt)):
            raise UsageError(f"{text!r} names no job: give its id, or JOB_ID:ATTEMPT as a dispatched run has it.")
        return cls(job_id, int(attempt) if colon else None)

    @property
    def text(self) -> str:
        """As it stands in the name of a run."""
        return self.job_id if self.attempt is None else f"{self.job_id}:{self.attempt}"
