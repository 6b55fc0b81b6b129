"""How much of a repository a request means, by the stored index of its last walk; nothing is changed here."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from progressive_capture.store.staleness import Filters, bounded
from progressive_capture.store.tables import PULL_REQUEST_INDEX


@dataclass(frozen=True, slots=True)
class Extent:
    """What the list showed of a range."""

    pull_requests: int
    oldest: str | None
    """The earliest `updated_at` in the range; None where there is no pull request."""
    active: int
    """Pull requests updated since the time that was asked about, within the range or not."""


def extent(
    connection: Connection,
    host_id: int,
    repository_id: int,
    *,
    updated_from: str | None = None,
    updated_to: str | None = None,
    numbers: Collection[int] | None = None,
    active_since: str,
) -> Extent:
    """Count what is listed of a repository, deleted pull requests left out.

    Reads the index of one repository: all of it, or with `numbers` only those rows.
    """
    within, these = Filters(updated_from, updated_to), Filters(numbers=numbers)
    bounds, chosen = within.given(), these.given()
    given = bounds | chosen | {"of_host": host_id, "of_repository": repository_id, "active_since": active_since}
    return Extent(*connection.execute(_extent(tuple(bounds), tuple(chosen)), given).one())


@cache
def _extent(bounds: tuple[str, ...], chosen: tuple[str, ...]) -> Select[int, Any, int]:
    table = PULL_REQUEST_INDEX.c
    meant = bounded(bounds)
    return select(
        func.count().filter(meant),
        func.min(table.updated_at).filter(meant),
        func.count().filter(table.updated_at >= bindparam("active_since")),
    ).where(table.host_id == bindparam("of_host"), table.repository_id == bindparam("of_repository"), bounded(chosen))
