"""The one way in which the rollout's row is written: read, held against the version expected, changed and audited."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from progressive_capture.domain.categories import Category
from progressive_capture.domain.rollout import RolloutRow, SizeShares, Strategy
from progressive_capture.domain.rollout_changes import Values, sharing, written_shares
from progressive_capture.rollout.population import tracked_categories
from progressive_capture.rollout.rollout import By, Rollout, Written, told
from progressive_capture.store import rollout as store
from progressive_capture.store.database import Connection

Make = Callable[[RolloutRow], Values]
"""Works out what to write from the row as it is."""


def change(
    rollout: Rollout,
    action: str,
    by: By,
    make: Make,
    *,
    expected: int | None = None,
    evidence: Mapping[str, object] | None = None,
) -> Written:
    """Change the rollout in a transaction of its own; see `change_within`."""
    with rollout.database.transaction() as connection:
        return change_within(connection, rollout, action, by, make, expected=expected, evidence=evidence)


def change_within(
    connection: Connection,
    rollout: Rollout,
    action: str,
    by: By,
    make: Make,
    *,
    expected: int | None = None,
    evidence: Mapping[str, object] | None = None,
) -> Written:
    """Write what `make` says, with one row of history; nothing is written when all of it is so already.

    Args:
        connection: within a transaction that writes.
        rollout: which one.
        action: a word or two for the history.
        by: who, and why.
        make: works out the new values from the row as it is; they are written to that version of it alone.
        expected: the version that the decision was made on, None for the present one.
        evidence: figures that the decision rests on.

    Raises:
        Changed: the row is at another version, or somebody else changed it meanwhile.
    """
    row = store.read(connection, rollout.feature)
    if expected is not None and row.version != expected:
        raise store.Changed(f"it is at version {row.version}, not {expected}")
    values = _with_shares(connection, rollout, row, make(row))
    before = told(rollout.in_force(row))
    if all(_stored(row, column) == value for column, value in values.items()):
        return Written(action, is_changed=False, before=before, after=before)
    noted = store.Change(action, by.who, by.reason, rollout.clock(), evidence)
    after = store.change(connection, row.version, values, noted, feature=rollout.feature)
    return Written(action, is_changed=True, before=before, after=told(rollout.in_force(after)))


def _with_shares(connection: Connection, rollout: Rollout, row: RolloutRow, values: Values) -> Values:
    """Add what the rollout by size admits, where its percentage is set or it becomes the strategy."""
    chosen = {column: values[column] for column in ("rollout_percentage", "rollout_strategy") if column in values}
    if not chosen or "size_shares" in values:
        return values
    if isinstance(strategy := chosen.get("rollout_strategy"), str):
        chosen["rollout_strategy"] = Strategy(strategy)
    after = rollout.in_force(replace(row, **chosen))  # type: ignore[arg-type] # columns of the row, by name
    if after.strategy is not Strategy.REPOSITORY_SIZE:
        return values
    fleet = Counter(category or Category.ENTERPRISE for category in tracked_categories(connection, rollout.host_id))
    remembering = replace(row, before_stop=values.get("before_stop", row.before_stop))  # type: ignore[arg-type] # as above
    return dict(values) | dict(sharing(remembering, after.percentage, fleet))


def _stored(row: RolloutRow, column: str) -> object:
    value = getattr(row, column)
    if isinstance(value, SizeShares):
        return written_shares(value.percentage, value.parts)
    return sorted(value) if isinstance(value, frozenset) else value
