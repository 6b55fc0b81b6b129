"""How large repositories are, as last reckoned, and which were marked as tests by hand; the rules are the domain's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from progressive_capture.domain.categories import PRIORITY_LEVEL, Category, Sizes, activity_score, categorize
from progressive_capture.domain.scope import stamp
from progressive_capture.store.tables import REPOSITORIES, REPOSITORY_CATEGORIES, TRACKED_REPOSITORIES

_STORED: Final = REPOSITORY_CATEGORIES.c
_KNOWN: Final = REPOSITORIES.c

# Made once: every decision asks the first, every settled job both, and making them takes longer than asking.
_FOUND: Final = select(REPOSITORY_CATEGORIES).where(
    _STORED.repository_id == bindparam("of_repository"), _STORED.host_id == bindparam("of_host")
)
_COUNTED: Final = select(_KNOWN.stars, _KNOWN.contributors_total, _KNOWN.pull_requests_total).where(
    _KNOWN.id == bindparam("of_repository"), _KNOWN.host_id == bindparam("of_host")
)


@dataclass(frozen=True, slots=True)
class Categorized:
    """What is stored of a repository's size."""

    category: Category | None
    """None while its stars or pull requests are not known."""
    is_test_repository: bool
    """Marked by hand."""
    sizes: Sizes
    monthly_activity_score: float | None
    categorized_at: str


def find(connection: Connection, host_id: int, repository_id: int) -> Categorized | None:
    """Return a repository's category, None when it was never reckoned."""
    row = connection.execute(_FOUND, {"of_host": host_id, "of_repository": repository_id}).one_or_none()
    return None if row is None else _categorized(row)


def save(connection: Connection, host_id: int, repository_id: int, sizes: Sizes, now: datetime) -> Category | None:
    """Reckon a repository's category from what GitHub counts, and store it; a mark set by hand stays and wins.

    In one statement, which sees a mark that somebody sets meanwhile and writes none itself.
    """
    values = _figures(sizes, now) | _category(sizes, is_test=False)
    if_marked = _category(sizes, is_test=True)
    kept = {name: case((_STORED.is_test_repository, marked), else_=values[name]) for name, marked in if_marked.items()}
    return _put(connection, host_id, repository_id, values | {"is_test_repository": False}, values | kept)


def mark_as_test(connection: Connection, host_id: int, repository_id: int, now: datetime, *, is_test: bool) -> None:
    """Mark a repository as a test, or take the mark off; its category is reckoned again from what is known."""
    stored = _STORED.repository_id == repository_id, _STORED.host_id == host_id
    # Locked: what is reckoned of sizes that somebody else replaces meanwhile would be older than those.
    before = connection.execute(select(REPOSITORY_CATEGORIES).where(*stored).with_for_update()).one_or_none()
    sizes = known_sizes(connection, host_id, repository_id) if before is None else _categorized(before).sizes
    values = _figures(sizes, now) | _category(sizes, is_test=is_test) | {"is_test_repository": is_test}
    _put(connection, host_id, repository_id, values, values)


def known_sizes(connection: Connection, host_id: int, repository_id: int) -> Sizes:
    """Return what GitHub last counted of a repository; all unknown when it was never looked up."""
    row = connection.execute(_COUNTED, {"of_host": host_id, "of_repository": repository_id}).one_or_none()
    return Sizes(None, None, None) if row is None else Sizes(*row)


def to_categorize(connection: Connection, host_id: int, before: datetime, limit: int) -> list[int]:
    """Return tracked repositories whose category was last reckoned before a time, or never: the longest ago first."""
    tracked = TRACKED_REPOSITORIES.c
    joined = TRACKED_REPOSITORIES.outerjoin(
        REPOSITORY_CATEGORIES,
        (_STORED.repository_id == tracked.repository_id) & (_STORED.host_id == tracked.host_id),
    )
    stale = _STORED.categorized_at.is_(None) | (_STORED.categorized_at < stamp(before))
    found = (
        select(tracked.repository_id)
        .select_from(joined)
        .where(tracked.host_id == host_id, tracked.state != "untracked", stale)
        .order_by(_STORED.categorized_at.isnot(None), _STORED.categorized_at, tracked.repository_id)
        .limit(limit)
    )
    return list(connection.scalars(found))


def count(connection: Connection, host_id: int) -> dict[Category | None, int]:
    """Count repositories by category; None: not known yet."""
    found = connection.execute(
        select(_STORED.category, func.count()).where(_STORED.host_id == host_id).group_by(_STORED.category)
    )
    return {None if category is None else Category(category): total for category, total in found}


def _put(
    connection: Connection, host_id: int, repository_id: int, new: dict[str, Any], again: dict[str, Any]
) -> Category | None:
    """Store what is new, or change `again` what is there; the category as it is stored then."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(REPOSITORY_CATEGORIES).values(host_id=host_id, repository_id=repository_id, **new)
    put = row.on_conflict_do_update(index_elements=["repository_id", "host_id"], set_=again)
    category = connection.execute(put.returning(_STORED.category)).scalar_one()
    return None if category is None else Category(category)


def _figures(sizes: Sizes, now: datetime) -> dict[str, Any]:
    return {
        "star_count": sizes.stars,
        "contributor_count": sizes.contributors,
        "pr_count": sizes.pull_requests,
        "monthly_activity_score": activity_score(sizes),
        "categorized_at": stamp(now),
    }


def _category(sizes: Sizes, *, is_test: bool) -> dict[str, Any]:
    category = categorize(sizes, marked_as_test=is_test)
    return {
        "category": None if category is None else category.value,
        "priority_level": None if category is None else PRIORITY_LEVEL[category],
    }


def _categorized(row: Row[Any]) -> Categorized:
    return Categorized(
        category=None if row.category is None else Category(row.category),
        is_test_repository=row.is_test_repository,
        sizes=Sizes(row.star_count, row.contributor_count, row.pr_count),
        monthly_activity_score=row.monthly_activity_score,
        categorized_at=row.categorized_at,
    )
