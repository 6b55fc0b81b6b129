"""The forecast of a capture: count and sample a little of GitHub, store nothing but the repository."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from progressive_capture.capture.extent import Extent, extent
from progressive_capture.capture.run import asked, look_up
from progressive_capture.capture.session import Tools, used
from progressive_capture.domain.forecast import RENAMING_SHARE, THREADS_PER_PULL_REQUEST, Counts, Forecast, forecast
from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.planning import LOOKUPS_NEAREST, REST_PAGE, Sizes
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.github.outcomes import Page, Partial
from progressive_capture.github.results import Order, RepoRef, ThreadSample
from progressive_capture.store import repositories

SAMPLE_POINTS: Final = 4
"""Points spent on sampling; the look-up of the repository costs the fifth."""

SAMPLE_PAGES: Final = 10
"""Pages of review comments looked at by REST, spread evenly over all of them."""

SEED: Final = 5
"""Two forecasts of the same repository ask for the same sample."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a capture is expected to cost, and on what that rests."""

    repository: str
    counts: Counts
    forecast: Forecast
    points_spent: int
    """Points that the forecast itself cost."""
    assumptions: tuple[str, ...]


async def plan_repository(tools: Tools, owner_name: str, scope: Scope) -> Plan:
    """Forecast the requests, points and time of a capture.

    Costs at most 5 points and about two dozen REST requests.

    Raises:
        CaptureFailed: the repository does not exist, or may not be read.
    """
    before = used(tools)
    found = await look_up(tools, owner_name, scope)
    repo = RepoRef(f"{found.row.owner_login}/{found.row.name}", found.row.node_id, found.row.id)
    total = found.row.pull_requests_total or 0
    sizes = await asyncio.to_thread(_sizes, tools, repo, scope)
    found_extent = await extent(tools, repo, scope, total, sizes)
    hydrated, words = found_extent.hydrated, list(found_extent.assumptions)
    threads = None
    source = SourceChoice.REST if tools.api.anonymous else scope.source
    if hydrated and scope.kinds & {Kind.REVIEW_COMMENTS, Kind.REVIEW_THREADS} and source is not SourceChoice.REST:
        threads = await _threads(tools, repo, sizes, found_extent, total=total, source=source)
    if threads is None and hydrated and source is not SourceChoice.REST:
        words.append(f"{THREADS_PER_PULL_REQUEST:g} review threads in each pull request")
    if hydrated and Kind.FILES in scope.kinds and source is SourceChoice.AUTO and not scope.patches:
        words.append(f"files renamed in {RENAMING_SHARE:.1%} of pull requests")
    await tools.api.finish()
    counted = await asyncio.to_thread(_contributors_known, tools, repo)
    counts = Counts(
        listed=found_extent.listed,
        hydrated=hydrated,
        threads=threads,
        by_number=bool(scope.numbers),
        contributors=not counted,
    )
    expected = forecast(counts, sizes, source, patches=scope.patches)
    points = (used(tools) - before).points
    return Plan(repo.owner_name, counts, expected, points, tuple(words))


def _contributors_known(tools: Tools, repo: RepoRef) -> bool:
    """Whether the capture need not count contributors, since the forecast itself has, or an earlier capture."""
    with tools.database.reading() as connection:
        stored = repositories.get(connection, tools.host_id, repo.id)
    return stored.contributors_counted_at is not None


def _sizes(tools: Tools, repo: RepoRef, scope: Scope) -> Sizes:
    sizes = Sizes(kinds=scope.kinds)
    with tools.database.reading() as connection:
        sizes.restore(repositories.page_sizes(connection, tools.host_id, repo.id))
    return sizes


async def _threads(
    tools: Tools, repo: RepoRef, sizes: Sizes, wanted: Extent, *, total: int, source: SourceChoice
) -> float | None:
    """Estimate the review threads of the pull requests to read, by the API that tells most for least."""
    if wanted.some:
        share = await _threads_of_some(tools, repo, wanted.some, sizes)
    elif source is SourceChoice.GRAPHQL:
        share = await _threads_by_sample(tools, repo, total, sizes)
    else:
        if wanted.hydrated > LOOKUPS_NEAREST:
            await _sample(tools, repo, range(1, LOOKUPS_NEAREST + 1), sizes)  # only to learn what a point buys
        share = await _threads_by_comments(tools, repo, total)
    return None if share is None else share * wanted.hydrated


async def _threads_of_some(tools: Tools, repo: RepoRef, numbers: Sequence[int], sizes: Sizes) -> float | None:
    """Threads of a pull request: the mean of as many of those to read as a point tells of."""
    chosen = [numbers[place - 1] for place in spread(len(numbers), sizes.prices.lookups)]
    sampled = (await _sample(tools, repo, chosen, sizes)).pull_requests
    return sum(each.threads for each in sampled) / len(sampled) if sampled else None


async def _threads_by_comments(tools: Tools, repo: RepoRef, total: int) -> float | None:
    """Threads of a pull request: all review comments of the repository, less those that answer another."""
    answer = await asked(tools, lambda: tools.api.count_review_comments(repo))
    if not isinstance(answer, Page | Partial) or not total:
        return None
    comments = answer.data
    pages = math.ceil(comments / REST_PAGE)
    seen = roots = 0
    for number in spread(pages, SAMPLE_PAGES):
        sampled = await asked(tools, lambda page=number: tools.api.sample_review_comments(repo, page))  # type: ignore[misc] # mypy cannot type a lambda's default
        if isinstance(sampled, Page | Partial):
            seen += sampled.data.comments
            roots += sampled.data.roots
    if not comments:
        return 0.0
    return comments * roots / seen / total if seen else None


async def _threads_by_sample(tools: Tools, repo: RepoRef, total: int, sizes: Sizes) -> float | None:
    """Threads of a pull request: the mean of a sample of numbers, of which issues drop out."""
    latest = await asked(tools, lambda: tools.api.list_pull_requests(repo, Order.UPDATED_DESC, None, Source.GRAPHQL, 1))
    if not isinstance(latest, Page | Partial) or not total:
        return None
    highest = max((row.number for row in latest.data.records.index), default=1)
    chance = Random(SEED)  # noqa: S311 - a sample, no secret
    threads = pulls = 0
    wanted = spread(highest, LOOKUPS_NEAREST * (SAMPLE_POINTS - 1))
    chance.shuffle(wanted)
    spent = 1
    while wanted and spent < SAMPLE_POINTS:
        batch, wanted = wanted[: sizes.prices.lookups], wanted[sizes.prices.lookups :]
        sampled = await _sample(tools, repo, batch, sizes)
        spent += sampled.cost or 1
        threads += sum(each.threads for each in sampled.pull_requests)
        pulls += len(sampled.pull_requests)
    return threads / pulls if pulls else None


async def _sample(tools: Tools, repo: RepoRef, numbers: Sequence[int], sizes: Sizes) -> ThreadSample:
    """Look at the totals of some pull requests, and learn from the answer what a point buys."""
    answer = await asked(tools, lambda: tools.api.sample_threads(repo, list(numbers)))
    if not isinstance(answer, Page | Partial):
        return ThreadSample([], "", None, len(numbers))
    sizes.prices.observe(answer.data.lookups, answer.data.cost)
    return answer.data


def spread(items: int, wanted: int) -> list[int]:
    """At most `wanted` of the numbers from 1 to `items`, evenly spread."""
    step = max(1.0, items / wanted)
    return sorted({min(items, int(index * step + step / 2) + 1) for index in range(min(items, wanted))})
