"""How many review threads a pull request has on average, from samples of GitHub's totals; nothing is stored."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from progressive_capture.capture.run import asked
from progressive_capture.capture.session import Tools
from progressive_capture.domain.planning import LOOKUPS_NEAREST, REST_PAGE, Sizes
from progressive_capture.domain.sampling import Estimate, Looked, Round, equal, spread, unequal, weighed
from progressive_capture.github.outcomes import Page, Partial
from progressive_capture.github.results import CommentSample, Glance, RepoRef, SeenPullRequest, ThreadSample

SAMPLE_PAGES: Final = 20
"""Pages of review comments looked at by REST, spread evenly over all of them."""

NUMBERS: Final = 500
"""Numbers in one query of which only is asked what costs nothing: they need no connection, but time at GitHub."""

SEED: Final = 5
"""Two forecasts of the same repository ask for the same sample."""


@dataclass(slots=True)
class Threads:
    """Asks about one repository, of `total` pull requests, and learns what a point buys."""

    tools: Tools
    repo: RepoRef
    sizes: Sizes
    total: int
    chance: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 - a sample, no secret

    async def of_some(self, numbers: Sequence[int]) -> Estimate | None:
        """Threads of some pull requests: the mean of as many of them as a point tells of."""
        chosen = [numbers[place - 1] for place in spread(len(numbers), self.sizes.prices.lookups)]
        sampled = (await self._plain(chosen)).pull_requests
        return equal([each.threads for each in sampled], len(numbers))

    async def by_comments(self, *, learns: bool) -> Estimate | None:
        """All review comments of the repository, by REST, less those that answer another.

        `learns` spends a point only to learn what it buys.
        """
        if learns:
            await self._plain(range(1, LOOKUPS_NEAREST + 1))
        answer = await asked(self.tools, lambda: self.tools.api.count_review_comments(self.repo))
        if not isinstance(answer, Page | Partial) or not self.total:
            return None
        pages = math.ceil(answer.data / REST_PAGE)
        seen: list[CommentSample] = []
        for number in spread(pages, SAMPLE_PAGES):
            sampled = await asked(
                self.tools,
                lambda page=number: self.tools.api.sample_review_comments(self.repo, page),  # type: ignore[misc] # mypy cannot type a lambda's default
            )
            if isinstance(sampled, Page | Partial) and sampled.data.comments:
                seen.append(sampled.data)
        if not pages:
            return Estimate(0.0, 0.0)
        shares = equal([each.roots / each.comments for each in seen], pages)
        if shares is None:
            return None
        roots = sum(each.roots for each in seen) / sum(each.comments for each in seen)
        comments = answer.data / self.total
        return Estimate(comments * roots, comments * shares.error)

    async def by_sample(self, newest: int, points: int) -> Estimate | None:
        """Two steps over the numbers up to `newest`: which are pull requests, then the threads of some of those.

        A pull request's comments cost nothing to ask, and are mostly those of its threads: whose threads are counted
        is drawn by them. Where GitHub does not bear so large a query, or one point is left, plain samples do.
        """
        steps = max(1, points - 1)
        numbers = self._numbers(newest, NUMBERS * (points - 1))
        size = math.ceil(len(numbers) / steps)
        seen: list[SeenPullRequest] = []
        rounds: list[Round] = []
        spent = 0
        while spent < points and (seen or numbers):
            batch, numbers = numbers[:size], numbers[size:]
            chances = self._chosen(seen)
            glance = await self._glance(batch, [seen[place].node_id for place in chances])
            if glance is None:
                spent += 1
                break
            spent += glance.cost or 1
            rounds.append(_round(seen, chances, glance))
            seen = glance.seen
        return weighed(rounds, self.total) or await self._by_plain_sample(newest, points - spent)

    def _numbers(self, newest: int, wanted: int) -> list[int]:
        """Draw by lot: people open issues and pull requests by turns, and even steps would fall in with them."""
        return self.chance.sample(range(1, newest + 1), max(0, min(newest, wanted)))

    def _chosen(self, seen: Sequence[SeenPullRequest]) -> dict[int, float]:
        return unequal([_size(each) for each in seen], self.sizes.prices.lookups, self.chance.random())

    async def _by_plain_sample(self, newest: int, points: int) -> Estimate | None:
        """The mean of a sample of numbers, of which issues drop out."""
        wanted = self._numbers(newest, LOOKUPS_NEAREST * points)
        values: list[float] = []
        spent = 0
        while wanted and spent < points:
            batch, wanted = wanted[: self.sizes.prices.lookups], wanted[self.sizes.prices.lookups :]
            sampled = await self._plain(batch)
            spent += sampled.cost or 1
            values += [each.threads for each in sampled.pull_requests]
        return equal(values, self.total)

    async def _glance(self, numbers: Sequence[int], node_ids: Sequence[str]) -> Glance | None:
        answer = await asked(self.tools, lambda: self.tools.api.glance(self.repo, numbers, node_ids))
        if not isinstance(answer, Page | Partial):
            return None
        self.sizes.prices.observe(answer.data.lookups, answer.data.cost)
        return answer.data

    async def _plain(self, numbers: Sequence[int]) -> ThreadSample:
        """Look at the totals of some pull requests, and learn from the answer what a point buys."""
        answer = await asked(self.tools, lambda: self.tools.api.sample_threads(self.repo, list(numbers)))
        if not isinstance(answer, Page | Partial):
            return ThreadSample([], "", None, len(numbers))
        self.sizes.prices.observe(answer.data.lookups, answer.data.cost)
        return answer.data


def _size(seen: SeenPullRequest) -> int:
    """By what a pull request is drawn: one without comments, too, has some chance."""
    return seen.comments + 1


def _round(seen: Sequence[SeenPullRequest], chances: dict[int, float], glance: Glance) -> Round:
    looked = [
        Looked(glance.threads[seen[place].node_id], _size(seen[place]), chance)
        for place, chance in chances.items()
        if seen[place].node_id in glance.threads
    ]
    return Round([_size(each) for each in seen], looked)
