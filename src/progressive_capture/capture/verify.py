"""The proof on demand: recount what is stored of a repository, and on request ask GitHub for its totals again."""

import asyncio
from dataclasses import dataclass

from progressive_capture.capture.prove import Proven, prove
from progressive_capture.capture.session import Tools
from progressive_capture.domain.errors import CaptureFailed
from progressive_capture.domain.scope import Scope
from progressive_capture.store import repositories
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


async def verify_repository(tools: Tools, owner_name: str, *, live: bool) -> Verification:
    """Compare what the database holds of a repository with GitHub's counts: those of the capture, or of now.

    Raises:
        CaptureFailed: nothing of it is stored; or, live, GitHub refused.
    """
    stored = await asyncio.to_thread(_find, tools, owner_name)
    proven = await asyncio.to_thread(_recount, tools, stored.id)
    return Verification(
        repository=stored.owner_name,
        live=live,
        pull_requests=proven.held["pull_requests"],
        gaps=proven.gaps + proven.ends,
        gap_count=proven.gap_count,
        short_count=proven.short_count,
        truncated_count=proven.truncated_count,
    )


def _find(tools: Tools, owner_name: str) -> repositories.StoredRepository:
    with tools.database.reading() as connection:
        stored = repositories.find_repository(connection, tools.host_id, owner_name)
    if stored is None:
        raise CaptureFailed(f"Nothing is stored of {owner_name}: run `pc capture {owner_name}` first.")
    return stored


def _recount(tools: Tools, repository_id: int) -> Proven:
    with tools.database.reading() as connection:
        return prove(connection, tools.host_id, repository_id, Scope(), None)
