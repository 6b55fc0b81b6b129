"""The staged way up, 10, 25, 50, 75, 100 percent: whether the next step is earned, and taking it."""

from dataclasses import dataclass, replace

from progressive_capture.domain import progression as rules
from progressive_capture.domain.progression import Advance, Savings
from progressive_capture.domain.rollout import RolloutRow
from progressive_capture.domain.rollout_changes import setting_percentage
from progressive_capture.domain.scope import moment
from progressive_capture.domain.verdict import Health, Verdict
from progressive_capture.rollout.measure import measured, savings, window_start
from progressive_capture.rollout.rollout import By, Rollout, Written
from progressive_capture.rollout.writing import change_within
from progressive_capture.store import rollout as store
from progressive_capture.store.database import Connection


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the next step is earned, and by what."""

    percentage: float
    """In force now."""
    version: int
    step: Advance
    verdict: Verdict
    """Of what settled in the window, and since the percentage was set: each step earns the next."""
    savings: Savings


@dataclass(frozen=True, slots=True)
class Advanced:
    """What came of the wish to go one step up."""

    readiness: Readiness
    written: Written | None
    """None: refused, for the reasons of `readiness.step`."""


def readiness(rollout: Rollout) -> Readiness:
    """Say whether the next step is earned; nothing is changed.

    Raises:
        StoreError: the database cannot be read.
    """
    with rollout.database.reading() as connection:
        return _readiness(connection, rollout, store.read(connection, rollout.feature))


def advance(rollout: Rollout, by: By, *, expected: int | None = None) -> Advanced:
    """Go one step up if all gates allow it; the figures stand in the history.

    Raises:
        Changed: the rollout is not at the expected version any more.
    """
    with rollout.database.transaction() as connection:
        row = store.read(connection, rollout.feature)
        if expected is not None and row.version != expected:
            raise store.Changed(f"it is at version {row.version}, not {expected}")
        ready = _readiness(connection, rollout, row)
        following = ready.step.percentage
        if following is None:
            return Advanced(ready, None)
        written = change_within(
            connection,
            rollout,
            "advance",
            by,
            lambda at: setting_percentage(at, following),
            expected=row.version,
            evidence=_evidence(ready),
        )
    return Advanced(ready, written)


def _readiness(connection: Connection, rollout: Rollout, row: RolloutRow) -> Readiness:
    now, configuration = rollout.clock(), rollout.in_force(row)
    window, chosen_at = window_start(row, configuration, now), store.chosen_at(connection, rollout.feature)
    since = window if chosen_at is None else max(window, moment(chosen_at))
    verdict = measured(connection, row, rollout, since=since)
    saved = savings(connection, rollout, since, now)
    rolled_back_at = None if row.rolled_back_at is None else moment(row.rolled_back_at)
    step = rules.advance(configuration, verdict, saved, rolled_back_at, now)
    if verdict.health is Health.INCONCLUSIVE and since > window:
        told = f"Only what settled at the present step counts, which was set at {since:%Y-%m-%d %H:%M} UTC."
        step = replace(step, reasons=(*step.reasons, told))
    return Readiness(configuration.percentage, row.version, step, verdict, saved)


def _evidence(ready: Readiness) -> dict[str, object]:
    outcomes = ready.verdict.outcomes
    return {
        "reasons": list(ready.step.reasons),
        "error_rate": None if outcomes is None else outcomes.error_rate,
        "success_rate": None if outcomes is None else outcomes.success_rate,
        "finished": 0 if outcomes is None else outcomes.finished,
        "micro_usd": ready.savings.micro_usd,
        "inngest_only_micro_usd": ready.savings.inngest_only_micro_usd,
    }
