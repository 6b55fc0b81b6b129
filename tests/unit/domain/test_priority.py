"""Levels and scores: critical above all, last in line below all, and the sum of the table in between."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.categories import Category
from progressive_capture.domain.jobs import Trigger
from progressive_capture.domain.priority import LAST_IN_LINE, PriorityLevel, level_of, score

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REST = st.tuples(
    st.sampled_from([None, *Category]), st.sampled_from(Trigger), st.one_of(st.none(), st.floats(0, 10_000))
)
Rest = tuple[Category | None, Trigger, float | None]


@given(REST, REST, st.sampled_from(sorted(set(PriorityLevel) - {PriorityLevel.CRITICAL})))
def test_nothing_overtakes_a_critical_job_and_nothing_is_below_the_last(
    one: Rest, other: Rest, level: PriorityLevel
) -> None:
    assert score(PriorityLevel.CRITICAL, *one) > score(level, *other) > LAST_IN_LINE


@given(REST)
def test_levels_rank_as_they_are_named(rest: Rest) -> None:
    scores = [score(level, *rest) for level in PriorityLevel]
    assert all(higher > lower for higher, lower in pairwise(scores))


@pytest.mark.parametrize(
    ("level", "category", "trigger", "monthly", "expected"),
    [
        (PriorityLevel.HIGH, Category.SMALL, Trigger.MANUAL, 501, 100),
        (PriorityLevel.MEDIUM, Category.MEDIUM, Trigger.AUTOMATIC, 500, 55),
        (PriorityLevel.LOW, Category.LARGE, Trigger.SCHEDULED, 101, 35),
        (PriorityLevel.LOW, Category.ENTERPRISE, Trigger.SCHEDULED, 100, 25),
        (PriorityLevel.LOW, None, Trigger.SCHEDULED, None, 25),
        (PriorityLevel.CRITICAL, Category.TEST, Trigger.WEBHOOK, None, 200),
    ],
)
def test_scores_are_the_sum_of_the_table(
    level: PriorityLevel, category: Category | None, trigger: Trigger, monthly: float | None, expected: int
) -> None:
    assert score(level, category, trigger, monthly) == expected


@pytest.mark.parametrize("asked", [None, *PriorityLevel])
def test_a_newly_tracked_repository_is_critical_for_a_day(asked: PriorityLevel | None) -> None:
    day = timedelta(hours=24)
    assert level_of(asked, NOW - day + timedelta(seconds=1), NOW) is PriorityLevel.CRITICAL
    assert level_of(asked, NOW - day, NOW) is (asked or PriorityLevel.MEDIUM)
    assert level_of(asked, None, NOW) is (asked or PriorityLevel.MEDIUM)
