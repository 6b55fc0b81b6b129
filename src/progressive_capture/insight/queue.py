"""The queue as it is now: lanes, what holds jobs back, who works, what budgets are left; nothing is changed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.domain.scope import moment
from progressive_capture.store.database import Connection
from progressive_capture.store.insight import queue as statements

WORKERS_SHOWN: Final = 100
BUDGETS_SHOWN: Final = 100
STUCK_SHOWN: Final = 100
STOPPED_SHOWN: Final = 100
REASONS_SHOWN: Final = 20
"""Those of quotas tell figures of the moment: there may be as many of them as jobs."""
NO_LANE: Final[Mapping[Processor, str]] = MappingProxyType({})
_IN_LINE: Final = frozenset({JobState.PENDING, JobState.FAILED})
SILENT_AFTER: Final = timedelta(minutes=2)
"""A worker not heard of for so long is counted as gone: as long as its leases last."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The open jobs of one processor."""

    processor: Processor
    states: dict[str, int]
    """Open jobs by state."""
    due: int
    """Pending or failed ones whose time has come and that nothing holds back."""
    later: int
    """Pending or failed ones that wait for their time."""
    held: int
    """Pending ones that no processor may take now."""
    stopped: int
    """Processing ones that a `pc capture` left before their end: nobody is at work on them."""
    oldest_pending_at: str | None
    """When the oldest job that nobody works on was created."""


@dataclass(frozen=True, slots=True)
class HeldReason:
    """Why jobs are held back."""

    reason: str
    jobs: int


@dataclass(frozen=True, slots=True)
class Worker:
    """A local worker that has not stopped by itself."""

    holder: str
    lanes: dict[str, int]
    """Slots by lane."""
    started_at: str
    seen_at: str
    is_silent: bool
    """Whether nothing was heard of it for two minutes: it was killed, or its machine is gone."""


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What GitHub last said of a principal's budget for one resource."""

    principal: str
    resource: str
    limit: int | None
    remaining: int | None
    """Less what is promised to requests in flight; all of the limit again once the reset has passed."""
    reset_at: str | None
    paused_until: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Stuck:
    """An open job that should have moved on; a sweep or a reconciliation puts it right, if one runs."""

    job_id: str
    repository: str
    processor: Processor
    state: JobState
    since: str | None
    until: str | None
    """The end of its lease, or its dispatch deadline."""


@dataclass(frozen=True, slots=True)
class StoppedCapture:
    """A job that a `pc capture` began and left: it was stopped or killed, and the same command goes on with it."""

    job_id: str
    repository: str
    processor: Processor
    since: str | None
    """When it was begun."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue at one moment."""

    lanes: tuple[Lane, ...]
    held: tuple[HeldReason, ...]
    """The commonest; how many are held in all, the lanes tell."""
    workers: tuple[Worker, ...]
    budgets: tuple[BudgetLeft, ...]
    stuck: tuple[Stuck, ...]
    stopped_captures: tuple[StoppedCapture, ...]
    """The oldest; how many there are in all, the lanes tell."""


def queue(connection: Connection, host_id: int, now: datetime, shut: Mapping[Processor, str] = NO_LANE) -> Queue:
    """Look at the queue of one host; what stands in a `shut` lane is held for the reason given, told so yet or not."""
    rows = [_as_held(row, shut) for row in statements.open_jobs(connection, host_id, now)]
    stopped = statements.stopped_captures(connection, host_id, now)
    left = Counter(row.processor for row in stopped)
    reasons = Counter[str]()
    for row in rows:
        if row.held_reason is not None:
            reasons[row.held_reason] += row.jobs
    return Queue(
        lanes=tuple(_lane(processor, rows, left[processor]) for processor in Processor),
        held=tuple(HeldReason(reason, count) for reason, count in reasons.most_common(REASONS_SHOWN)),
        workers=tuple(_worker(row, now) for row in statements.workers(connection, WORKERS_SHOWN)),
        budgets=tuple(_budget(row, now) for row in statements.budgets(connection, host_id, BUDGETS_SHOWN)),
        stuck=tuple(Stuck(*row) for row in statements.stuck(connection, host_id, now, STUCK_SHOWN)),
        stopped_captures=tuple(
            StoppedCapture(row.job_id, row.repository_name, row.processor, row.since) for row in stopped[:STOPPED_SHOWN]
        ),
    )


def _as_held(row: statements.OpenJobs, shut: Mapping[Processor, str]) -> statements.OpenJobs:
    is_free = row.held_reason is None and row.is_due and row.state in _IN_LINE
    return row._replace(held_reason=shut[row.processor]) if is_free and row.processor in shut else row


def _lane(processor: Processor, rows: Iterable[statements.OpenJobs], stopped: int) -> Lane:
    own = [row for row in rows if row.processor is processor]
    states = Counter[str]()
    for row in own:
        states[row.state.value] += row.jobs
    idle = [row for row in own if row.state in _IN_LINE]
    free = [row for row in idle if row.held_reason is None]
    return Lane(
        processor=processor,
        states=dict(states),
        due=sum(row.jobs for row in free if row.is_due),
        later=sum(row.jobs for row in free if not row.is_due),
        held=sum(row.jobs for row in idle if row.held_reason is not None),
        stopped=stopped,
        oldest_pending_at=min((row.oldest_at for row in idle), default=None),
    )


def _worker(row: statements.WorkerRow, now: datetime) -> Worker:
    return Worker(*row, is_silent=now - moment(row.seen_at) > SILENT_AFTER)


def _budget(row: statements.BudgetRow, now: datetime) -> BudgetLeft:
    # The reset is by the server's clock and now by ours: near enough for people.
    is_reset = row.reset_at is not None and moment(row.reset_at) <= now
    known = row.limit if is_reset else row.remaining
    left = None if known is None else max(0, known - row.reserved)
    paused = row.paused_until if row.paused_until is not None and moment(row.paused_until) > now else None
    return BudgetLeft(
        row.principal,
        row.resource,
        row.limit,
        left,
        None if is_reset else row.reset_at,
        paused,
        row.reason if paused else None,
    )
