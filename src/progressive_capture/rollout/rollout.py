"""What every part of this room works with: the rollout of one feature, who changes it, and what came of a change."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from progressive_capture.domain.cost import PriceBook
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.rollout import (
    FEATURE,
    Effective,
    Origin,
    RolloutEnvironment,
    RolloutRow,
    Strategy,
    effective,
)
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import Follow


@dataclass(frozen=True, slots=True)
class Rollout:
    """The rollout of one feature in one database, as one process sees it."""

    database: Database
    host_id: int
    """The API host whose tracked repositories are counted and categorised."""
    environment: RolloutEnvironment
    lanes_local: bool
    """Whether both lanes run on this machine."""
    clock: Callable[[], datetime]
    book: PriceBook
    """By which savings are reckoned."""
    feature: str = FEATURE
    follow: Follow | None = None
    """Decides where jobs go that follow those which a stop cancels."""

    def in_force(self, row: RolloutRow) -> Effective:
        """Return the configuration that decisions of this process follow."""
        return effective(row, self.environment, lanes_local=self.lanes_local)


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something, and why; both stand in the history."""

    who: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse a change that nobody could explain later.

        Raises:
            UsageError: a name or a reason is missing.
        """
        if not self.who.strip() or not self.reason.strip():
            raise UsageError("A change of the rollout wants to know who makes it and why: give a reason.")


@dataclass(frozen=True, slots=True)
class InForce:
    """The configuration that decisions follow, as JSON can tell it."""

    feature: str
    version: int
    percentage: float
    strategy: Strategy
    is_active: bool
    stopped_by: tuple[Origin, ...]
    """Who asks for the emergency stop: the database, the environment, both or nobody."""
    auto_rollback: bool
    max_error_rate: float
    """Percent of finished jobs."""
    window_hours: float
    whitelist: tuple[int, ...]
    """Repository ids."""
    whitelist_closed: bool
    """Whether a rollback closed the whitelist, until somebody sets a percentage."""
    excluded: tuple[int, ...]
    origins: dict[str, Origin]
    """Where percentage, strategy, auto_rollback, max_error_rate and window come from."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a change."""

    action: str
    is_changed: bool
    """False: all of it was so already, and nothing was written."""
    before: InForce
    after: InForce


def told(configuration: Effective) -> InForce:
    """Tell a configuration as JSON can."""
    return InForce(
        feature=configuration.feature_name,
        version=configuration.version,
        percentage=configuration.percentage,
        strategy=configuration.strategy,
        is_active=configuration.is_active,
        stopped_by=configuration.stopped_by,
        auto_rollback=configuration.auto_rollback,
        max_error_rate=configuration.max_error_rate,
        window_hours=configuration.window / timedelta(hours=1),
        whitelist=tuple(sorted(configuration.whitelist)),
        whitelist_closed=configuration.whitelist_closed,
        excluded=tuple(sorted(configuration.excluded)),
        origins=dict(configuration.origins),
    )
