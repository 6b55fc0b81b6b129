"""The forecast of a capture: count and sample a little of GitHub, store nothing but the repository."""

import asyncio
from dataclasses import dataclass
from typing import Final

from progressive_capture.capture.extent import Extent, extent
from progressive_capture.capture.run import look_up
from progressive_capture.capture.session import Tools, used
from progressive_capture.capture.threads import Threads
from progressive_capture.domain.forecast import RENAMING_SHARE, THREADS_PER_PULL_REQUEST, Counts, Forecast, forecast
from progressive_capture.domain.jobs import Counters
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.planning import LOOKUPS_NEAREST, Sizes
from progressive_capture.domain.sampling import Estimate
from progressive_capture.domain.scope import Scope, SourceChoice
from progressive_capture.github.results import RepoRef
from progressive_capture.store import repositories

MOST_POINTS: Final = 5
"""Points that a forecast may cost."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a capture is expected to cost, and on what that rests."""

    repository: str
    counts: Counts
    forecast: Forecast
    spent: Counters
    """What the forecast itself took."""
    assumptions: tuple[str, ...]


async def plan_repository(tools: Tools, owner_name: str, scope: Scope) -> Plan:
    """Forecast the requests, points and time of a capture.

    Costs at most 5 points, and about 60 requests where the spans of a large list are looked for and its comments
    sampled.

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
        sample = Threads(tools, repo, sizes, total)
        threads = await _threads(
            sample, found_extent, source, found.newest, MOST_POINTS - (used(tools) - before).points
        )
    if threads is not None:
        words += _about(threads, hydrated)
    elif hydrated and source is not SourceChoice.REST:
        words.append(f"{THREADS_PER_PULL_REQUEST:g} review threads in each pull request")
    if hydrated and Kind.FILES in scope.kinds and source is SourceChoice.AUTO and not scope.patches:
        words.append(f"files renamed in {RENAMING_SHARE:.1%} of pull requests")
    await tools.api.finish()
    counted = await asyncio.to_thread(_contributors_known, tools, repo)
    counts = Counts(
        listed=found_extent.listed,
        hydrated=hydrated,
        threads=None if threads is None else threads.mean * hydrated,
        by_number=bool(scope.numbers),
        by_updates=found_extent.by_updates,
        contributors=not counted,
    )
    expected = forecast(counts, sizes, source, patches=scope.patches)
    return Plan(repo.owner_name, counts, expected, used(tools) - before, tuple(words))


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
    sample: Threads, wanted: Extent, source: SourceChoice, newest: int | None, points: int
) -> Estimate | None:
    """Estimate the review threads of a pull request of those to read, by the API that tells most for least."""
    if wanted.some:
        return await sample.of_some(wanted.some)
    if source is SourceChoice.AUTO:
        return await sample.by_comments(learns=wanted.hydrated > LOOKUPS_NEAREST)
    return None if newest is None else await sample.by_sample(newest, points)


def _about(threads: Estimate, hydrated: int) -> list[str]:
    """Say how far an estimate may be off: nineteen of twenty are not further."""
    if not threads.error:
        return []
    found, doubt = threads.mean * hydrated, 2 * threads.error * hydrated
    return [f"{found:,.0f} review threads, give or take {doubt:,.0f}, from a sample"]
