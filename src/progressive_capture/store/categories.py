"""How large repositories are, as last reckoned, and which were marked as tests by hand; the rules are the domain's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects import postgresql, sqlite

from progressive_capture.domain.categories import PRIORITY_LEVEL, Category, Sizes, activity_score, categorize
from progressive_capture.domain.scope import stamp
from progressive_capture.store.tables import REPOSITORIES, REPOSITORY_CATEGORIES, TRACKED_REPOSITORIES

_STORED: Final = REPOSITORY_CATEGORIES.c


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
    row = connection.execute(
        select(REPOSITORY_CATEGORIES).where(_STORED.repository_id == repository_id, _STORED.host_id == host_id)
    ).one_or_none()
    return None if row is None else _categorized(row)


def save(connection: Connection, host_id: int, repository_id: int, sizes: Sizes, now: datetime) -> Category | None:
    """Reckon a repository's category from what GitHub counts, and store it; a mark set by hand stays and wins."""
    before = find(connection, host_id, repository_id)
    is_test = before is not None and before.is_test_repository
    return _put(connection, host_id, repository_id, sizes, now, is_test=is_test)


def mark_as_test(connection: Connection, host_id: int, repository_id: int, now: datetime, *, is_test: bool) -> None:
    """Mark a repository as a test, or take the mark off; its category is reckoned again from what is known."""
    before = find(connection, host_id, repository_id)
    sizes = before.sizes if before is not None else known_sizes(connection, host_id, repository_id)
    _put(connection, host_id, repository_id, sizes, now, is_test=is_test)


def known_sizes(connection: Connection, host_id: int, repository_id: int) -> Sizes:
    """Return what GitHub last counted of a repository; all unknown when it was never looked up."""
    known = REPOSITORIES.c
    row = connection.execute(
        select(known.stars, known.contributors_total, known.pull_requests_total).where(
            known.id == repository_id, known.host_id == host_id
        )
    ).one_or_none()
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
    connection: Connection, host_id: int, repository_id: int, sizes: Sizes, now: datetime, *, is_test: bool
) -> Category | None:
    category = categorize(sizes, marked_as_test=is_test)
    values: dict[str, Any] = {
        "category": None if category is None else category.value,
        "priority_level": None if category is None else PRIORITY_LEVEL[category],
        "is_test_repository": is_test,
        "star_count": sizes.stars,
        "contributor_count": sizes.contributors,
        "pr_count": sizes.pull_requests,
        "monthly_activity_score": activity_score(sizes),
        "categorized_at": stamp(now),
    }
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(REPOSITORY_CATEGORIES).values(host_id=host_id, repository_id=repository_id, **values)
    connection.execute(new.on_conflict_do_update(index_elements=["repository_id", "host_id"], set_=values))
    return category


def _categorized(row: Row[Any]) -> Categorized:
    return Categorized(
        category=None if row.category is None else Category(row.category),
        is_test_repository=row.is_test_repository,
        sizes=Sizes(row.star_count, row.contributor_count, row.pr_count),
        monthly_activity_score=row.monthly_activity_score,
        categorized_at=row.categorized_at,
    )
