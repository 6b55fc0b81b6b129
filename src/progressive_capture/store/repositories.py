"""Hosts, repositories with the names they had, and what is remembered for their next walk."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Update, bindparam, exists, insert, or_, select, update

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.records import UNAVAILABLE, RepositoryRow
from progressive_capture.store.bulk import Upsert, Write, write
from progressive_capture.store.database import Lock, lock
from progressive_capture.store.tables import HOSTS, PAGE_SIZES, REPOSITORIES, REPOSITORY_NAMES


@dataclass(frozen=True, slots=True)
class StoredRepository:
    """What is known of a repository before GitHub is asked."""

    id: int
    node_id: str
    owner_name: str
    """Its name when last seen, `owner/name`."""
    names: tuple[str, ...]
    """Every name it was seen under or is reached by, that of now first, then the latest."""
    stars: int
    watermark: str | None
    pull_requests_total: int | None
    contributors_total: int | None
    contributors_counted_at: str | None
    captured_at: str
    """When it was last looked up."""


_NAMES: Final = Upsert(
    REPOSITORY_NAMES,
    columns=("name_key", "repository_id", "full_name", "first_seen_at", "last_seen_at"),
    constants=("host_id",),
    kept=frozenset({"first_seen_at"}),
    condition="excluded.last_seen_at >= repository_names.last_seen_at",
)

_PAGE_SIZES: Final = Upsert(PAGE_SIZES, columns=("repository_id", "operation", "size"), constants=("host_id",))

_REPOSITORIES: Final = {
    source: Upsert(
        REPOSITORIES,
        columns=RepositoryRow._fields,
        constants=("host_id", "captured_at", "source"),
        kept=UNAVAILABLE[source].get("repositories", frozenset()),
        updates={
            "pull_requests_total": "coalesce(excluded.pull_requests_total, repositories.pull_requests_total)",
        },
        condition="excluded.captured_at >= repositories.captured_at",
    )
    for source in Source
}

_STORED: Final = select(REPOSITORIES).where(
    REPOSITORIES.c.host_id == bindparam("of_host"), REPOSITORIES.c.id == bindparam("of_repository")
)
"""Made once, as those below: each step of a walk asks it, and making it takes longer than asking."""

_HOST: Final = select(HOSTS.c.id).where(HOSTS.c.api_url == bindparam("of_api_url"))
_NAMED: Final = (
    select(REPOSITORY_NAMES.c.repository_id)
    .where(REPOSITORY_NAMES.c.host_id == bindparam("of_host"), REPOSITORY_NAMES.c.name_key == bindparam("of_name"))
    .order_by(REPOSITORY_NAMES.c.last_seen_at.desc())
    .limit(1)
)
_NUMBERED: Final = _STORED.with_only_columns(REPOSITORIES.c.id)
_SIZES: Final = select(PAGE_SIZES.c.operation, PAGE_SIZES.c.size).where(
    PAGE_SIZES.c.host_id == bindparam("of_host"), PAGE_SIZES.c.repository_id == bindparam("of_repository")
)
_SEEN: Final = (
    select(REPOSITORY_NAMES.c.full_name)
    .where(
        REPOSITORY_NAMES.c.host_id == bindparam("of_host"),
        REPOSITORY_NAMES.c.repository_id == bindparam("of_repository"),
    )
    .order_by((REPOSITORY_NAMES.c.name_key == bindparam("of_now")).desc(), REPOSITORY_NAMES.c.last_seen_at.desc())
)


def host_id(connection: Connection, api_url: str) -> int:
    """Return the number of an API host by its REST base address, a new one for a new host."""
    lock(connection, Lock.HOST)
    found: int | None = connection.scalar(_HOST, {"of_api_url": api_url})
    if found is None:
        name = urlsplit(api_url).hostname or api_url
        found = connection.execute(insert(HOSTS).values(api_url=api_url, name=name).returning(HOSTS.c.id)).scalar_one()
    return found


def other_hosts(connection: Connection, host_id: int) -> list[str]:
    """Whose repositories are stored while none of this API host is: REST base addresses; empty where one is."""
    held = exists().where(REPOSITORIES.c.host_id == HOSTS.c.id)
    found = dict(connection.execute(select(HOSTS.c.id, HOSTS.c.api_url).where(held).order_by(HOSTS.c.api_url)).all())
    return [] if host_id in found else list(found.values())


def save_repository(
    connection: Connection,
    host_id: int,
    row: RepositoryRow,
    captured_at: str,
    source: Source,
    *,
    former_name: str | None = None,
) -> None:
    """Store a repository and note its name; an older answer changes nothing but the history of names.

    `former_name` is the one that was asked for, where GitHub answered with another: it leads here as well.
    """
    lock(connection, Lock.HOST, host_id)
    full_name = f"{row.owner_login}/{row.name}"
    seen = {name.lower(): name for name in (former_name or full_name, full_name)}
    names = [(key, row.id, name, captured_at, captured_at) for key, name in seen.items()]
    write(
        connection,
        [
            Write(_REPOSITORIES[source], [row], (host_id, captured_at, source.value)),
            Write(_NAMES, names, (host_id,)),
        ],
    )


def find_repository(connection: Connection, host_id: int, owner_name: str) -> StoredRepository | None:
    """Find a repository by `owner/name`, in any case, also a former name; None when it was never seen.

    Of several repositories that had the name, it is the one seen under it last.
    """
    found = connection.scalar(_NAMED, {"of_host": host_id, "of_name": owner_name.lower()})
    return None if found is None else get(connection, host_id, found)


def find_numbered(connection: Connection, host_id: int, repository_id: int) -> StoredRepository | None:
    """Find a repository by GitHub's numeric id; None when it was never seen."""
    seen = connection.scalar(_NUMBERED, {"of_host": host_id, "of_repository": repository_id})
    return None if seen is None else get(connection, host_id, seen)


def get(connection: Connection, host_id: int, repository_id: int) -> StoredRepository:
    """Return a repository that was seen before."""
    key = {"of_host": host_id, "of_repository": repository_id}
    row = connection.execute(_STORED, key).one()
    owner_name = f"{row.owner_login}/{row.name}"
    seen = connection.scalars(_SEEN, key | {"of_now": owner_name.lower()})
    return StoredRepository(
        id=row.id,
        node_id=row.node_id,
        owner_name=owner_name,
        names=tuple(seen),
        stars=row.stars,
        watermark=row.watermark,
        pull_requests_total=row.pull_requests_total,
        contributors_total=row.contributors_total,
        contributors_counted_at=row.contributors_counted_at,
        captured_at=row.captured_at,
    )


def set_contributors_total(connection: Connection, host_id: int, repository_id: int, total: int, at: str) -> None:
    """Note how many contributors GitHub counts."""
    connection.execute(_update(host_id, repository_id).values(contributors_total=total, contributors_counted_at=at))


def raise_watermark(connection: Connection, host_id: int, repository_id: int, at: str) -> None:
    """Note that a walk begun at `at` has covered all; an older watermark than the stored one changes nothing."""
    watermark = REPOSITORIES.c.watermark
    connection.execute(
        _update(host_id, repository_id).where(or_(watermark.is_(None), watermark < at)).values(watermark=at)
    )


def page_sizes(connection: Connection, host_id: int, repository_id: int) -> dict[str, int]:
    """Return the remembered page size of each operation that has one."""
    found = connection.execute(_SIZES, {"of_host": host_id, "of_repository": repository_id})
    return {row.operation: row.size for row in found}


def remember_page_size(connection: Connection, host_id: int, repository_id: int, operation: str, size: int) -> None:
    """Remember the page size of an operation for the next walk."""
    write(connection, [Write(_PAGE_SIZES, [(repository_id, operation, size)], (host_id,))])


def _update(host_id: int, repository_id: int) -> Update:
    return update(REPOSITORIES).where(REPOSITORIES.c.host_id == host_id, REPOSITORIES.c.id == repository_id)
