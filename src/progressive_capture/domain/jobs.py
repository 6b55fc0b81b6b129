"""The life cycle of jobs and their shards, and the values that describe them; no I/O and no SQL.

Everything that changes a job's state obeys `TRANSITIONS`: the CHECK and the guards of the job table are made from it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Final, Self

from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import SourceChoice


class JobState(StrEnum):
    """Where a job is in its life."""

    PENDING = "pending"
    DISPATCHED = "dispatched"
    PROCESSING = "processing"
    FAILED = "failed"
    """Awaits its retry."""
    COMPLETED = "completed"
    DEAD = "dead"
    CANCELLED = "cancelled"


TRANSITIONS: Final[Mapping[JobState, frozenset[JobState]]] = {
    JobState.PENDING: frozenset({JobState.DISPATCHED, JobState.PROCESSING, JobState.CANCELLED}),
    JobState.DISPATCHED: frozenset({JobState.PROCESSING, JobState.PENDING, JobState.CANCELLED}),
    JobState.PROCESSING: frozenset(
        {JobState.COMPLETED, JobState.FAILED, JobState.DEAD, JobState.CANCELLED, JobState.PENDING}
    ),
    JobState.FAILED: frozenset({JobState.PENDING, JobState.CANCELLED}),
    JobState.COMPLETED: frozenset(),
    JobState.DEAD: frozenset(),
    JobState.CANCELLED: frozenset(),
}
"""Which states may follow which; a state that nothing follows is final."""

FINAL: Final = frozenset(state for state, following in TRANSITIONS.items() if not following)
OPEN: Final = frozenset(JobState) - FINAL
"""States in which a job holds its key: a second job of the same key cannot be opened."""


def states_before(state: JobState) -> frozenset[JobState]:
    """The states from which a job may enter `state`: the guard of the statement that moves it there."""
    return frozenset(before for before, following in TRANSITIONS.items() if state in following)


class ShardState(StrEnum):
    """Where one part of a job is in its life."""

    PENDING = "pending"
    PROCESSING = "processing"
    FAILED = "failed"
    COMPLETED = "completed"
    DEAD = "dead"
    CANCELLED = "cancelled"


CLAIMABLE: Final = frozenset({ShardState.PENDING, ShardState.PROCESSING, ShardState.FAILED})
"""Shards that somebody may take: `processing` only from a holder whose lease is over, or who is gone."""

UNSETTLED: Final = frozenset({ShardState.PENDING, ShardState.PROCESSING})


class Outcome(StrEnum):
    """How a shard, and by the worst of its shards a job, settles."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DEAD = "dead"


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome of a job whose shards settled so; the order of `Outcome` is from best to worst."""
    order = list(Outcome)
    return max(outcomes, key=order.index)


class JobType(StrEnum):
    """What a job is for."""

    HISTORICAL_PR_SYNC = "historical-pr-sync"
    RECENT_PRS = "recent-prs"
    PR_DETAILS = "pr-details"
    PR_REVIEWS = "pr-reviews"
    PR_COMMENTS = "pr-comments"
    FILE_CHANGES = "file-changes"
    REPOSITORY_SYNC = "repository-sync"
    RECONCILE = "reconcile"


class Processor(StrEnum):
    """Where a job is routed."""

    INNGEST = "inngest"
    GITHUB_ACTIONS = "github_actions"


class EngineName(StrEnum):
    """What executes a job."""

    INNGEST = "inngest"
    GITHUB_ACTIONS = "github_actions"
    LOCAL = "local"

    @property
    def called(self) -> str:
        """As people call it, at the beginning of a sentence."""
        return _TITLES[self]


_TITLES: Final[Mapping[EngineName, str]] = {
    EngineName.INNGEST: "Inngest",
    EngineName.GITHUB_ACTIONS: "GitHub Actions",
    EngineName.LOCAL: "This machine",
}


class Trigger(StrEnum):
    """Who asked for a job."""

    MANUAL = "manual"
    WEBHOOK = "webhook"
    SCHEDULED = "scheduled"
    AUTOMATIC = "automatic"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Figures:
    """What a job is expected to use, or has used."""

    requests: int
    points: int
    seconds: float

    def __add__(self, other: Self) -> Self:
        """Sum field by field."""
        return type(self)(self.requests + other.requests, self.points + other.points, self.seconds + other.seconds)


@dataclass(frozen=True, slots=True)
class Counters:
    """What work on a shard used and brought; as an argument it is the increase since the last commit."""

    pages: int = 0
    pull_requests: int = 0
    rows: int = 0
    rest_requests: int = 0
    graphql_requests: int = 0
    points: int = 0
    bytes_in: int = 0
    waits: int = 0
    waited_ms: int = 0
    timeouts: int = 0
    busy_ms: int = 0

    def __add__(self, other: Self) -> Self:
        """Sum field by field."""
        return type(self)(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def __sub__(self, other: Self) -> Self:
        """Subtract field by field: the increase since `other`."""
        return type(self)(*(getattr(self, each.name) - getattr(other, each.name) for each in fields(self)))

    @property
    def requests(self) -> int:
        """Requests to both APIs."""
        return self.rest_requests + self.graphql_requests


@dataclass(frozen=True, slots=True)
class Resources:
    """What the runners of a job used of their machines and of paid services; as an argument it is the increase."""

    cpu_ms: int = 0
    peak_memory_bytes: int = 0
    """Of the largest runner."""
    executions: int = 0
    """As Inngest counts them: one a run and one a step. https://www.inngest.com/docs/usage-limits/inngest"""
    runner_minutes: int = 0
    """As GitHub bills them (`cost.billed_minutes`)."""

    def __add__(self, other: Self) -> Self:
        """Sum of both; of the memory, the larger."""
        return type(self)(
            cpu_ms=self.cpu_ms + other.cpu_ms,
            peak_memory_bytes=max(self.peak_memory_bytes, other.peak_memory_bytes),
            executions=self.executions + other.executions,
            runner_minutes=self.runner_minutes + other.runner_minutes,
        )


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to open; `id` is a fresh UUID, kept only when no job of the same key is open."""

    id: str
    job_type: JobType
    host_id: int
    repository_id: int
    repository_name: str
    processor: Processor
    trigger: Trigger
    scope: str
    """`Scope.text`."""
    kinds: frozenset[Kind]
    source: SourceChoice
    spec: str
    """What shard 0 is to do, as JSON of the caller's making."""
    full: bool = False
    patches: bool = False
    engine: EngineName | None = None
    route_rule: str | None = None
    route_reason: str | None = None
    route_policy: str | None = None
    rollout_version: int | None = None
    principal: str | None = None
    time_range_days: int | None = None
    priority: int = 0
    max_attempts: int = 3
    retry_of: str | None = None
    held_reason: str | None = None
    """Why no processor is open to it, where it waits for one."""
    item_count: int | None = None
    """Pull requests that routing reckoned with."""
    data_age_seconds: float | None = None
    """Age that routing reckoned with."""
    is_eligible: bool | None = None
    """Whether the rollout opened both processors to it; None where it was not asked."""
    metadata: Mapping[str, object] = field(default_factory=dict)

    @property
    def dedupe_key(self) -> str:
        """The key that at most one open job has: the same work on the same repository of the same host."""
        return f"{self.host_id}/{self.repository_id}/{self.job_type}/{self.scope}"


@dataclass(frozen=True, slots=True)
class Job:
    """A stored job, as far as whoever works on it needs to know."""

    id: str
    job_type: JobType
    processor: Processor
    host_id: int
    repository_id: int
    repository_name: str
    state: JobState
    scope: str
    dedupe_key: str
    attempt: int
    failures: int
    max_attempts: int
    error: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    rerun_requested_at: str | None
    cancel_requested_at: str | None
    forecast: Figures | None
    used: Figures | None


@dataclass(frozen=True, slots=True)
class Shard:
    """A stored shard."""

    k: int
    state: ShardState
    spec: str
    checkpoint: str | None
    attempt: int
    claimed_by: str | None
    lease_until: str | None
    lease_epoch: int
    error: str | None
    counters: Counters


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one shard until the lease ends; every commit is fenced by its attempt and lease epoch."""

    job_id: str
    k: int
    holder: str
    attempt: int
    lease_epoch: int
    spec: str
    checkpoint: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """A live lease of somebody else."""

    holder: str
    until: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is left to do on this shard."""

    state: ShardState
