"""The closed set of answers that `advance` gives, the same for every engine; no I/O."""

from dataclasses import dataclass
from datetime import datetime

from progressive_capture.domain.errors import ErrorClass


@dataclass(frozen=True, slots=True)
class Done:
    """The shard is settled."""

    job_settled: bool
    """Whether it was the job's last one."""


@dataclass(frozen=True, slots=True)
class More:
    """The deadline or a request to stop came first; everything so far is stored."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nothing can be done before a time, by the server's clock."""

    until: datetime
    why: str
    holder: str | None = None
    """Who holds the shard, where that is what has to be waited for."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The shard cannot go on; its checkpoint stays for a later attempt."""

    error: str
    retryable: bool
    """Whether another attempt may succeed without somebody's doing."""
    error_class: ErrorClass


Advanced = Done | More | WaitUntil | Stopped
"""What one call of `advance` came to."""
