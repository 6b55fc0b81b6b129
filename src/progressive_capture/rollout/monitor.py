"""The health check: measure, judge, and act at most once on what was measured; who runs it is decided elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from progressive_capture.domain.rollout import RolloutRow
from progressive_capture.domain.rollout_changes import rolling_back
from progressive_capture.domain.scope import stamp
from progressive_capture.domain.verdict import Health, Verdict, could_not_measure
from progressive_capture.rollout.measure import measured, window_start
from progressive_capture.rollout.rollout import By, InForce, Rollout, Written, told
from progressive_capture.rollout.writing import change
from progressive_capture.store import rollout as store
from progressive_capture.store.errors import StoreError

WHO: Final = "monitor"
ACTION: Final = "auto rollback"


@dataclass(frozen=True, slots=True)
class Checked:
    """What one health check found and did."""

    verdict: Verdict
    in_force: InForce
    """After the check."""
    written: Written | None
    """The rollback, when this check made it."""
    done: str
    """What was done, or why nothing was; a sentence."""


def check_health(rollout: Rollout, *, who: str = WHO) -> Checked:
    """Judge the window and, when it is failing and the monitor may, roll back to 0 % and close the whitelist.

    The rollback is written only to the version of the settings that was measured: of several monitors one acts.
    Inconclusive and errored verdicts change nothing.

    Raises:
        StoreError: a rollback is due, and the database refuses it.
    """
    try:
        with rollout.database.reading() as connection:
            row = store.read(connection, rollout.feature)
            verdict = measured(connection, row, rollout)
    except StoreError as error:
        unread = rollout.in_force(RolloutRow(feature_name=rollout.feature))
        errored = could_not_measure(str(error), unread.max_error_rate)
        return Checked(errored, told(unread), None, "Nothing was changed: it could not be measured.")
    why_not = _why_not(rollout, row, verdict)
    if why_not is not None:
        return Checked(verdict, told(rollout.in_force(row)), None, why_not)
    return _roll_back(rollout, row, verdict, who)


def _why_not(rollout: Rollout, row: RolloutRow, verdict: Verdict) -> str | None:
    configuration = rollout.in_force(row)
    if verdict.health is not Health.FAILING:
        return f"Nothing was changed: the rollout is {verdict.health}."
    if not configuration.auto_rollback:
        return "Nothing was changed: automatic rollback is disabled, so roll back by hand."
    if configuration.percentage == 0 and (configuration.whitelist_closed or not configuration.whitelist):
        return "Nothing was changed: nobody is in the rollout."
    return None


def _roll_back(rollout: Rollout, row: RolloutRow, verdict: Verdict, who: str) -> Checked:
    now = rollout.clock()
    by = By(who, verdict.reason)
    evidence = _evidence(rollout, row, verdict)
    try:
        written = change(rollout, ACTION, by, lambda at: rolling_back(at, now), expected=row.version, evidence=evidence)
    except store.Changed:
        with rollout.database.reading() as connection:
            present = rollout.in_force(store.read(connection, rollout.feature))
        return Checked(verdict, told(present), None, "Nothing was changed: the settings changed meanwhile.")
    return Checked(verdict, written.after, written, "Rolled back to 0 %, and closed the whitelist.")


def _evidence(rollout: Rollout, row: RolloutRow, verdict: Verdict) -> Mapping[str, object]:
    configuration, now = rollout.in_force(row), rollout.clock()
    outcomes = verdict.outcomes
    assert outcomes is not None  # a failing verdict was measured
    return {
        "since": stamp(window_start(row, configuration, now)),
        "until": stamp(now),
        "successes": outcomes.successes,
        "errors": outcomes.errors,
        "uncounted": outcomes.uncounted,
        "timed_out": outcomes.timed_out,
        "error_rate": outcomes.error_rate,
        "max_error_rate": verdict.max_error_rate,
        "version": row.version,
    }
