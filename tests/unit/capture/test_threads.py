"""The number of review threads, estimated from a GitHub that knows it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import fmean
from types import SimpleNamespace
from typing import Any, cast

import pytest

from progressive_capture.capture import plan
from progressive_capture.capture.threads import NUMBERS, Threads
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.planning import Sizes
from progressive_capture.domain.sampling import Estimate
from progressive_capture.github.outcomes import Outcome, Page, TooHeavy
from progressive_capture.github.results import Glance, SampledPullRequest, SeenPullRequest, ThreadSample

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class Repository:
    """Threads and comments by number; every other number is an issue."""

    threads: dict[int, int]
    rounds_up: bool = False
    too_heavy_from: int = 1_000_000
    """Numbers in one query that are more than GitHub bears."""
    too_heavy_after: int = 1_000_000
    """Queries that it bears."""
    points: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)
    """Numbers and look-ups of each query."""

    def _cost(self, numbers: int, lookups: int) -> int:
        cost = max(1, -(-lookups // 100) if self.rounds_up else round(lookups / 100))
        self.points += cost
        self.asked.append((numbers, lookups))
        return cost

    async def glance(self, _repo: object, numbers: Sequence[int], ids: Sequence[str]) -> Outcome[Glance]:
        cost = self._cost(len(numbers), len(ids))
        if len(numbers) >= self.too_heavy_from or len(self.asked) > self.too_heavy_after:
            return TooHeavy("Something went wrong.")
        seen = [
            SeenPullRequest(str(each), 2 * self.threads[each] + each % 3) for each in numbers if each in self.threads
        ]
        return Page(Glance(seen, {each: self.threads[int(each)] for each in ids}, cost, len(ids)))

    async def sample_threads(self, _repo: object, numbers: Sequence[int]) -> Outcome[ThreadSample]:
        cost = self._cost(0, len(numbers))
        found = [SampledPullRequest(each, self.threads[each], 1) for each in numbers if each in self.threads]
        return Page(ThreadSample(found, "", cost, len(numbers)))


def many(count: int = 6_000) -> Repository:
    """As public projects have them: every second number an issue, most threads in a few pull requests."""
    chance = random.Random(3)  # noqa: S311 - a sample, no secret
    return Repository({2 * number: int(chance.lognormvariate(0.3, 1.3)) for number in range(1, count + 1)})


async def estimated(repository: Repository, points: int = 4) -> Estimate:
    tools = SimpleNamespace(api=repository, stopping=lambda: False, clock=lambda: NOW)
    sizes = Sizes(kinds=frozenset(Kind))
    threads = Threads(cast("Any", tools), cast("Any", None), sizes, len(repository.threads))
    found = await threads.by_sample(max(repository.threads), points)
    assert found is not None
    assert repository.points <= points
    return found


def mean(repository: Repository) -> float:
    return fmean(repository.threads.values())


async def test_a_large_repository_is_known_to_what_the_estimate_says() -> None:
    repository = many()
    found = await estimated(repository)
    assert found.error < 0.08 * mean(repository)
    assert abs(found.mean - mean(repository)) < 3 * found.error
    assert repository.asked == [(NUMBERS, 0), (NUMBERS, 149), (NUMBERS, 149), (0, 149)]


async def test_a_small_repository_is_counted() -> None:
    repository = many(400)
    assert await estimated(repository) == pytest.approx((mean(repository), 0.0))


async def test_dear_look_ups_are_fewer() -> None:
    """A query of 149 that costs two points teaches that: the next one has 100."""
    repository = many()
    repository.rounds_up = True
    found = await estimated(repository)
    assert repository.asked[1:] == [(NUMBERS, 149), (NUMBERS, 100)]
    assert abs(found.mean - mean(repository)) < 3 * found.error


async def test_where_so_many_numbers_are_too_heavy_plain_samples_do() -> None:
    repository = many()
    repository.too_heavy_from = NUMBERS
    found = await estimated(repository)
    assert repository.asked == [(NUMBERS, 0), (0, 149), (0, 149), (0, 149)]
    assert abs(found.mean - mean(repository)) < 3 * found.error


@pytest.mark.parametrize(("points", "asked"), [(1, [(0, 149)]), (2, [(NUMBERS, 0), (0, 149)])])
async def test_with_fewer_points_less_is_asked(points: int, asked: list[tuple[int, int]]) -> None:
    repository = many()
    found = await estimated(repository, points)
    assert repository.asked == asked
    assert abs(found.mean - mean(repository)) < 3 * found.error


def test_a_forecast_says_how_far_a_sample_may_be_off() -> None:
    assert plan._about(Estimate(3.0, 0.1), 1_000) == ["3,000 review threads, give or take 200, from a sample"]
    assert plan._about(Estimate(3.0, 0.0), 1_000) == []


async def test_what_was_learnt_before_a_query_was_too_heavy_is_used() -> None:
    repository = many()
    repository.too_heavy_after = 2
    found = await estimated(repository)
    assert len(repository.asked) == 3
    assert abs(found.mean - mean(repository)) < 3 * found.error
