"""Every moment lies in exactly one day, week and month, wherever its clock hangs."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.periods import Period, span_of

MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(st.sampled_from(Period), MOMENTS)
def test_spans_follow_each_other_without_a_hole(period: Period, moment: datetime) -> None:
    span = span_of(period, moment)
    assert span.begin <= moment < span.end
    assert span_of(period, span.begin) == span
    assert span_of(period, span.end).begin == span.end


@pytest.mark.parametrize(
    ("period", "begin", "end"),
    [
        (Period.DAY, (2024, 2, 29), (2024, 3, 1)),
        (Period.WEEK, (2024, 2, 26), (2024, 3, 4)),
        (Period.MONTH, (2024, 2, 1), (2024, 3, 1)),
    ],
)
def test_days_weeks_and_months_are_utc_s(
    period: Period, begin: tuple[int, int, int], end: tuple[int, int, int]
) -> None:
    """One o'clock in the east is still yesterday in UTC."""
    east = datetime(2024, 3, 1, 1, tzinfo=timezone(timedelta(hours=9)))
    span = span_of(period, east)
    assert (span.begin, span.end) == (datetime(*begin, tzinfo=UTC), datetime(*end, tzinfo=UTC))
