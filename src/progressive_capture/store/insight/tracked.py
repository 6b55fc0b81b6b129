"""Statements about tracked repositories: all of them page by page, and which are missing or stale; nothing changes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, literal, or_, select
from sqlalchemy import text as clause

from progressive_capture.domain.scope import stamp
from progressive_capture.store.tables import (
    IS_OPEN,
    JOBS,
    REPOSITORIES,
    REPOSITORY_CATEGORIES,
    TRACKED_REPOSITORIES,
)

ACTIVE = "active"


class TrackedRow(NamedTuple):
    """A repository that we promised to keep, with what the database knows of it."""

    repository_id: int
    name: str
    """As GitHub last gave it, else as it was tracked."""
    state: str
    first_tracked_at: str
    watermark: str | None
    """When the last walk over everything began; None: never."""
    pull_requests_total: int | None
    stars: int | None
    contributors_total: int | None
    category: str | None
    is_categorized: bool
    """Whether a category was reckoned at all; it may be None."""
    is_test: bool
    has_open_job: bool


def page_of_tracked(connection: Connection, host_id: int, *, after: int, size: int) -> list[TrackedRow]:
    """Return the active tracked repositories of a host whose id is above `after`, by id."""
    tracked = TRACKED_REPOSITORIES.c
    found = connection.execute(
        _tracked(host_id).where(tracked.repository_id > after).order_by(tracked.repository_id).limit(size)
    )
    return [_row(row) for row in found]


def wanting(connection: Connection, host_id: int, stale_before: datetime, limit: int) -> list[TrackedRow]:
    """Return active tracked repositories that were never walked whole, then those whose last walk is the oldest.

    Those with an open job come after all others: else whoever queues them a few at a time would meet the same again.
    A walk that began before `stale_before` is stale.
    """
    watermark = REPOSITORIES.c.watermark
    found = connection.execute(
        _tracked(host_id)
        .where(_is_wanting(stale_before))
        .order_by(clause("has_open_job"), watermark.isnot(None), watermark, TRACKED_REPOSITORIES.c.repository_id)
        .limit(limit)
    )
    return [_row(row) for row in found]


def count_tracked(connection: Connection, host_id: int) -> dict[str, int]:
    """Count tracked repositories by their state."""
    tracked = TRACKED_REPOSITORIES.c
    found = connection.execute(
        select(tracked.state, func.count()).where(tracked.host_id == host_id).group_by(tracked.state)
    )
    return {state: count for state, count in found}  # noqa: C416 - rows are no pairs to mypy


def count_wanting(connection: Connection, host_id: int, stale_before: datetime) -> tuple[int, int]:
    """Count active tracked repositories never walked whole, and those whose last walk is stale."""
    wanted = _tracked(host_id).where(_is_wanting(stale_before)).subquery()
    missing, all_wanting = connection.execute(
        select(func.count().filter(wanted.c.watermark.is_(None)), func.count()).select_from(wanted)
    ).one()
    return missing, all_wanting - missing


def _tracked(host_id: int) -> Select[Any]:
    tracked, known, category = TRACKED_REPOSITORIES.c, REPOSITORIES.c, REPOSITORY_CATEGORIES.c
    has_open_job = exists().where(
        clause(IS_OPEN), JOBS.c.repository_id == tracked.repository_id, JOBS.c.host_id == tracked.host_id
    )
    joined = TRACKED_REPOSITORIES.outerjoin(
        REPOSITORIES, and_(known.id == tracked.repository_id, known.host_id == tracked.host_id)
    ).outerjoin(
        REPOSITORY_CATEGORIES,
        and_(category.repository_id == tracked.repository_id, category.host_id == tracked.host_id),
    )
    return (
        select(
            tracked.repository_id,
            func.coalesce(known.owner_login + literal("/") + known.name, tracked.repository_name).label("name"),
            tracked.state,
            tracked.first_tracked_at,
            known.watermark,
            known.pull_requests_total,
            known.stars,
            known.contributors_total,
            category.category,
            category.categorized_at.isnot(None).label("is_categorized"),
            func.coalesce(category.is_test_repository, literal(value=False)).label("is_test"),
            has_open_job.label("has_open_job"),
        )
        .select_from(joined)
        .where(tracked.host_id == host_id, tracked.state == ACTIVE)
    )


def _is_wanting(stale_before: datetime) -> ColumnElement[bool]:
    watermark = REPOSITORIES.c.watermark
    return or_(watermark.is_(None), watermark < stamp(stale_before))


def _row(row: Iterable[Any]) -> TrackedRow:
    *known, is_categorized, is_test, has_open_job = row
    return TrackedRow._make([*known, bool(is_categorized), bool(is_test), bool(has_open_job)])
