"""Which processor a job is for: ordered named rules over plain facts; whether it may run there is the rollout's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from progressive_capture.domain.categories import Category
from progressive_capture.domain.jobs import Processor, Trigger
from progressive_capture.domain.priority import PriorityLevel

Figures = Mapping[str, str | int | float | None]
"""Facts as a decision keeps them: fit for JSON, one entry for each fact."""

SHARD_ITEMS: Final[Mapping[Processor, int]] = {Processor.INNGEST: 100, Processor.GITHUB_ACTIONS: 30_000}
"""The most pull requests in one shard. Source: the brief's "< 100 items/job" for Inngest; a bulk shard ends well within
the 6 hours that GitHub gives a job. https://docs.github.com/en/actions/reference/limits"""

SHARDS_IN_FLIGHT: Final[Mapping[Processor, int | None]] = {Processor.INNGEST: 2, Processor.GITHUB_ACTIONS: None}
"""The most shards of one job that are worked on at once, None for no bound: a big job that the rollout keeps from the
bulk lane leaves room for others (Inngest's free plan runs 5 steps at once)."""

POLICY: Final = "rules"
"""The name under which decisions of this file are recorded."""


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What a routing decision knows of a job; None is unknown."""

    trigger: Trigger
    level: PriorityLevel
    age: timedelta | None = None
    """How long ago the oldest pull request of the job was updated, by the stored index, else how far back the request
    reaches (`scope.asked_age`)."""
    items: int | None = None
    """Pull requests to hydrate."""
    category: Category | None = None
    pr_total: int | None = None
    """Pull requests in the repository."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers of the table; a changed table is a changed value of this."""

    recent: timedelta = timedelta(hours=24)
    """Source: the brief, "Smart Routing Logic"."""
    small: int = 10
    """Pull requests. Source: as `recent`."""
    large: int = 50
    """Pull requests. Source: as `recent`."""
    shard: int = SHARD_ITEMS[Processor.INNGEST]
    """Pull requests."""
    large_repository: int = 1_000
    """Pull requests in the repository. Source: the brief, "Routing Logic"."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: where a job goes to which it applies, unless an earlier row answers."""

    name: str
    processor: Processor
    reason: str
    """A sentence for people."""
    applies: Callable[[RouteFacts], bool]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a job goes, and why, so that the row explains itself."""

    processor: Processor | None
    """None: no processor is open to this job now; it waits."""
    rule: str
    reason: str
    policy: str
    figures: Figures
    """The facts that were used (`figures_of`)."""


class Policy(Protocol):
    """Anything that routes: the rules of this file, or a model that takes their place."""

    def __call__(self, facts: RouteFacts, allowed: frozenset[Processor]) -> Route:
        """Choose one of the allowed processors; None only when there is none."""
        ...
