"""Scopes: what may be combined, and that equal work has equal text."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.errors import ExitCode, UsageError
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import (
    Scope,
    SourceChoice,
    asked_age,
    earlier,
    github_time,
    moment,
    stamp,
    time_range_days,
    unique_numbers,
)


@pytest.mark.parametrize(
    "bounds",
    [
        {"limit": 0},
        {"since_days": 0},
        {"numbers": (0,)},
        {"kinds": frozenset()},
        {"patches": True, "source": SourceChoice.GRAPHQL},
        {"limit": 3, "numbers": (1,)},
        {"since_days": 3, "updated_to": "2026-01-01T00:00:00Z"},
        {"updated_from": "2026-02-01T00:00:00Z", "updated_to": "2026-01-01T00:00:00Z"},
    ],
)
def test_contradictions_are_refused_in_one_sentence(bounds: dict[str, object]) -> None:
    """Nothing that no capture could mean becomes a scope."""
    with pytest.raises(UsageError) as refused:
        Scope(**bounds)  # type: ignore[arg-type]  # one value of each wrong kind
    assert refused.value.exit_code is ExitCode.USAGE
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("scope", "text"),
    [
        (Scope(), "all;kinds=all;source=auto"),
        (Scope(since_days=7, patches=True), "since:7;kinds=all;source=auto;patches"),
        (Scope(limit=5, full=True), "limit:5;kinds=all;source=auto;full"),
        (
            Scope(updated_from="2026-01-01T00:00:00Z", kinds=frozenset({Kind.FILES, Kind.COMMITS})),
            "updated:2026-01-01T00:00:00Z..;kinds=commits+files;source=auto",
        ),
        (Scope(updated_to="2026-01-01T00:00:00Z"), "updated:..2026-01-01T00:00:00Z;kinds=all;source=auto"),
        (Scope(source=SourceChoice.REST), "all;kinds=all;source=rest"),
    ],
)
def test_the_text_names_extent_kinds_and_source(scope: Scope, text: str) -> None:
    """The text is part of the unique key of an open job: it is fixed."""
    assert scope.text == text


@given(st.lists(st.integers(1, 10**6), min_size=1), st.randoms())
def test_numbers_make_the_same_text_in_any_order(numbers: list[int], random: object) -> None:
    """A set of numbers is one piece of work, however it was typed."""
    shuffled = list(numbers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    assert Scope(numbers=unique_numbers(numbers)).text == Scope(numbers=unique_numbers([*shuffled, numbers[0]])).text


def test_only_everything_moves_the_watermark() -> None:
    """A walk that leaves anything out proves nothing about the repository."""
    assert Scope().moves_watermark
    assert Scope(full=True, patches=True).moves_watermark
    for narrowed in (Scope(limit=1), Scope(since_days=1), Scope(numbers=(1,)), Scope(kinds=frozenset({Kind.FILES}))):
        assert not narrowed.moves_watermark


def test_patches_are_fetched_where_files_are_wanted() -> None:
    assert Scope(patches=True).fetches_patches
    assert Scope(patches=True, source=SourceChoice.REST).fetches_patches
    assert not Scope().fetches_patches
    assert not Scope(patches=True, kinds=frozenset({Kind.COMMITS})).fetches_patches


def test_days_count_back_from_the_walk() -> None:
    """A relative bound is worked out from the server's time, not from ours."""
    assert Scope(since_days=2).updated_after("2026-03-03T00:00:05.250000Z") == "2026-03-01T00:00:05Z"
    assert Scope(updated_from="2026-01-01T00:00:00Z").updated_after("2026-03-03T00:00:00Z") == "2026-01-01T00:00:00Z"
    assert Scope().updated_after("2026-03-03T00:00:00Z") is None


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - Hypothesis wants naive bounds
def test_stamps_keep_the_time_and_sort_as_times_do(when: datetime) -> None:
    """Our own stamps lose nothing; GitHub's lose the fraction."""
    assert moment(stamp(when)) == when
    assert moment(github_time(when)) == when.replace(microsecond=0)
    assert earlier(stamp(when), 300) < github_time(when)


@pytest.mark.parametrize(
    ("scope", "age", "days"),
    [
        (Scope(), timedelta.max, None),
        (Scope(updated_to="2026-01-01T00:00:00Z"), timedelta.max, None),
        (Scope(since_days=3), timedelta(days=3), 3),
        (Scope(since_days=10**12), timedelta(days=999_999_999), 10**12),
        (Scope(updated_from="2026-02-28T12:00:00Z"), timedelta(hours=12), 1),
        (Scope(updated_from="2026-02-26T23:59:59Z"), timedelta(days=2, seconds=1), 3),
        (Scope(updated_from="2026-03-02T00:00:00Z"), timedelta(days=-1), 0),
        (Scope(limit=5), None, None),
        (Scope(numbers=(1, 2)), None, None),
    ],
)
def test_a_scope_says_how_far_back_it_reaches(scope: Scope, age: timedelta | None, days: int | None) -> None:
    """Numbers and a count of the newest say nothing about age; no bound is no age at all."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert asked_age(scope, now) == age
    assert time_range_days(scope, now) == days
