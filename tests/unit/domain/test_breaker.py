"""A breaker opens at the third silence in a row and no earlier, for longer each time, and lets one at a time try."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from progressive_capture.domain.breaker import (
    FIRST,
    LONGEST,
    THRESHOLD,
    TRIAL,
    Breaker,
    Phase,
    on_probation,
    on_trial,
    with_answer,
    without_answer,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def opened(trips: int = 1, now: datetime = NOW) -> Breaker:
    """One that has opened so often, each time when it was tried again."""
    breaker = Breaker()
    for _ in range(THRESHOLD):
        breaker = without_answer(breaker, now, "silence")
    for _ in range(trips - 1):
        assert breaker.until is not None
        now = breaker.until
        breaker = without_answer(on_trial(breaker, now), now, "silence")
    return breaker


def test_it_opens_at_the_third_silence_in_a_row() -> None:
    breaker = Breaker()
    for failures in range(1, THRESHOLD):
        breaker = without_answer(breaker, NOW, "silence")
        assert (breaker.failures, breaker.phase(NOW), breaker.is_down) == (failures, Phase.CLOSED, False)
    breaker = without_answer(breaker, NOW, "no route")
    assert (breaker.phase(NOW), breaker.until, breaker.why) == (Phase.OPEN, NOW + FIRST, "no route")


def test_an_answer_between_begins_the_count_anew() -> None:
    breaker = without_answer(without_answer(Breaker(), NOW, "a"), NOW, "b")
    breaker = without_answer(with_answer(breaker), NOW, "c")
    assert breaker.phase(NOW) is Phase.CLOSED


def test_what_comes_late_while_it_is_open_counts_for_nothing() -> None:
    breaker = opened()
    for _ in range(10):
        assert without_answer(breaker, NOW + SECOND, "late") == breaker


@pytest.mark.parametrize(("trips", "seconds"), [(1, 30), (2, 60), (3, 120), (5, 480), (6, 900), (60, 900)])
def test_it_stays_open_longer_each_time(trips: int, seconds: int) -> None:
    breaker = opened(trips)
    assert breaker.trips == trips
    before = opened(trips - 1).until if trips > 1 else NOW
    assert before is not None
    assert breaker.until == before + timedelta(seconds=seconds)


def test_one_at_a_time_tries_it_and_another_when_nothing_came_of_that() -> None:
    breaker = opened()
    assert breaker.until is not None
    now = breaker.until
    assert breaker.phase(now - SECOND) is Phase.OPEN
    assert breaker.phase(now) is Phase.HALF_OPEN
    tried = on_trial(breaker, now)
    assert tried.is_down
    assert tried.phase(now + TRIAL - SECOND) is Phase.OPEN
    assert tried.phase(now + TRIAL) is Phase.HALF_OPEN
    with pytest.raises(ValueError, match="is not tried"):
        on_trial(tried, now)
    with pytest.raises(ValueError, match="is not tried"):
        on_trial(Breaker(), now)


def test_that_it_is_there_closes_it_on_probation() -> None:
    breaker = on_probation(on_trial(opened(2), NOW + timedelta(hours=1)))
    assert not breaker.is_down
    again = without_answer(breaker, NOW, "silence")
    assert again.until == NOW + 4 * FIRST
    assert with_answer(breaker) == Breaker()
    once = without_answer(Breaker(), NOW, "silence")
    assert on_probation(once) == once


WORDS = st.lists(st.sampled_from(["silence", "heard late", "answer", "there", "second", "hour"]), max_size=60)


@example(["silence"] * THRESHOLD + ["hour", "heard late"])
@given(WORDS)
def test_whatever_happens_it_opens_for_a_bounded_time_and_one_answer_closes_it(words: list[str]) -> None:
    breaker, now, silent = Breaker(), NOW, 0
    for word in words:
        if breaker.phase(now) is Phase.HALF_OPEN and word != "heard late":
            breaker = on_trial(breaker, now)
        was = breaker
        match word:
            case "silence" | "heard late":
                breaker, silent = without_answer(breaker, now, word), silent + 1
            case "answer":
                breaker, silent = with_answer(breaker), 0
            case "there":
                breaker = on_probation(breaker)
            case "second":
                now += SECOND
            case _:
                now += timedelta(hours=1)
        assert breaker.trips >= was.trips or word == "answer"
        assert not breaker.is_down or silent >= THRESHOLD
        assert breaker.until is None or breaker.until <= now + LONGEST
        assert 0 <= breaker.failures <= THRESHOLD
    assert not with_answer(breaker).is_down
