"""The proof on demand: recount what is stored of a repository, and on request ask GitHub for its totals again."""

import asyncio
from dataclasses import dataclass, field

from progressive_capture.capture.live import live_gaps
from progressive_capture.capture.prove import GAPS_SHOWN, Proven, recount
from progressive_capture.capture.run import look_up
from progressive_capture.capture.session import Tools, used
from progressive_capture.domain.errors import CaptureFailed
from progressive_capture.domain.jobs import Counters
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import Scope
from progressive_capture.github.results import RepoRef
from progressive_capture.store import repositories
from progressive_capture.store.completeness import Counted, note_gaps
from progressive_capture.store.gaps import Gap


@dataclass(frozen=True, slots=True)
class Verification:
    """What a recount found."""

    repository: str
    live: bool
    pull_requests: int
    gaps: list[Gap]
    """The gaps, then what is short or truncated; the first thousand of each."""
    gap_count: int
    short_count: int
    truncated_count: int
    unavailable: dict[Kind, int]
    """Pull requests by kind that the API used could not give."""
    unlisted: int
    """Pull requests that GitHub counts and that are not listed here; each is a gap."""
    whole: bool
    """Whether a walk over everything ever came to its end: without one, nothing proves that the list is all."""
    listed: int
    """Pull requests that are listed here."""
    incomplete: int
    """Of those listed: pull requests with gaps."""
    unread: int
    """Of those with gaps: pull requests that were never read."""
    unread_gaps: int
    """Gaps for that reason alone."""
    total: int | None
    """GitHub's count of pull requests, where it is known."""
    spent: Counters = field(default_factory=Counters)
    """What asking GitHub again took."""


async def verify_repository(tools: Tools, owner_name: str, *, live: bool) -> Verification:
    """Compare what the database holds of a repository with GitHub's counts: those of the capture, or of now.

    What GitHub counts otherwise now is noted as a gap, so that the next capture reads it again: a point for 29 pull
    requests and one for 100 threads.

    Raises:
        CaptureFailed: nothing of it is stored; or, live, GitHub refused.
    """
    before = used(tools)
    stored = await asyncio.to_thread(_find, tools, owner_name)
    proven = await asyncio.to_thread(_recount, tools, stored)
    total = stored.pull_requests_total
    if live:
        total = await _compare_live(tools, stored, proven)
        proven.gap_count -= proven.unlisted
        proven.unlisted = max(0, (total or 0) - proven.held["pull_request_index"])
        proven.gap_count += proven.unlisted
    return Verification(
        repository=stored.owner_name,
        live=live,
        pull_requests=proven.held["pull_requests"],
        gaps=proven.gaps + proven.ends,
        gap_count=proven.gap_count,
        short_count=proven.short_count,
        truncated_count=proven.truncated_count,
        unavailable=dict(proven.unavailable),
        unlisted=proven.unlisted,
        whole=stored.watermark is not None,
        listed=proven.held["pull_request_index"],
        incomplete=len(proven.incomplete),
        unread=len(proven.unread),
        unread_gaps=proven.unread_gaps,
        total=total,
        spent=used(tools) - before,
    )


async def _compare_live(tools: Tools, stored: repositories.StoredRepository, proven: Proven) -> int | None:
    """Add the gaps that GitHub's counts of now show, and note them; returns how many pull requests it counts."""
    counted: list[Counted] = []
    try:
        found = await look_up(tools, stored.owner_name, Scope())
        told = {(gap.number, gap.kind) for gap in proven.gaps}
        incomplete = set(proven.incomplete)
        async for gap, differs in live_gaps(tools, RepoRef(stored.owner_name, stored.node_id, stored.id)):
            if (gap.number, gap.kind) in told:
                continue
            proven.gap_count += 1
            if differs is not None:
                counted.append(differs)
            if gap.number not in incomplete:
                incomplete.add(gap.number)
                proven.incomplete.append(gap.number)
            if len(proven.gaps) < GAPS_SHOWN:
                proven.gaps.append(gap)
    finally:
        await tools.api.finish()
    await asyncio.to_thread(_note, tools, counted)
    return found.row.pull_requests_total


def _note(tools: Tools, counted: list[Counted]) -> None:
    with tools.database.transaction() as connection:
        note_gaps(connection, tools.host_id, counted)


def _find(tools: Tools, owner_name: str) -> repositories.StoredRepository:
    with tools.database.reading() as connection:
        stored = repositories.find_repository(connection, tools.host_id, owner_name)
    if stored is None:
        raise CaptureFailed(f"Nothing is stored of {owner_name}: run `pc capture {owner_name}` first.")
    return stored


def _recount(tools: Tools, stored: repositories.StoredRepository) -> Proven:
    with tools.database.reading() as connection:
        return recount(
            connection, tools.host_id, stored.id, watermark=stored.watermark, total=stored.pull_requests_total
        )
