"""What the statements of the queue take and give, as values; no statement lives here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection

from progressive_capture.domain.cost import PriceBook
from progressive_capture.domain.jobs import (
    Claim,
    EngineName,
    Job,
    JobState,
    JobType,
    Processor,
    Resources,
    Shard,
    Trigger,
)

PC_CAPTURE: Final = "pc-capture"
"""The rule of jobs that `pc capture` runs by itself: workers leave them alone, and no rollout is judged by them."""

BETWEEN_SHARDS: Final = timedelta(minutes=2)
"""How long a job may be at work without any lease: whoever works on it goes from one shard to the next."""

RERUN: Final = "rerun"
"""Under what name a job's metadata keep the most urgent wish for a successor."""

NOTHING_USED: Final = Resources()


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants work on a repository (once more), and how urgently."""

    who: str
    trigger: Trigger
    level: str | None = None
    """What they called it; None: nothing."""
    reason: str | None = None
    priority: int = 0
    """As it was reckoned when they asked."""


@dataclass(frozen=True, slots=True)
class Following:
    """What was decided about a job that follows another."""

    routing: "Routing"
    item_count: int | None
    data_age_seconds: int | None
    figures: Mapping[str, object]
    """Those that the route rests on."""


Follow: TypeAlias = Callable[[Connection, "JobLine", str, Wish, datetime], Following]
"""Decides anew about the work of a job that is over, whose shard 0 had that spec, for whoever wants it now."""


@dataclass(frozen=True, slots=True)
class Settling:
    """What settling a job needs from outside."""

    book: PriceBook | None = None
    """Prices of the day; without them only what this machine ran has a known cost."""
    random: float = 0.0
    """From 0, below 1: spreads retries."""
    resources: Resources = NOTHING_USED
    """What the runner used since it last told."""
    follow: Follow | None = None
    """Decides where a successor goes; without it, it goes where the job before it went, as if nothing had kept it."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a job goes, as its row keeps it."""

    processor: Processor
    """Of a held job: the lane that it waits for."""
    rule: str
    reason: str
    policy: str
    rollout_version: int | None = None
    is_eligible: bool | None = None
    held_reason: str | None = None
    """Why it may not be taken now; None: it may."""
    priority: int | None = None
    """None leaves it as it is."""


@dataclass(frozen=True, slots=True)
class OpenJob:
    """An open job of a key, its row locked until the transaction ends."""

    job: Job
    route_rule: str | None
    walk_begun: bool
    """Whether a page is committed, or a runner may have asked for one: later changes may be missing from it."""
    is_led: bool
    """Whether the lease of one of its shards is alive, or whoever had the last one goes from that shard to the next."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job as lists, claims and decisions about it need it; times are our own stamps."""

    id: str
    job_type: JobType
    host_id: int
    repository_id: int
    repository_name: str
    processor: Processor
    state: JobState
    trigger: Trigger
    scope: str
    priority: int
    run_at: str
    attempt: int
    failures: int
    max_attempts: int
    retry_of: str | None
    rerun_requested_at: str | None
    route_rule: str | None
    route_reason: str | None
    route_policy: str | None
    rollout_version: int | None
    is_eligible: bool | None
    held_reason: str | None
    engine: EngineName | None
    error: str | None
    error_class: str | None
    item_count: int | None
    forecast_requests: int | None
    forecast_points: int | None
    forecast_ms: int | None
    metadata: Mapping[str, Any]
    created_at: str
    started_at: str | None
    completed_at: str | None


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that is processing now, with the lease of its first unsettled shard."""

    job: JobLine
    claim: Claim


@dataclass(frozen=True, slots=True)
class Claims:
    """What one call to claim came to."""

    jobs: list[ClaimedJob]
    rerouted: list[str]
    """Jobs that were not allowed in this lane any more, and left it; when there are as many as one call may move, and
    no job was claimed, there may be more in line."""


@dataclass(frozen=True, slots=True)
class DispatchedJob:
    """A job that is about to be handed to an engine."""

    job: JobLine
    """As it was in line."""
    attempt: int
    shards: list[int]
    """Those that are left to do."""


@dataclass(frozen=True, slots=True)
class Dispatches:
    """What one call to dispatch came to."""

    jobs: list[DispatchedJob]
    rerouted: list[str]
    """Jobs that were not allowed in this lane any more, and left it."""


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs a list or a bulk command means; an empty set is no bound."""

    host_id: int | None = None
    repository_id: int | None = None
    states: frozenset[JobState] = frozenset()
    processors: frozenset[Processor] = frozenset()
    job_types: frozenset[JobType] = frozenset()
    triggers: frozenset[Trigger] = frozenset()
    error_class: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None


Decide: TypeAlias = Callable[[JobLine], Routing | None]
"""Asks the gates again about a job in line: None when it may stay in its lane."""

Split: TypeAlias = Callable[[Shard, Processor], Sequence[str]]
"""The specs that an unsettled shard becomes in a lane: the first replaces its own, the others are new shards."""


def unsplit(shard: Shard, _lane: Processor) -> Sequence[str]:
    """Leave a shard as it is."""
    return [shard.spec]
