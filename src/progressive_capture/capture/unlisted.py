"""How many pull requests GitHub counts and does not list, by counting what is listed here; no request is sent."""

from progressive_capture.capture.checkpoint import Walk, decode_checkpoint
from progressive_capture.store import index, jobs
from progressive_capture.store.database import Connection
from progressive_capture.store.index import Counted


def counted(walk: Walk) -> Counted:
    """When GitHub counted what a walk is held against: before it began, whatever the clock of who asked."""
    return Counted(min(walk.counted_at or walk.since, walk.since), walk.newest)


def by_walk(connection: Connection, host_id: int, repository_id: int, walk: Walk, total: int) -> int:
    """How many of the `total` a walk over everything did not list.

    One opened about when GitHub was asked is taken as not counted, so that it stands for none that was left out: the
    answer may be too high by those, and is never too low.
    """
    listed = index.count_listed(connection, host_id, repository_id, since=walk.since, counted=counted(walk))
    return max(0, total - listed)


def by_updates(connection: Connection, host_id: int, repository_id: int, walk: Walk, total: int) -> int:
    """How many of the `total` neither this walk, by the newest updates, nor any before it listed.

    What the walk before it found stands as far as the counts of now allow.
    """
    listed = index.count_listed(connection, host_id, repository_id)
    certain = index.count_listed(connection, host_id, repository_id, counted=counted(walk))
    before = newest_walk(connection, host_id, repository_id)
    found = max(before.unlisted if before is not None else 0, total - listed)
    return min(found, max(0, total - certain))


def newest_walk(connection: Connection, host_id: int, repository_id: int) -> Walk | None:
    """The walk of the newest job over all pull requests and kinds that came to the end of the list."""
    for text in jobs.newest_checkpoints(connection, host_id, repository_id):
        walk = decode_checkpoint(text).walk
        if walk is not None and walk.passed:
            return walk
    return None
