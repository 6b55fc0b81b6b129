"""What each change of the rollout writes into its row; writing it, and its history, is the store's."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from progressive_capture.domain.categories import Category
from progressive_capture.domain.gates import smallest_first
from progressive_capture.domain.rollout import RolloutRow, Strategy, checked_percentage
from progressive_capture.domain.scope import stamp

Values = Mapping[str, object]
"""Columns of `rollout_configuration` with their new values; lists are sorted."""

RESTORED: Final = (
    "rollout_percentage",
    "rollout_strategy",
    "target_repositories",
    "excluded_repositories",
    "size_shares",
)
"""Columns that an emergency stop remembers and resuming restores."""


def stopping(row: RolloutRow) -> Values:
    """An emergency stop; stopping twice remembers what was before the first."""
    remembered = row.before_stop if row.emergency_stop and row.before_stop is not None else _remembered(row)
    return {"emergency_stop": True, "before_stop": dict(remembered)}


def resuming(row: RolloutRow) -> Values:
    """The end of an emergency stop, as if it had not been; where none holds, nothing is restored.

    Plain SQL may have ended one: what that remembered may be long out of date.
    """
    remembered = row.before_stop if row.emergency_stop else None
    return {"emergency_stop": False, "before_stop": None} | dict(remembered or {})


def setting_percentage(row: RolloutRow, percentage: float, strategy: Strategy | None = None) -> Values:
    """A percentage set by an operator: it opens the whitelist again, and holds also after a stop is over.

    Raises:
        UsageError: the percentage lies outside 0 to 100.
    """
    values: dict[str, object] = {"rollout_percentage": checked_percentage(percentage), "whitelist_closed": False}
    if strategy is not None:
        values["rollout_strategy"] = strategy.value
    return _also_after_stop(row, values)


def setting_strategy(row: RolloutRow, strategy: Strategy) -> Values:
    """A strategy set by an operator; it holds also after a stop is over."""
    return _also_after_stop(row, {"rollout_strategy": strategy.value})


def written_shares(percentage: float, parts: Mapping[Category, int]) -> Values:
    """The stored form of `SizeShares`."""
    return {"percentage": percentage, "parts": {category.value: admitted for category, admitted in parts.items()}}


def sharing(row: RolloutRow, percentage: float, fleet: Mapping[Category, int]) -> Values:
    """What `repository_size` admits at a percentage from now on: that share of the fleet, the smallest first.

    Nobody is taken out by a percentage that is not below the one before, whatever was tracked meanwhile.
    """
    parts = smallest_first(fleet, percentage)
    before = row.size_shares
    if before is not None and before.percentage <= percentage:
        parts = {category: max(admitted, before.parts[category]) for category, admitted in parts.items()}
    return _also_after_stop(row, {"size_shares": written_shares(percentage, parts)})


def rolling_back(row: RolloutRow, now: datetime, percentage: float = 0) -> Values:
    """A rollback: the whitelist is closed too, and neither is undone by the end of an emergency stop.

    Raises:
        UsageError: the percentage lies outside 0 to 100.
    """
    values: dict[str, object] = {"rollout_percentage": checked_percentage(percentage)}
    return _also_after_stop(row, values) | {"whitelist_closed": True, "rolled_back_at": stamp(now)}


def whitelisting(row: RolloutRow, repository_ids: Iterable[int]) -> Values:
    """Repositories added to the whitelist."""
    return _also_after_stop(row, {"target_repositories": sorted(row.target_repositories | set(repository_ids))})


def unlisting(row: RolloutRow, repository_ids: Iterable[int]) -> Values:
    """Repositories taken off the whitelist."""
    return _also_after_stop(row, {"target_repositories": sorted(row.target_repositories - set(repository_ids))})


def excluding(row: RolloutRow, repository_ids: Iterable[int]) -> Values:
    """Repositories added to the exclusions."""
    return _also_after_stop(row, {"excluded_repositories": sorted(row.excluded_repositories | set(repository_ids))})


def readmitting(row: RolloutRow, repository_ids: Iterable[int]) -> Values:
    """Repositories taken off the exclusions."""
    return _also_after_stop(row, {"excluded_repositories": sorted(row.excluded_repositories - set(repository_ids))})


def _remembered(row: RolloutRow) -> Values:
    shares = row.size_shares
    return {
        "rollout_percentage": row.rollout_percentage,
        "rollout_strategy": None if row.rollout_strategy is None else row.rollout_strategy.value,
        "target_repositories": sorted(row.target_repositories),
        "excluded_repositories": sorted(row.excluded_repositories),
        "size_shares": None if shares is None else written_shares(shares.percentage, shares.parts),
    }


def _also_after_stop(row: RolloutRow, values: dict[str, object]) -> dict[str, object]:
    if not row.emergency_stop or row.before_stop is None:
        return values
    kept = {column: value for column, value in values.items() if column in RESTORED}
    return values | {"before_stop": dict(row.before_stop) | kept}
