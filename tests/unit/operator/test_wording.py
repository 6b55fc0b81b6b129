"""Numbers, sizes and times in words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.operator import wording


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (999_940, "999.9 kB"),
        (999_960, "1.0 MB"),
        (12_345_678, "12.3 MB"),
        (5_000_000_000_000_000, "5,000.0 TB"),
    ],
)
def test_sizes(octets: int, text: str) -> None:
    assert wording.size(octets) == text


@given(st.integers(0, 10**15))
def test_a_size_is_near_what_it_says(octets: int) -> None:
    number, unit = wording.size(octets).replace(",", "").split()
    factor = {"byte": 1, "bytes": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}[unit]
    assert abs(float(number) * factor - octets) <= 0.051 * factor


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3_599.6, "1 h 0 min"),
        (90_000, "25 h 0 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert wording.duration(seconds) == text


def test_counts() -> None:
    assert wording.count(1, "gap") == "1 gap"
    assert wording.count(1_234, "gap") == "1,234 gaps"
    assert wording.count(0, "reply", "replies") == "0 replies"


def test_a_moment_is_shown_by_the_clock_on_the_wall() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert wording.clock_time(moment) == moment.astimezone().strftime("%H:%M:%S %Z")


def test_an_amount_that_is_not_known_is_no_zero() -> None:
    assert wording.dollars(None) == "not known"
    assert wording.dollars(0) == "$0.00"
    assert wording.dollars(100) == "$0.0001"


def test_times_of_ours_as_tables_show_them() -> None:
    assert wording.day("2026-11-23T02:45:41.123456Z") == "2026-11-23"
    assert wording.moment("2026-11-23T02:45:41.123456Z") == "2026-11-23 02:45:41"
    assert wording.moment(None) == "-"
