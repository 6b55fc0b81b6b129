"""What is missing over all tracked repositories, recounted one by one; how one is counted stands in capture."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from progressive_capture.capture.prove import Proven, recount
from progressive_capture.store import repositories
from progressive_capture.store.database import Database
from progressive_capture.store.insight.tracked import TrackedRow, page_of_tracked

PAGE: Final = 100
"""Tracked repositories that are looked up together."""


@dataclass(frozen=True, slots=True)
class RepositoryGaps:
    """What a recount of one tracked repository found."""

    repository_id: int
    repository: str
    watermark: str | None
    """When the last walk over everything began; None: it was never walked whole, so nothing can be called complete."""
    pull_requests: int
    """Stored, without those that GitHub no longer shows."""
    pull_requests_total: int | None
    """GitHub's count when it was last looked up."""
    pull_requests_known: int
    """Listed here, and those that GitHub counts and that were never listed."""
    pull_requests_with_gaps: int
    """Of those known."""
    gap_count: int
    unlisted: int
    """Of the gaps: pull requests that GitHub counted and never listed."""
    short_count: int
    truncated_count: int
    kinds: dict[str, int]
    """Gaps by kind, of the first thousand."""

    @property
    def is_complete(self) -> bool:
        """Whether it was walked whole and nothing is missing; another processor's absence is no gap."""
        return self.watermark is not None and not self.gap_count


@dataclass(frozen=True, slots=True)
class GapTotals:
    """What recounts found together."""

    repositories: int
    complete: int
    never_walked: int
    gap_count: int
    short_count: int
    truncated_count: int


def analyze(database: Database, host_id: int, *, after: int = 0) -> Iterator[RepositoryGaps]:
    """Recount every active tracked repository whose id is above `after`, by id; each in a reading of its own.

    Raises:
        StoreError: the database cannot be read.
    """
    while True:
        with database.reading() as connection:
            page = page_of_tracked(connection, host_id, after=after, size=PAGE)
        if not page:
            return
        for tracked in page:
            with database.reading() as connection:
                proven = recount(
                    connection,
                    host_id,
                    tracked.repository_id,
                    watermark=tracked.watermark,
                    total=tracked.pull_requests_total,
                )
            yield _told(tracked, proven)
        after = page[-1].repository_id


def lacks_nothing(database: Database, host_id: int, repository_id: int) -> bool:
    """Recount one stored repository: whether it was walked whole, and nothing is missing.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        stored = repositories.get(connection, host_id, repository_id)
        watermark, known = stored.watermark, stored.pull_requests_total
        if watermark is None:
            return False
        return not recount(connection, host_id, repository_id, watermark=watermark, total=known).gap_count


def total(recounted: Iterable[RepositoryGaps]) -> GapTotals:
    """Add recounts up."""
    told = list(recounted)
    return GapTotals(
        repositories=len(told),
        complete=sum(each.is_complete for each in told),
        never_walked=sum(each.watermark is None for each in told),
        gap_count=sum(each.gap_count for each in told),
        short_count=sum(each.short_count for each in told),
        truncated_count=sum(each.truncated_count for each in told),
    )


def _told(tracked: TrackedRow, proven: Proven) -> RepositoryGaps:
    return RepositoryGaps(
        repository_id=tracked.repository_id,
        repository=tracked.name,
        watermark=tracked.watermark,
        pull_requests=proven.held["pull_requests"],
        pull_requests_total=tracked.pull_requests_total,
        pull_requests_known=proven.held["pull_request_index"] + proven.unlisted,
        pull_requests_with_gaps=len(proven.incomplete) + proven.unlisted,
        gap_count=proven.gap_count,
        unlisted=proven.unlisted,
        short_count=proven.short_count,
        truncated_count=proven.truncated_count,
        kinds=dict(Counter(gap.kind.value for gap in proven.gaps)),
    )
