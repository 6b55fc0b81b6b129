"""Which tracked repositories are missing or stale, the neediest first; queueing them is not done here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from progressive_capture.domain.scope import stamp
from progressive_capture.store.database import Database
from progressive_capture.store.insight.tracked import TrackedRow, count_tracked, count_wanting, wanting

STALE_AFTER: Final = timedelta(days=3)
"""How long after its last walk over everything a tracked repository is stale."""


@dataclass(frozen=True, slots=True)
class Wanting:
    """A tracked repository that was never walked whole, or not for long."""

    repository_id: int
    repository: str
    watermark: str | None
    """When the last walk over everything began; None: never."""
    has_open_job: bool
    """Whether work on it is queued or running already."""

    @property
    def is_missing(self) -> bool:
        """Whether it was never walked whole."""
        return self.watermark is None


@dataclass(frozen=True, slots=True)
class WantingRepositories:
    """The neediest tracked repositories, and how many there are."""

    tracked: dict[str, int]
    """Tracked repositories by state; only active ones are looked at."""
    missing: int
    stale: int
    stale_before: str
    shown: tuple[Wanting, ...]


def wanting_repositories(
    database: Database, host_id: int, now: datetime, *, stale_after: timedelta = STALE_AFTER, limit: int = 100
) -> WantingRepositories:
    """Find tracked repositories to be captured: those never walked whole, then those walked longest ago.

    Raises:
        StoreError: the database cannot be read.
    """
    before = now - stale_after
    with database.reading() as connection:
        missing, stale = count_wanting(connection, host_id, before)
        return WantingRepositories(
            tracked=count_tracked(connection, host_id),
            missing=missing,
            stale=stale,
            stale_before=stamp(before),
            shown=tuple(_told(row) for row in wanting(connection, host_id, before, limit)),
        )


def _told(row: TrackedRow) -> Wanting:
    return Wanting(row.repository_id, row.name, row.watermark, row.has_open_job)
