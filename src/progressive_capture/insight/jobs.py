"""Jobs for people: a list page by page, and one job with its whole history; nothing is changed."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from string import hexdigits
from typing import Any, Final

from progressive_capture.domain.errors import ProgressiveCaptureError, UsageError
from progressive_capture.domain.jobs import Counters
from progressive_capture.domain.scope import moment
from progressive_capture.store import jobs as store
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.insight import jobs as statements
from progressive_capture.store.jobs import JobFilter, JobLine

MOST: Final = 1_000
"""Jobs on one page."""

COUNTED: Final = 100_000
"""How far the jobs of a list are counted: people look at its first pages."""

EVENTS: Final = 500
"""Lines of history that come with a job at once."""


DIGITS: Final = 32
"""Of a whole id."""

FEWEST_DIGITS: Final = 4
"""Of the beginning of an id: fewer tell hardly one job from others."""


class UnknownJob(ProgressiveCaptureError):
    """There is no such job."""

    def __init__(self, job_id: str) -> None:
        """Say which."""
        super().__init__(f"There is no job {job_id}: pc jobs lists those that there are.")


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page of a list, the newest first."""

    jobs: tuple[JobLine, ...]
    after: str | None
    """What to ask for the next page with; None: this is the last."""
    count: int
    """All that the filter means, counted no further than `COUNTED`."""


@dataclass(frozen=True, slots=True)
class ShardTold:
    """One part of a job."""

    k: int
    state: str
    attempt: int
    claimed_by: str | None
    lease_until: str | None
    error: str | None
    counters: Counters


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a job's history."""

    id: int
    at: str
    seconds: float
    """Since the job was opened."""
    event: str
    k: int | None
    """The shard concerned; None for the job."""
    who: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class JobTold:
    """One job with everything that is known of it."""

    job: dict[str, Any]
    """Every column of its row by name."""
    shards: tuple[ShardTold, ...]
    events: tuple[Event, ...]
    """The oldest first."""
    more_events: bool
    """Whether there are more behind the last one: ask again with its id."""
    used: dict[str, Any] | None
    """What it used; None before it settled."""


def list_jobs(database: Database, wanted: JobFilter, *, after: str | None = None, size: int = 50) -> JobPage:
    """Return one page of the jobs that a filter means, from behind where the page before ended.

    Raises:
        UsageError: the page's size is none, or `after` is not from a page before.
        StoreError: the database cannot be read.
    """
    if not 1 <= size <= MOST:
        raise UsageError(f"A page has 1 to {MOST} jobs, and {size} were asked for.")
    place = None if after is None else _place(after)
    with database.reading() as connection:
        found = store.page_of_jobs(connection, wanted, place, size + 1)
        is_all = after is None and len(found) <= size
        count = len(found) if is_all else store.count_jobs(connection, wanted, COUNTED)
    page = tuple(found[:size])
    last = page[-1] if len(found) > size else None
    return JobPage(page, None if last is None else f"{last.created_at}/{last.id}", count)


def show_job(database: Database, host_id: int, job_id: str, *, after_event: int = 0) -> JobTold:
    """Return one job with its shards, its history from behind an event, and what it used.

    Args:
        database: where it is.
        host_id: of which API host.
        job_id: its id, or the beginning of it: four digits or more.
        after_event: the last event that is known already.

    Raises:
        UsageError: that is no job's id, or the beginning of several.
        UnknownJob: there is none of that id on this API host.
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        identity = whole_id(connection, host_id, job_id)
        job = statements.job_columns(connection, host_id, identity)
        if job is None:
            raise UnknownJob(job_id)
        return _told(connection, identity, job, after_event)


def whole_id(connection: Connection, host_id: int, job_id: str) -> str:
    """Return the one id that begins so; a whole one as the database writes it, whether or not there is such a job.

    Raises:
        UsageError: that is no job's id, or the beginning of several.
        UnknownJob: no id of this API host begins so.
    """
    digits = job_id.replace("-", "").lower()
    if not FEWEST_DIGITS <= len(digits) < DIGITS or set(digits) - set(hexdigits):
        return identity_of(job_id)
    first, last = (str(uuid.UUID(digits.ljust(DIGITS, rest))) for rest in "0f")
    found = statements.ids_between(connection, host_id, first, last, limit=2)
    if len(found) > 1:
        raise UsageError(f"The ids of several jobs begin with {job_id}: give more of it.")
    if not found:
        raise UnknownJob(job_id)
    return found[0]


def _told(connection: Connection, job_id: str, job: Mapping[str, Any], after_event: int) -> JobTold:
    events = statements.job_events(connection, job_id, after=after_event, limit=EVENTS + 1)
    opened = moment(job["created_at"])
    shards = (
        ShardTold(each.k, each.state, each.attempt, each.claimed_by, each.lease_until, each.error, each.counters)
        for each in store.shards(connection, job_id)
    )
    return JobTold(
        job=dict(job),
        shards=tuple(shards),
        events=tuple(_event(row, (moment(row.at) - opened).total_seconds()) for row in events[:EVENTS]),
        more_events=len(events) > EVENTS,
        used=statements.job_metrics(connection, job_id),
    )


def _event(row: statements.EventRow, seconds: float) -> Event:
    return Event(row.id, row.at, seconds, row.event, row.k, row.who, row.detail)


def identity_of(job_id: str) -> str:
    """Return a job's id as the database writes it.

    Raises:
        UsageError: the text is no id.
    """
    try:
        return str(uuid.UUID(job_id))
    except ValueError:
        raise UsageError(f"{job_id!r} is no job's id: pc jobs lists them.") from None


def _place(after: str) -> tuple[str, str]:
    created_at, _, job_id = after.partition("/")
    try:
        moment(created_at)
        return created_at, identity_of(job_id)
    except (ValueError, UsageError):
        raise UsageError("The page after that cannot be found: give what the page before ended with.") from None
