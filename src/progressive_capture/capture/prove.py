"""The last phase of a capture: settle a shard, and prove by a recount what the database holds."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from progressive_capture.capture.checkpoint import Walk, decode_checkpoint
from progressive_capture.capture.session import Session
from progressive_capture.capture.unlisted import newest_walk
from progressive_capture.domain.jobs import JobState, Outcome, Shard
from progressive_capture.domain.kinds import Kind, State
from progressive_capture.domain.scope import Scope
from progressive_capture.store import jobs, repositories
from progressive_capture.store.database import Connection
from progressive_capture.store.gaps import Gap, gaps, summary

GAPS_SHOWN: Final = 1_000
"""Gaps that a proof lists one by one; all are counted."""


@dataclass(slots=True)
class Proven:
    """What a recount found."""

    held: Mapping[str, int]
    """Rows by table, without those that GitHub no longer shows."""
    gaps: list[Gap] = field(default_factory=list)
    gap_count: int = 0
    ends: list[Gap] = field(default_factory=list)
    """What is short or truncated: shown, and no gap."""
    short_count: int = 0
    truncated_count: int = 0
    unavailable: Mapping[Kind, int] = field(default_factory=dict)
    """Pull requests by kind that the API used could not give."""
    unlisted: int = 0
    """Pull requests that GitHub counted and did not list: each is a gap."""
    incomplete: "array[int]" = field(default_factory=lambda: array("q"))
    """Numbers of the listed pull requests with gaps, 8 bytes each."""
    unread: "array[int]" = field(default_factory=lambda: array("q"))
    """Of those: the ones that were never read."""
    unread_gaps: int = 0
    """Gaps for that reason alone."""

    def add(self, gap: Gap) -> None:
        """Count a finding, and keep it among the first; all of one pull request are added one after the other."""
        self.gap_count += gap.is_gap
        self.short_count += gap.state is State.SHORT
        self.truncated_count += gap.state is State.TRUNCATED
        self.unread_gaps += gap.is_unread
        for numbers, belongs in ((self.incomplete, gap.is_gap), (self.unread, gap.is_unread)):
            if belongs and (not numbers or numbers[-1] != gap.number):
                numbers.append(gap.number)
        shown = self.gaps if gap.is_gap else self.ends
        if len(shown) < GAPS_SHOWN:
            shown.append(gap)


def prove(connection: Connection, host_id: int, repository_id: int, scope: Scope, walk: Walk | None) -> Proven:
    """Count every row of a scope again, and compare with what GitHub counts."""
    held = summary(connection, host_id, repository_id)
    unlisted = walk.unlisted if walk is not None else 0
    proven = Proven(held=held.rows, unavailable=held.unavailable, unlisted=unlisted, gap_count=unlisted)
    started_at = walk.started_at if walk is not None else None
    for gap in gaps(
        connection,
        host_id,
        repository_id,
        kinds=scope.kinds,
        updated_from=scope.updated_after(started_at) if started_at else scope.updated_from,
        updated_to=scope.updated_to,
        numbers=scope.numbers or None,
        listed_since=started_at if scope.limit is not None else None,
    ):
        proven.add(gap)
    return proven


def recount(
    connection: Connection, host_id: int, repository_id: int, *, watermark: str | None, total: int | None
) -> Proven:
    """Count every row of a repository again, with the pull requests that were never listed.

    Args:
        connection: to read by.
        host_id: the API host.
        repository_id: GitHub's numeric id.
        watermark: when the last walk over everything began; None: there was none, and none tells what GitHub kept from
            its list.
        total: GitHub's count of pull requests, of which all that are not here are missing; None: it is not known.
    """
    walk = newest_walk(connection, host_id, repository_id) if watermark is not None else None
    proven = prove(connection, host_id, repository_id, Scope(), walk)
    more = (total or 0) - proven.held["pull_request_index"] - proven.unlisted
    if more > 0:
        proven.unlisted += more
        proven.gap_count += more
    return proven


def settle(session: Session) -> bool:
    """Settle a shard whose work is done; True when that settled the job.

    The transaction that settles a job of scope `all` with all kinds also raises the watermark to the time at which
    its walk began: every pull request listed then is stored or recorded as a gap. One over everything that GitHub kept
    pull requests from has to be walked again; one by updates meets those no sooner when it is.

    Raises:
        LeaseLost: somebody else holds the shard.
    """
    tools, claim = session.tools, session.claim
    with tools.database.transaction() as connection:
        for operation, size in session.sizes.remembered().items():
            repositories.remember_page_size(connection, tools.host_id, session.repository_id, operation, size)
        now, settling = tools.clock(), tools.settling()
        settled = jobs.settle_shard(connection, claim, Outcome.COMPLETED, None, now, settling=settling)
        completed = settled and jobs.get(connection, claim.job_id).state is JobState.COMPLETED
        if completed and session.scope.moves_watermark:
            walk = stored_walk(jobs.shards(connection, claim.job_id))
            if walk is not None and (walk.updated_order or not walk.unlisted):
                repositories.raise_watermark(connection, tools.host_id, session.repository_id, walk.started_at)
    return settled


def stored_walk(stored: Iterable[Shard]) -> Walk | None:
    """The walk that a job's shard 0 has stored, None before its first page."""
    return decode_checkpoint(next((shard.checkpoint for shard in stored if shard.k == 0), None)).walk
