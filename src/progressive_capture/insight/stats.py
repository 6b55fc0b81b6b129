"""What the queue did in a span of time: how much, how it ended and how fast; money stands in `costs`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from progressive_capture.domain.jobs import Outcome, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.insight.speed import Speed, speed
from progressive_capture.store.database import Database
from progressive_capture.store.insight.outcomes import Sample, Totals, samples, totals

SAMPLED: Final = 10_000
"""The newest settled jobs whose speed is looked at; all else is counted over all jobs."""


@dataclass(frozen=True, slots=True)
class ProcessorStats:
    """What one processor's jobs came to."""

    processor: Processor
    outcomes: dict[str, int]
    """Jobs by how they ended last; `failed` ones await a retry."""
    engines: dict[str, int]
    """Jobs by what ran them; `none` where they were cancelled before anything did."""
    requests: int
    points: int
    rows: int
    bytes_in: int
    timeouts: int
    waits: int
    peak_memory_bytes: int
    speed: Speed
    """Of those that completed."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What the queue did."""

    since: str
    until: str
    jobs: int
    processors: tuple[ProcessorStats, ...]
    is_sampled: bool
    """Whether more jobs settled than speeds are told of."""


def stats(database: Database, host_id: int, since: datetime, now: datetime) -> Stats:
    """Tell what settled since then: figures over all API hosts, speed of this one's jobs.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        found = totals(connection, since, now)
        measured = samples(connection, host_id, since, SAMPLED)
    return Stats(
        since=stamp(since),
        until=stamp(now),
        jobs=sum(row.jobs for row in found),
        processors=tuple(_of(processor, found, measured) for processor in Processor),
        is_sampled=len(measured) == SAMPLED,
    )


def _of(processor: Processor, found: Iterable[Totals], measured: Iterable[Sample]) -> ProcessorStats:
    rows = [row for row in found if row.processor is processor]
    outcomes, engines = Counter[str](), Counter[str]()
    for row in rows:
        outcomes[row.outcome.value] += row.jobs
        engines["none" if row.engine is None else row.engine.value] += row.jobs
    done = [each for each in measured if each.processor is processor and each.outcome is Outcome.COMPLETED]
    return ProcessorStats(
        processor=processor,
        outcomes=dict(outcomes),
        engines=dict(engines),
        requests=sum(row.requests for row in rows),
        points=sum(row.points for row in rows),
        rows=sum(row.rows for row in rows),
        bytes_in=sum(row.bytes_in for row in rows),
        timeouts=sum(row.timeouts for row in rows),
        waits=sum(row.waits for row in rows),
        peak_memory_bytes=max((row.peak_memory_bytes for row in rows), default=0),
        speed=speed(done),
    )
