"""How healthy each processor is: judged by the rollout's own rule, with what fails, why, and what is stuck."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.domain.verdict import Outcomes, Verdict, judge
from progressive_capture.insight.queue import Lane, Stuck, Worker, queue
from progressive_capture.store.database import Database
from progressive_capture.store.insight.outcomes import Ended, Failures, ended, failures

EXAMPLE_LENGTH: Final = 300
"""Characters of an error that are told."""


@dataclass(frozen=True, slots=True)
class FailureTold:
    """Jobs that failed alike."""

    processor: Processor
    error_class: str
    state: JobState
    """`failed` awaits its retry, `dead` is final."""
    jobs: int
    counts: bool
    """Whether it says anything about the processor: what GitHub keeps from us does not."""
    last_at: str | None
    example: str | None
    """What one of them said."""


@dataclass(frozen=True, slots=True)
class ProcessorHealth:
    """One processor's health."""

    processor: Processor
    verdict: Verdict
    """Of all its jobs that settled in the window, in the rollout or not; `pc capture`'s own are none of them."""
    lane: Lane


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The health of the queue in a window."""

    since: str
    until: str
    processors: tuple[ProcessorHealth, ...]
    failures: tuple[FailureTold, ...]
    """By how many."""
    stuck: tuple[Stuck, ...]
    workers: tuple[Worker, ...]


def monitoring(
    database: Database, host_id: int, since: datetime, now: datetime, *, max_error_rate: float
) -> Monitoring:
    """Judge each processor by what settled since then.

    Args:
        database: where it is.
        host_id: the API host whose jobs are judged.
        since: where the window begins.
        now: where it ends.
        max_error_rate: percent of finished jobs that may fail.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        present = queue(connection, host_id, now)
        settled = ended(connection, host_id, since)
        failed = failures(connection, host_id, since)
    return Monitoring(
        since=stamp(since),
        until=stamp(now),
        processors=tuple(_health(lane, settled, max_error_rate) for lane in present.lanes),
        failures=tuple(sorted(map(_told, failed), key=lambda each: (-each.jobs, each.processor, each.error_class))),
        stuck=present.stuck,
        workers=present.workers,
    )


def _health(lane: Lane, settled: Iterable[Ended], max_error_rate: float) -> ProcessorHealth:
    own = next((row.outcomes for row in settled if row.processor is lane.processor), Outcomes(0, 0))
    return ProcessorHealth(lane.processor, judge(own, max_error_rate), lane)


def _told(row: Failures) -> FailureTold:
    known = ErrorClass.UNKNOWN if row.error_class is None else ErrorClass(row.error_class)
    example = None if row.example is None else row.example[:EXAMPLE_LENGTH]
    return FailureTold(
        row.processor, known.value, row.state, row.jobs, known.counts_against_rollout, row.last_at, example
    )
