"""How far the rollout goes: the stored configuration and the one in force; the gates that apply it are in `gates`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeVar

from progressive_capture.domain.categories import Category
from progressive_capture.domain.errors import UsageError

FEATURE: Final = "hybrid_progressive_capture"
"""The one feature that is rolled out; its name is part of every bucket."""

STEPS: Final = (10, 25, 50, 75, 100)
"""Percentages of the staged progression. Source: the brief, "Recommended Progression"."""

DEFAULT_PERCENTAGE: Final = 10.0
"""Where the progression begins."""

DEFAULT_PERCENTAGE_LOCAL: Final = 100.0
"""With both lanes on this machine there is nothing to roll out."""

DEFAULT_MAX_ERROR_RATE: Final = 5.0
"""Percent of finished jobs. Source: the brief, "Auto-Rollback"."""

DEFAULT_WINDOW: Final = timedelta(hours=24)
"""Source: `monitoring_window_hours` of the original system, https://github.com/bdougie/contributor.info."""

HUNDRED: Final = 100

_Value = TypeVar("_Value")


class Strategy(StrEnum):
    """How repositories are chosen that no list names."""

    PERCENTAGE = "percentage"
    WHITELIST = "whitelist"
    REPOSITORY_SIZE = "repository_size"


@dataclass(frozen=True, slots=True)
class SizeShares:
    """A percentage of the fleet, the smallest categories first, as it was reckoned when it was set."""

    percentage: float
    """It holds for this one alone: one that plain SQL wrote later is another."""
    parts: Mapping[Category, int]
    """How many of the 10,000 parts of each category are admitted."""


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """One row of `rollout_configuration`; fields are named as its columns, and None leaves it to the environment."""

    feature_name: str = FEATURE
    rollout_percentage: float | None = None
    rollout_strategy: Strategy | None = None
    is_active: bool = True
    emergency_stop: bool = False
    auto_rollback_enabled: bool | None = None
    max_error_rate: float | None = None
    """Percent."""
    monitoring_window_hours: float | None = None
    target_repositories: frozenset[int] = frozenset()
    """The whitelist: GitHub's numeric ids."""
    excluded_repositories: frozenset[int] = frozenset()
    whitelist_closed: bool = False
    """A rollback closed the whitelist, until an operator sets a percentage."""
    rolled_back_at: str | None = None
    before_stop: Mapping[str, object] | None = None
    """What resuming restores (`rollout_changes`)."""
    size_shares: SizeShares | None = None
    """What `repository_size` admits of each category."""
    version: int = 0
    changed_by: str | None = None
    changed_reason: str | None = None
    changed_at: str | None = None


@dataclass(frozen=True, slots=True)
class RolloutEnvironment:
    """What the environment says, as read when the process began; None is not set."""

    rollout_percentage: float | None = None
    emergency_stop: bool = False
    rollout_strategy: Strategy | None = None
    auto_rollback_enabled: bool | None = None
    max_error_rate: float | None = None
    """Percent."""


class Origin(StrEnum):
    """Where an effective value comes from, in order of precedence."""

    DATABASE = "database"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Effective:
    """The configuration in force for one decision."""

    feature_name: str
    version: int
    percentage: float
    strategy: Strategy
    is_active: bool
    stopped_by: tuple[Origin, ...]
    """Who asks for the emergency stop; one is enough."""
    auto_rollback: bool
    max_error_rate: float
    """Percent."""
    window: timedelta
    whitelist: frozenset[int]
    excluded: frozenset[int]
    whitelist_closed: bool
    size_shares: Mapping[Category, int] | None = None
    """Parts of each category that `repository_size` admits; None: the percentage of every category."""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    """Of `percentage`, `strategy`, `auto_rollback`, `max_error_rate` and `window`."""


def effective(row: RolloutRow, environment: RolloutEnvironment, *, lanes_local: bool) -> Effective:
    """The configuration in force: the row's value when it has one, else the environment's, else the default.

    An emergency stop is the exception: whoever asks for it, it holds. `lanes_local` says that both lanes run here.
    """
    percentage, of_percentage = _first(
        row.rollout_percentage,
        environment.rollout_percentage,
        DEFAULT_PERCENTAGE_LOCAL if lanes_local else DEFAULT_PERCENTAGE,
    )
    strategy, of_strategy = _first(row.rollout_strategy, environment.rollout_strategy, Strategy.PERCENTAGE)
    auto_rollback, of_rollback = _first(row.auto_rollback_enabled, environment.auto_rollback_enabled, True)
    max_error_rate, of_rate = _first(row.max_error_rate, environment.max_error_rate, DEFAULT_MAX_ERROR_RATE)
    hours, of_window = _first(row.monitoring_window_hours, None, DEFAULT_WINDOW / timedelta(hours=1))
    stops = ((Origin.DATABASE, row.emergency_stop), (Origin.ENVIRONMENT, environment.emergency_stop))
    return Effective(
        feature_name=row.feature_name,
        version=row.version,
        percentage=percentage,
        strategy=strategy,
        is_active=row.is_active,
        stopped_by=tuple(origin for origin, stopped in stops if stopped),
        auto_rollback=auto_rollback,
        max_error_rate=max_error_rate,
        window=timedelta(hours=hours),
        whitelist=row.target_repositories,
        excluded=row.excluded_repositories,
        whitelist_closed=row.whitelist_closed,
        size_shares=_shares_at(row.size_shares, percentage),
        origins={
            "percentage": of_percentage,
            "strategy": of_strategy,
            "auto_rollback": of_rollback,
            "max_error_rate": of_rate,
            "window": of_window,
        },
    )


def _shares_at(shares: SizeShares | None, percentage: float) -> Mapping[Category, int] | None:
    return shares.parts if shares is not None and shares.percentage == percentage else None


def _first(stored: _Value | None, environment: _Value | None, default: _Value) -> tuple[_Value, Origin]:
    if stored is not None:
        return stored, Origin.DATABASE
    if environment is not None:
        return environment, Origin.ENVIRONMENT
    return default, Origin.DEFAULT


def checked_percentage(percentage: float) -> float:
    """The percentage itself.

    Raises:
        UsageError: it lies outside 0 to 100, or is no number.
    """
    if not 0 <= percentage <= HUNDRED:
        raise UsageError(f"A percentage lies between 0 and 100, and {percentage:g} does not.")
    return percentage
