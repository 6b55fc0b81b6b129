"""Estimates from samples, against the whole that they were drawn from."""

import math
import random
from itertools import pairwise
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from progressive_capture.domain.sampling import Estimate, Looked, Round, equal, spread, unequal, weighed
from tests.support.examples import examples

SIZES = st.lists(st.integers(1, 50), max_size=40)
SHARE = st.integers(0, 999).map(lambda part: part / 1_000)


@given(st.integers(0, 5_000), st.integers(1, 600))
def test_a_spread_is_even_and_as_large_as_can_be(items: int, wanted: int) -> None:
    places = spread(items, wanted)
    assert len(places) == min(items, wanted)
    assert all(1 <= place <= items for place in places)
    steps = [after - before for before, after in pairwise(places)]
    assert not steps or max(steps) - min(steps) <= 1


@given(SIZES, st.integers(0, 45), SHARE)
def test_chances_are_in_proportion_to_sizes_and_add_up(sizes: list[int], wanted: int, at: float) -> None:
    chosen = unequal(sizes, wanted, at)
    assert len(chosen) == min(len(sizes), wanted)
    assert all(0 < chance <= 1 for chance in chosen.values())
    drawn = [place for place, chance in chosen.items() if chance < 1]
    left = sum(size for place, size in enumerate(sizes) if chosen.get(place) != 1)
    assert all(chosen[place] == pytest.approx(len(drawn) * sizes[place] / left) for place in drawn)


@settings(max_examples=examples(30))
@given(SIZES.filter(bool), st.integers(1, 45))
def test_on_average_over_all_beginnings_each_is_drawn_as_often_as_its_chance_says(
    sizes: list[int], wanted: int
) -> None:
    """The sum of what is drawn, each by its chance, is right on average: what an unbiased estimate is."""
    beginnings = [(number + 0.5) / 2_000 for number in range(2_000)]
    sums = [
        sum((sizes[place] + place) / chance for place, chance in unequal(sizes, wanted, at).items())
        for at in beginnings
    ]
    assert fmean(sums) == pytest.approx(sum(size + place for place, size in enumerate(sizes)), rel=0.02)


@given(st.lists(st.integers(0, 9), min_size=1))
def test_who_looked_at_all_is_sure(values: list[int]) -> None:
    assert equal(values, len(values)) == Estimate(sum(values) / len(values), 0.0)
    whole = Round([1] * len(values), [Looked(value, 1, 1.0) for value in values])
    assert weighed([whole], len(values)) == pytest.approx((sum(values) / len(values), 0.0))


def test_nothing_seen_tells_nothing() -> None:
    assert equal([], 10) is None
    assert weighed([Round([], []), Round([1, 2], [])], 4) is None


def test_a_part_is_less_sure_the_more_it_varies_and_the_less_of_the_whole_it_is() -> None:
    assert equal([3, 3, 3], 100) == Estimate(3.0, 0.0)
    few, more = equal([0, 6], 100), equal([0, 6] * 8, 100)
    assert few is not None
    assert more is not None
    assert (few.mean, more.mean) == (3.0, 3.0)
    assert few.error == pytest.approx(math.sqrt(18 / 2 * 0.98))
    assert more.error < few.error * 2 / 3


def test_what_gave_no_answer_is_taken_to_be_like_the_others() -> None:
    """Not for nothing: its share would be missing."""
    looked = [Looked(4, 2, 0.5)]
    found = weighed([Round([2, 2, 2, 2], looked)], 4)
    assert found is not None
    assert found.mean == 4.0


def population(chance: random.Random) -> list[tuple[int, int]]:
    """Comments and threads of pull requests as public projects have them: a few have most of them."""
    threads = [int(chance.lognormvariate(0.3, 1.3)) for _ in range(4_000)]
    return [(int(1.84 * count + chance.lognormvariate(1.1, 1.0)), count) for count in threads]


def in_two_steps(pulls: list[tuple[int, int]], chance: random.Random) -> Estimate:
    """A thousand are seen in three rounds, 149 looked at in each."""
    drawn = chance.sample(pulls, 1_000)
    rounds = []
    for first in range(0, 1_000, 334):
        seen = drawn[first : first + 334]
        sizes = [comments + 1 for comments, _ in seen]
        chances = unequal(sizes, 149, chance.random())
        rounds.append(Round(sizes, [Looked(seen[k][1], sizes[k], each) for k, each in chances.items()]))
    found = weighed(rounds, len(pulls))
    assert found is not None
    return found


def test_looking_where_the_comments_are_is_surer_and_says_how_sure() -> None:
    """Over 20 draws: beside 447 numbers of which a third are issues, and by what the estimates say of themselves."""
    chance = random.Random(1)  # noqa: S311 - a sample, no secret
    pulls = population(chance)
    mean = fmean(count for _, count in pulls)
    found = [in_two_steps(pulls, chance) for _ in range(20)]
    plain = [equal([count for _, count in chance.sample(pulls, 300)], len(pulls)) for _ in range(20)]
    off = math.sqrt(fmean((each.mean - mean) ** 2 for each in found))
    assert off < math.sqrt(fmean((each.mean - mean) ** 2 for each in plain if each)) * 2 / 3
    assert fmean(each.error for each in found) == pytest.approx(off, rel=0.3)
    assert sum(abs(each.mean - mean) <= 2 * each.error for each in found) >= 17
