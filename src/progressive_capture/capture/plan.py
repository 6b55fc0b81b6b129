"""The forecast of a capture: count and sample a little of GitHub, store nothing but the repository."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from progressive_capture.capture.run import asked, look_up, must
from progressive_capture.capture.session import Tools, used
from progressive_capture.domain.forecast import RENAMING_SHARE, THREADS_PER_PULL_REQUEST, Counts, Forecast, forecast
from progressive_capture.domain.kinds import INDEX_KINDS, Kind, Source
from progressive_capture.domain.planning import LOOKUPS_NEAREST, REST_PAGE, Sizes
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.github.outcomes import Page, Partial
from progressive_capture.github.results import Order, RepoRef, ThreadSample
from progressive_capture.store import repositories, staleness

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

    Costs at most 5 points and about a dozen REST requests.

    Raises:
        CaptureFailed: the repository does not exist, or may not be read.
    """
    before = used(tools)
    found = await look_up(tools, owner_name, scope)
    repo = RepoRef(f"{found.row.owner_login}/{found.row.name}", found.row.node_id, found.row.id)
    total = found.row.pull_requests_total or 0
    sizes = await asyncio.to_thread(_sizes, tools, repo, scope)
    listed, hydrated, words = await _extent(tools, repo, scope, total)
    threads = None
    if hydrated and scope.kinds & {Kind.REVIEW_COMMENTS, Kind.REVIEW_THREADS} and scope.source is not SourceChoice.REST:
        threads = await _threads(tools, repo, scope, Counts(total, hydrated), sizes)
    if threads is None:
        words.append(f"{THREADS_PER_PULL_REQUEST:g} review threads in each pull request")
    if Kind.FILES in scope.kinds and scope.source is SourceChoice.AUTO and not scope.patches:
        words.append(f"files renamed in {RENAMING_SHARE:.1%} of pull requests")
    await tools.api.finish()
    counts = Counts(listed=listed, hydrated=hydrated, threads=threads)
    expected = forecast(counts, sizes, scope.source, patches=scope.patches)
    points = (used(tools) - before).points
    return Plan(repo.owner_name, counts, expected, points, tuple(words))


def _sizes(tools: Tools, repo: RepoRef, scope: Scope) -> Sizes:
    sizes = Sizes(kinds=scope.kinds)
    with tools.database.reading() as connection:
        sizes.restore(repositories.page_sizes(connection, tools.host_id, repo.id))
    return sizes


async def _extent(tools: Tools, repo: RepoRef, scope: Scope, total: int) -> tuple[int, int, list[str]]:
    """How many pull requests are to be listed and read; the first page of the list tells of incremental walks."""
    if not scope.kinds - INDEX_KINDS:
        return total, 0, []
    if scope.numbers:
        return len(scope.numbers), len(scope.numbers), []
    if scope.limit is not None:
        return min(scope.limit, total), min(scope.limit, total), []
    stored = await asyncio.to_thread(_stored, tools, repo)
    watermark = stored.watermark if stored is not None and scope.moves_watermark and not scope.full else None
    if watermark is None and not scope.is_narrowed:
        return total, total, []
    known = await asyncio.to_thread(_stale, tools, repo, scope)
    source = Source.GRAPHQL if scope.source is SourceChoice.GRAPHQL else Source.REST
    answer = await asked(tools, lambda: tools.api.list_pull_requests(repo, Order.UPDATED_DESC, None, source, REST_PAGE))
    page = must(answer, "looking at what changed last")
    floor = watermark or scope.updated_after(page.requested_at) or ""
    changed = sum(row.updated_at >= floor for row in page.records.index)
    if changed < len(page.records.index) or page.next_cursor is None:
        return min(REST_PAGE, total), max(changed, known), []
    return total, total, ["everything was updated within the time asked for, since the last hundred were"]


def _stored(tools: Tools, repo: RepoRef) -> repositories.StoredRepository | None:
    with tools.database.reading() as connection:
        return repositories.find_repository(connection, tools.host_id, repo.owner_name)


def _stale(tools: Tools, repo: RepoRef, scope: Scope) -> int:
    with tools.database.reading() as connection:
        kinds = scope.kinds - INDEX_KINDS
        patches = scope.fetches_patches
        return len(staleness.stale_numbers(connection, tools.host_id, repo.id, kinds=kinds, patches=patches))


async def _threads(tools: Tools, repo: RepoRef, scope: Scope, extent: Counts, sizes: Sizes) -> float | None:
    """Estimate the review threads of the pull requests to read, by the API that tells most for least."""
    if scope.source is SourceChoice.GRAPHQL:
        share = await _threads_by_sample(tools, repo, extent.listed, sizes)
    else:
        if extent.hydrated > LOOKUPS_NEAREST:
            await _sample(tools, repo, range(1, LOOKUPS_NEAREST + 1), sizes)  # only to learn what a point buys
        share = await _threads_by_comments(tools, repo, extent.listed)
    return None if share is None else share * extent.hydrated


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
