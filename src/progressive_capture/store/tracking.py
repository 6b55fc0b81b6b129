"""Repositories that we promised to keep: begun, paused, ended; the promise's first day is never forgotten."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, bindparam, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from progressive_capture.domain.scope import stamp
from progressive_capture.store.tables import TRACKED_REPOSITORIES

_TRACKED: Final = TRACKED_REPOSITORIES.c
_THIS: Final = (_TRACKED.repository_id == bindparam("of_repository"), _TRACKED.host_id == bindparam("of_host"))


class Tracking(StrEnum):
    """How a repository is kept."""

    ACTIVE = "active"
    PAUSED = "paused"
    """Nothing is queued for it by itself."""
    UNTRACKED = "untracked"
    """The promise has ended; what was captured stays."""


class Tracked(NamedTuple):
    """A repository that we promised to keep, or once did."""

    host_id: int
    repository_id: int
    repository_name: str
    state: Tracking
    first_tracked_at: str
    changed_at: str
    tracked_by: str | None


_FOUND: Final = select(*(_TRACKED[name] for name in Tracked._fields)).where(*_THIS)


def track(
    connection: Connection, host_id: int, repository_id: int, name: str, now: datetime, *, who: str | None = None
) -> bool:
    """Promise to keep a repository, or take the promise up again; its present name is stored.

    Returns:
        Whether it was not active before.
    """
    before = find(connection, host_id, repository_id)
    values = {"repository_name": name, "state": Tracking.ACTIVE.value, "tracked_by": who}
    if before is None:
        first = {"first_tracked_at": stamp(now), "changed_at": stamp(now)}
        keys = {"host_id": host_id, "repository_id": repository_id}
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        new = dialect.insert(TRACKED_REPOSITORIES).values(keys | values | first)
        inserted = new.on_conflict_do_nothing().returning(_TRACKED.repository_id)
        return connection.scalar(inserted) is not None
    if before.state is Tracking.ACTIVE and before.repository_name == name:
        return False
    changed = values | {"changed_at": stamp(now)}
    connection.execute(update(TRACKED_REPOSITORIES).where(*_THIS).values(changed), _key(host_id, repository_id))
    return before.state is not Tracking.ACTIVE


def set_state(connection: Connection, host_id: int, repository_id: int, state: Tracking, now: datetime) -> bool:
    """Pause, end or take up the promise.

    Returns:
        Whether that changed anything: False when it was so before, or the repository was never tracked.
    """
    other = update(TRACKED_REPOSITORIES).where(*_THIS, _TRACKED.state != state.value)
    changed = other.values(state=state.value, changed_at=stamp(now))
    return connection.execute(changed, _key(host_id, repository_id)).rowcount > 0


def find(connection: Connection, host_id: int, repository_id: int) -> Tracked | None:
    """Return what is known of a repository's tracking, None when it was never tracked."""
    row = connection.execute(_FOUND, _key(host_id, repository_id)).one_or_none()
    return None if row is None else _tracked(row)


def page_of_tracked(
    connection: Connection, host_id: int, *, state: Tracking | None, after: Tracked | None, size: int
) -> list[Tracked]:
    """Return at most `size` repositories by name, of one state or of all, from behind the last of the page before."""
    columns = (_TRACKED[name] for name in Tracked._fields)
    order = (_TRACKED.repository_name, _TRACKED.repository_id)
    statement = select(*columns).where(_TRACKED.host_id == host_id).order_by(*order).limit(size)
    if state is not None:
        statement = statement.where(_TRACKED.state == state.value)
    if after is not None:
        statement = statement.where(
            tuple_(*order) > tuple_(literal(after.repository_name), literal(after.repository_id))
        )
    return [_tracked(row) for row in connection.execute(statement)]


def _key(host_id: int, repository_id: int) -> dict[str, int]:
    return {"of_repository": repository_id, "of_host": host_id}


def _tracked(row: Row[Any]) -> Tracked:
    found = Tracked._make(row)
    return found._replace(state=Tracking(found.state))
