"""Which pull requests a capture has to read, from what is stored of them; nothing is asked or changed here."""

from array import array
from collections.abc import Collection, Sequence
from typing import Final

from progressive_capture.domain.kinds import INDEX_KINDS, SETTLED, State
from progressive_capture.domain.scope import Scope
from progressive_capture.store import staleness
from progressive_capture.store.database import Connection
from progressive_capture.store.recount import unsound_numbers

OVERLAP_SECONDS: Final = 300
"""How far a walk goes back behind the watermark: changes whose stamps were set late are met again."""


def left_unread(
    connection: Connection,
    host_id: int,
    repository_id: int,
    scope: Scope,
    numbers: Collection[int],
    *,
    only_rest: bool,
) -> Collection[int]:
    """Return those of some pull requests that are still to be read though somebody else stored a reading of them.

    That one may have asked for fewer kinds, or by an API that gives less. Arguments are those of `to_read`.
    """
    if scope.full or not numbers:
        return numbers
    return staleness.stale_numbers(
        connection,
        host_id,
        repository_id,
        kinds=scope.kinds - INDEX_KINDS,
        numbers=numbers,
        settled=SETTLED if only_rest else SETTLED - {State.UNAVAILABLE},
        patches=scope.fetches_patches,
    )


def to_read(
    connection: Connection,
    host_id: int,
    repository_id: int,
    scope: Scope,
    *,
    started_at: str,
    only_rest: bool,
    is_incremental: bool,
) -> Sequence[int]:
    """Return the numbers, ascending, of the listed pull requests of a scope that must be hydrated.

    Args:
        connection: within a transaction.
        host_id: the API host.
        repository_id: GitHub's id.
        scope: with at least one kind that hydration brings.
        started_at: when the walk began that listed them.
        only_rest: whether what REST cannot give must be left at that.
        is_incremental: whether the walk is over what changed: then gaps are read again, too.
    """
    kinds = scope.kinds - INDEX_KINDS
    stale = staleness.stale_numbers(
        connection,
        host_id,
        repository_id,
        kinds=kinds,
        updated_from=scope.updated_after(started_at),
        updated_to=scope.updated_to,
        numbers=scope.numbers or None,
        listed_since=None if not scope.limit else started_at,
        limit=scope.limit,
        full_before=started_at if scope.full else None,
        settled=SETTLED if only_rest else SETTLED - {State.UNAVAILABLE},
        patches=scope.fetches_patches,
    )
    if not is_incremental:
        return stale
    lost = unsound_numbers(connection, host_id, repository_id, kinds=kinds)
    return array("q", sorted({*lost, *stale})) if lost else stale
