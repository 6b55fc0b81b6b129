"""The rollout: settings that only a reader of their last version changes, their history, outcomes to judge it by.

Every change's version and history row are made by triggers (`tables.rollout_triggers`).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Final, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Row,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from progressive_capture.domain.categories import Category
from progressive_capture.domain.cohorts import Sample
from progressive_capture.domain.errors import ErrorClass
from progressive_capture.domain.rollout import FEATURE, RolloutRow, SizeShares, Strategy
from progressive_capture.domain.rollout_changes import Values
from progressive_capture.domain.scope import stamp
from progressive_capture.domain.verdict import Outcomes
from progressive_capture.store.errors import StoreError
from progressive_capture.store.tables import JOB_METRICS, ROLLOUT_CONFIGURATION, ROLLOUT_HISTORY, ROLLOUT_METRICS

_ROW: Final = ROLLOUT_CONFIGURATION.c
_METRIC: Final = ROLLOUT_METRICS.c
_LISTS: Final = frozenset({"target_repositories", "excluded_repositories"})


class Changed(StoreError):
    """Somebody else has changed the rollout meanwhile ({detail}): look at it again, then repeat the command."""

    retryable: ClassVar[bool] = False


class InvalidList(StoreError):
    """A list of repositories in rollout_configuration is no JSON array of numeric ids; correct it ({detail})."""


class InvalidShares(StoreError):
    """What rollout_configuration holds as size_shares is not the program's; set it NULL ({detail})."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes the rollout, and why; told in its history."""

    action: str
    who: str
    reason: str
    at: datetime
    evidence: Mapping[str, object] | None = None


class HistoryRow(NamedTuple):
    """One change of the rollout."""

    id: int
    version: int
    at: str
    action: str
    who: str
    """`sql`: somebody who did not use the program."""
    reason: str
    evidence: dict[str, Any] | None
    before: dict[str, Any] | None
    after: dict[str, Any]


class Cohort(NamedTuple):
    """Outcomes of repositories in the rollout, or of those outside."""

    successes: int
    errors: int
    seconds: Sample | None
    """Time at work of each job that counts."""
    points: Sample | None
    cost_usd: Sample | None
    """Of those whose cost is known."""


def read(connection: Connection, feature: str = FEATURE) -> RolloutRow:
    """Return the stored settings; without a row, all of them are left open and the version is 0.

    Raises:
        InvalidList: somebody wrote a list that is none.
        InvalidShares: somebody wrote shares that are none.
    """
    row = connection.execute(_STORED, {"of_feature": feature}).one_or_none()
    return RolloutRow(feature_name=feature) if row is None else _row(row)


def change(
    connection: Connection, expected_version: int, values: Values, change: Change, *, feature: str = FEATURE
) -> RolloutRow:
    """Set columns, if nobody has changed the row since it was read; the history gets a row.

    Args:
        connection: within a transaction.
        expected_version: the version that the change was decided on.
        values: columns with their new values; see `domain.rollout_changes`.
        change: who and why.
        feature: the feature's name.

    Raises:
        Changed: the stored version is another one by now; nothing is changed.
    """
    told = {
        "change_id": str(uuid.uuid5(_CHANGES, f"{feature}/{expected_version}/{stamp(change.at)}/{change.who}")),
        "change_action": change.action,
        "changed_by": change.who,
        "changed_reason": change.reason,
        "change_evidence": None if change.evidence is None else dict(change.evidence),
        "changed_at": stamp(change.at),
    }
    if expected_version == 0:
        _insert(connection, feature, dict(values) | told)
    else:
        at_version = (_ROW.feature_name == feature, _ROW.version == expected_version)
        done = connection.execute(update(ROLLOUT_CONFIGURATION).where(*at_version).values(dict(values) | told))
        if done.rowcount == 0:
            raise Changed(f"it is at version {read(connection, feature).version}, not {expected_version}")
    return read(connection, feature)


def history(
    connection: Connection, limit: int, *, before: int | None = None, feature: str = FEATURE
) -> list[HistoryRow]:
    """Return the last changes, the newest first, from before the change of that id."""
    row = ROLLOUT_HISTORY.c
    statement = select(*(row[name] for name in HistoryRow._fields)).where(row.feature_name == feature)
    if before is not None:
        statement = statement.where(row.id < before)
    found = connection.execute(statement.order_by(row.id.desc()).limit(limit))
    return [HistoryRow(*each) for each in found]


def chosen_at(connection: Connection, feature: str = FEATURE) -> str | None:
    """Return when the stored percentage or strategy last became another; None: nobody has set either."""
    row = ROLLOUT_HISTORY.c
    is_new = or_(*(_became_another(name) for name in ("rollout_percentage", "rollout_strategy")))
    newest = select(row.at).where(row.feature_name == feature, is_new).order_by(row.id.desc()).limit(1)
    found: str | None = connection.scalar(newest)
    return found


def outcomes(
    connection: Connection, since: datetime, *, eligible: bool | None = True, feature: str = FEATURE
) -> Outcomes:
    """Return how jobs ended since then, of repositories in the rollout (or outside, or with None of all)."""
    given: dict[str, Any] = {"of_feature": feature, "since": stamp(since)}
    statement = _OUTCOMES
    if eligible is not None:
        statement, given = _OUTCOMES_OF_GROUP, given | {"of_group": eligible}
    successes, errors, uncounted, timed_out, memory = connection.execute(statement, given).one()
    return Outcomes(successes, errors, uncounted, timed_out, memory or None)


def cohort(connection: Connection, since: datetime, *, eligible: bool, feature: str = FEATURE) -> Cohort:
    """Return what the jobs that count came to since then, in the rollout or outside."""
    given = {"of_feature": feature, "since": stamp(since), "of_group": eligible}
    successes, errors, *figures = connection.execute(_COHORT, given).one()
    samples = [_sample(*figures[first : first + 3]) for first in range(0, len(figures), 3)]
    return Cohort(int(successes), int(errors), *samples)


def _became_another(setting: str) -> ColumnElement[bool]:
    # One spelling that both databases read: https://www.sqlite.org/json1.html#the_and_operators
    before, after = (
        side.op("->>")(literal_column(f"'{setting}'")) for side in (ROLLOUT_HISTORY.c.before, ROLLOUT_HISTORY.c.after)
    )
    return before.is_distinct_from(after)


def _sample(count: int, total: float | None, squares: float | None) -> Sample | None:
    return Sample.of_sums(count, float(total or 0), float(squares or 0))


_CHANGES: Final = uuid.UUID("6f1d1c38-6f0e-4a8e-9d7e-0f6a3f6f3c51")
"""The name space of the ids of changes. https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5"""

_STORED: Final = select(ROLLOUT_CONFIGURATION).where(_ROW.feature_name == bindparam("of_feature"))
"""Made once: every decision of every claim asks it."""

_SINCE: Final = (_METRIC.feature_name == bindparam("of_feature"), _METRIC.created_at >= bindparam("since"))
_OF_GROUP: Final = _METRIC.is_eligible == bindparam("of_group", type_=Boolean)
_OUTCOMES: Final = (
    select(
        func.count().filter(_METRIC.counted, _METRIC.success_count > 0),
        func.count().filter(_METRIC.counted, _METRIC.error_count > 0),
        func.count().filter(~_METRIC.counted),
        func.count().filter(_METRIC.counted, _METRIC.error_class == ErrorClass.TIMEOUT.value),
        func.max(JOB_METRICS.c.peak_memory_bytes),
    )
    .select_from(ROLLOUT_METRICS.outerjoin(JOB_METRICS, JOB_METRICS.c.job_id == _METRIC.job_id))
    .where(*_SINCE)
)
_OUTCOMES_OF_GROUP: Final = _OUTCOMES.where(_OF_GROUP)
_SUMS: Final = tuple(
    each
    for measure in (_METRIC.average_processing_time, _METRIC.points, _METRIC.cost_usd)
    for each in (func.count(measure), func.sum(1.0 * measure), func.sum(1.0 * measure * measure))
)
_COHORT: Final = select(
    func.coalesce(func.sum(_METRIC.success_count), 0), func.coalesce(func.sum(_METRIC.error_count), 0), *_SUMS
).where(*_SINCE, _METRIC.counted, _OF_GROUP)


def _insert(connection: Connection, feature: str, values: dict[str, Any]) -> None:
    fresh = {
        "id": values["change_id"],
        "feature_name": feature,
        "is_active": True,
        "emergency_stop": False,
        "target_repositories": [],
        "excluded_repositories": [],
        "whitelist_closed": False,
        "version": 1,
    }
    stored = read(connection, feature).version
    if stored:
        raise Changed(f"it is at version {stored}, not 0")
    connection.execute(insert(ROLLOUT_CONFIGURATION).values(fresh | values))


def _row(row: Row[Any]) -> RolloutRow:
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented way to read by name
    values = {each.name: columns[each.name] for each in fields(RolloutRow)}
    for name in _LISTS:
        values[name] = _ids(name, values[name])
    strategy = values["rollout_strategy"]
    values["rollout_strategy"] = None if strategy is None else Strategy(strategy)
    values["size_shares"] = _shares(values["size_shares"])
    return RolloutRow(**values)


def _shares(stored: dict[str, Any] | None) -> SizeShares | None:
    if stored is None:
        return None
    try:
        return SizeShares(float(stored["percentage"]), {each: int(stored["parts"][each]) for each in Category})
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidShares(f"it is {stored!r}") from error


def _ids(name: str, stored: object) -> frozenset[int]:
    if not isinstance(stored, list) or not all(type(each) is int for each in stored):
        raise InvalidList(f"{name} is {stored!r}")
    return frozenset(stored)
