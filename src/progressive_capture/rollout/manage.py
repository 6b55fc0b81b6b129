"""Changes of the rollout, each audited and made only to the version it was decided on; nothing is measured here."""

from collections.abc import Collection

from progressive_capture.domain import rollout_changes as changes
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.rollout import RolloutRow, Strategy, checked_percentage
from progressive_capture.rollout.population import refuse_unknown
from progressive_capture.rollout.rollout import By, InForce, Rollout, Written, told
from progressive_capture.rollout.writing import change
from progressive_capture.store import rollout as store


def in_force(rollout: Rollout) -> InForce:
    """Return the configuration that decisions follow now."""
    with rollout.database.reading() as connection:
        return told(rollout.in_force(store.read(connection, rollout.feature)))


def set_percentage(rollout: Rollout, percentage: float, by: By, *, expected: int | None = None) -> Written:
    """Set the percentage; it opens the whitelist again that a rollback closed.

    Raises:
        UsageError: it lies outside 0 to 100.
        Changed: the rollout is not at the expected version any more.
    """
    checked_percentage(percentage)
    return change(
        rollout, "set percentage", by, lambda row: changes.setting_percentage(row, percentage), expected=expected
    )


def set_strategy(rollout: Rollout, strategy: Strategy, by: By, *, expected: int | None = None) -> Written:
    """Set how repositories are chosen that no list names.

    Raises:
        Changed: the rollout is not at the expected version any more.
    """
    return change(rollout, "set strategy", by, lambda row: changes.setting_strategy(row, strategy), expected=expected)


def resume(rollout: Rollout, by: By, *, expected: int | None = None) -> Written:
    """End the emergency stop in the database: percentage, strategy and lists are as they were before it.

    Jobs that the stop re-routed stay where they are; a stop in the environment goes on.

    Raises:
        Changed: the rollout is not at the expected version any more.
    """
    return change(rollout, "resume", by, changes.resuming, expected=expected)


def add_to_whitelist(rollout: Rollout, ids: Collection[int], by: By, *, expected: int | None = None) -> Written:
    """Let repositories use both processors whatever the percentage.

    Raises:
        UsageError: no repository is named, or one is not known.
        Changed: the rollout is not at the expected version any more.
    """
    wanted = _known(rollout, ids)
    return change(rollout, "whitelist", by, lambda row: changes.whitelisting(row, wanted), expected=expected)


def remove_from_whitelist(rollout: Rollout, ids: Collection[int], by: By, *, expected: int | None = None) -> Written:
    """Take repositories off the whitelist; ids that are not on it change nothing.

    Raises:
        UsageError: no repository is named.
        Changed: the rollout is not at the expected version any more.
    """
    wanted = _named(ids)
    return change(rollout, "unlist", by, lambda row: changes.unlisting(row, wanted), expected=expected)


def exclude(rollout: Rollout, ids: Collection[int], by: By, *, expected: int | None = None) -> Written:
    """Keep repositories on the real-time lane whatever else says.

    Raises:
        UsageError: no repository is named, or one is not known.
        Changed: the rollout is not at the expected version any more.
    """
    wanted = _known(rollout, ids)
    return change(rollout, "exclude", by, lambda row: changes.excluding(row, wanted), expected=expected)


def readmit(rollout: Rollout, ids: Collection[int], by: By, *, expected: int | None = None) -> Written:
    """Take repositories off the exclusions.

    Raises:
        UsageError: no repository is named.
        Changed: the rollout is not at the expected version any more.
    """
    wanted = _named(ids)
    return change(rollout, "readmit", by, lambda row: changes.readmitting(row, wanted), expected=expected)


def set_auto_rollback(rollout: Rollout, by: By, *, enabled: bool, expected: int | None = None) -> Written:
    """Say whether the monitor may withdraw the rollout by itself.

    Raises:
        Changed: the rollout is not at the expected version any more.
    """
    action = "enable auto rollback" if enabled else "disable auto rollback"
    return change(rollout, action, by, lambda _: {"auto_rollback_enabled": enabled}, expected=expected)


def set_active(rollout: Rollout, by: By, *, active: bool, expected: int | None = None) -> Written:
    """Switch the rollout on or off as a whole: off, every repository keeps to the real-time lane, listed or not.

    Percentage, strategy and lists stay as they are; bulk jobs that are not at work leave the lane when claimed.

    Raises:
        Changed: the rollout is not at the expected version any more.
    """
    action = "activate" if active else "deactivate"
    return change(rollout, action, by, lambda _: {"is_active": active}, expected=expected)


def roll_back(rollout: Rollout, percentage: float, by: By, *, expected: int | None = None) -> Written:
    """Lower the percentage and close the whitelist; bulk jobs that are no longer allowed leave the lane when claimed.

    Raises:
        UsageError: it lies outside 0 to 100, or above what is in force.
        Changed: the rollout is not at the expected version any more.
    """
    now = rollout.clock()

    def make(row: RolloutRow) -> changes.Values:
        at = rollout.in_force(row).percentage
        if checked_percentage(percentage) > at:
            raise UsageError(f"The rollout is at {at:g} %: to go up to {percentage:g} %, set the percentage.")
        return changes.rolling_back(row, now, percentage)

    return change(rollout, "rollback", by, make, expected=expected)


def history(rollout: Rollout, *, before: int | None = None, limit: int = 50) -> list[store.HistoryRow]:
    """Return changes of the rollout, the newest first, from behind the one of id `before`."""
    with rollout.database.reading() as connection:
        return store.history(connection, limit, before=before, feature=rollout.feature)


def _known(rollout: Rollout, ids: Collection[int]) -> frozenset[int]:
    wanted = _named(ids)
    with rollout.database.reading() as connection:
        refuse_unknown(connection, rollout.host_id, wanted)
    return wanted


def _named(ids: Collection[int]) -> frozenset[int]:
    wanted = frozenset(ids)
    if not wanted or min(wanted) < 1:
        raise UsageError("Name at least one repository, by owner/name or by GitHub's numeric id.")
    return wanted
