"""From options to a scope: every documented form, and one sentence for every other."""

from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.operator import scoping
from progressive_capture.operator.scoping import MOST_NUMBERS

scope = partial(scoping.scope, now=datetime(2026, 3, 4, 12, 30, tzinfo=UTC))


def test_no_option_is_everything() -> None:
    assert scope() == Scope()


def test_days_count_back_from_the_walk() -> None:
    assert scope(since="30d") == Scope(since_days=30)


@pytest.mark.parametrize(
    ("text", "updated_from"),
    [
        ("2024-12-31", "2024-12-31T00:00:00Z"),
        ("20241231", "2024-12-31T00:00:00Z"),
        ("2024-12-31T10:30", "2024-12-31T10:30:00Z"),
        ("2024-12-31T10:30:15.9Z", "2024-12-31T10:30:15Z"),
        ("2024-12-31T23:30:00-02:00", "2025-01-01T01:30:00Z"),
        ("2024-12-31T00:00", "2024-12-31T00:00:00Z"),
    ],
)
def test_since_a_date_or_moment_is_utc(text: str, updated_from: str) -> None:
    assert scope(since=text) == Scope(updated_from=updated_from)


@pytest.mark.parametrize(
    ("text", "updated_to"),
    [("2024-12-31", "2024-12-31T23:59:59Z"), ("2024-12-31T00:00:00", "2024-12-31T00:00:00Z")],
)
def test_until_a_date_takes_the_whole_day(text: str, updated_to: str) -> None:
    assert scope(until=text) == Scope(updated_to=updated_to)


@pytest.mark.parametrize("text", ["2026-03-04", "2026-W10-3", "2026-03-04T12:30", "2026-03-04T13:30+01:00"])
def test_today_and_this_very_moment_are_not_yet_the_future(text: str) -> None:
    assert scope(since=text).updated_from in {"2026-03-04T00:00:00Z", "2026-03-04T12:30:00Z"}
    assert scope(until=text).updated_to in {"2026-03-04T23:59:59Z", "2026-03-04T12:30:00Z"}


@pytest.mark.parametrize("text", ["2026-03-05", "2026-03-04T12:30:01", "2026-03-04T12:30-00:01", "9999-12-31"])
@pytest.mark.parametrize("option", ["since", "until"])
def test_the_future_is_refused_with_what_now_is(option: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        scope(**{option: text})  # type: ignore[arg-type] # the option is a text
    assert str(caught.value) == (f"--{option} {text} lies in the future: give a date up to now, 2026-03-04T12:30:00Z.")


def test_since_and_until_name_one_day() -> None:
    found = scope(since="2024-12-31", until="2024-12-31")
    assert (found.updated_from, found.updated_to) == ("2024-12-31T00:00:00Z", "2024-12-31T23:59:59Z")


@given(st.sets(st.integers(1, 999_999_999), min_size=1, max_size=40))
def test_numbers_are_read_back(numbers: set[int]) -> None:
    assert scope(numbers=", ".join(map(str, numbers))).numbers == tuple(sorted(numbers))


@given(st.integers(1, 10**8), st.integers(0, MOST_NUMBERS - 1))
def test_a_range_holds_both_its_ends(first: int, more: int) -> None:
    found = scope(numbers=f"{first}-{first + more},{first}").numbers
    assert (found[0], found[-1], len(found)) == (first, first + more, more + 1)


def test_kinds_may_be_repeated_or_listed() -> None:
    wanted = scope(only=["reviews,issue-comments", "commits"])
    assert wanted.kinds == {Kind.REVIEWS, Kind.ISSUE_COMMENTS, Kind.COMMITS}


def test_the_rest_passes_through() -> None:
    wanted = scope(limit=5, source=SourceChoice.REST, full=True, patches=True)
    assert wanted == Scope(limit=5, source=SourceChoice.REST, full=True, patches=True)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"since": "yesterday"}, "--since wants a date such as 2024-12-31 or a number of days such as 30d"),
        ({"since": "2024-02-30"}, "--since wants a date"),
        ({"since": "0d"}, "--since wants at least one day"),
        ({"since": "-3d"}, "--since wants a date"),
        ({"until": "30d"}, "--until wants a date such as 2024-12-31, not '30d'"),
        ({"until": "0001-01-01T00:00+05:00"}, "--until wants a date that has a year in UTC"),
        ({"since": "30d", "until": "2024-12-31"}, "leave out --until"),
        ({"since": "2025-01-02", "until": "2025-01-01"}, "swap them"),
        ({"numbers": ""}, "--numbers wants numbers and ranges"),
        ({"numbers": "1,,2"}, "--numbers wants numbers and ranges"),
        ({"numbers": "1-2-3"}, "--numbers wants numbers and ranges"),
        ({"numbers": "#1"}, "--numbers wants numbers and ranges"),
        ({"numbers": "0"}, "--numbers wants pull-request numbers from 1"),
        ({"numbers": "9-5"}, "--numbers wants the smaller number first"),
        ({"numbers": "1-999999999"}, "--numbers takes at most 10,000"),
        ({"numbers": "1-9999,20001-20002"}, "--numbers takes at most 10,000"),
        ({"only": ["stars"]}, "--only does not know 'stars': it takes labels"),
        ({"only": [""]}, "--only does not know ''"),
        ({"limit": 5, "numbers": "1"}, "Give only one of"),
        ({"limit": 5, "since": "3d"}, "Give only one of"),
        ({"patches": True, "source": SourceChoice.GRAPHQL}, "leave out --patches, or --source graphql"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        scope(**options)  # type: ignore[arg-type] # every case has the option's own type
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
