"""What a decision about one request rests on, read from the database; the decision itself is the domain's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from progressive_capture.domain.categories import Category
from progressive_capture.domain.jobs import JobType
from progressive_capture.domain.kinds import INDEX_KINDS
from progressive_capture.domain.priority import PriorityLevel, level_of, score
from progressive_capture.domain.requests import JobRequest
from progressive_capture.domain.routing import RouteFacts
from progressive_capture.domain.scope import asked_age, earlier, github_time, moment, stamp
from progressive_capture.domain.throttle import Freshness
from progressive_capture.queue.openings import Doors, Openings, category_of
from progressive_capture.store import staleness, tracking
from progressive_capture.store.database import Connection
from progressive_capture.store.extent import Extent, extent
from progressive_capture.store.repositories import StoredRepository

MONTH: Final = timedelta(days=30)
"""The span from which a repository's activity is told."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request with all that is known about it."""

    facts: RouteFacts
    openings: Openings
    priority: int
    changes_a_day: float
    """Pull requests that were updated in a day of the last month, by the stored index."""
    is_repair: bool
    """Whether it also reads again what is missing, of which the facts tell nothing."""


def case_of(connection: Connection, request: JobRequest, stored: StoredRepository, doors: Doors, now: datetime) -> Case:
    """Gather what routing, gates and priority want to know of a request."""
    tracked = tracking.find(connection, request.host_id, request.repository_id)
    category = category_of(connection, request.host_id, request.repository_id)
    first = None if tracked is None else moment(tracked.first_tracked_at)
    level = level_of(request.level, first, now)
    found = _extent(connection, request, stored, now)
    a_day = found.active / MONTH.days
    return Case(
        facts=_facts(request, stored, found, now, level=level, category=category),
        openings=doors.openings(request.repository_id, category),
        priority=score(level, category, request.trigger, found.active),
        changes_a_day=a_day,
        is_repair=request.job_type is JobType.RECONCILE,
    )


def freshness(connection: Connection, request: JobRequest, completed_at: str, changes_a_day: float) -> Freshness:
    """What is known of the work that was completed last, once its repository's completeness matters."""
    kinds = request.scope.kinds - INDEX_KINDS
    lacking = staleness.stale_numbers(connection, request.host_id, request.repository_id, kinds=kinds, limit=1)
    return Freshness(moment(completed_at), is_complete=not lacking, changes_a_day=changes_a_day)


def _extent(connection: Connection, request: JobRequest, stored: StoredRepository, now: datetime) -> Extent:
    """Count what the request means in the stored index of the last walk."""
    scope = request.scope
    updated_from = scope.updated_after(stamp(now))
    if scope.moves_watermark and not scope.full:
        updated_from = earlier(stored.watermark, 0) if stored.watermark else None
    return extent(
        connection,
        request.host_id,
        request.repository_id,
        updated_from=updated_from,
        updated_to=scope.updated_to,
        numbers=scope.numbers or None,
        active_since=github_time(now - MONTH),
    )


def _facts(
    request: JobRequest,
    stored: StoredRepository,
    found: Extent,
    now: datetime,
    *,
    level: PriorityLevel,
    category: Category | None,
) -> RouteFacts:
    age, items = _reach(request, stored, found, now)
    return RouteFacts(
        trigger=request.trigger,
        level=level,
        age=age,
        items=items,
        category=category,
        pr_total=stored.pull_requests_total,
    )


def _reach(
    request: JobRequest, stored: StoredRepository, found: Extent, now: datetime
) -> tuple[timedelta | None, int | None]:
    """How old the oldest change is that the request wants, and how many pull requests it is about; None is unknown.

    By the stored index; where nothing was walked yet, by the range asked for and the total that GitHub told. What has
    changed since the last walk is not in the index: for an incremental walk it is reckoned from the last month.
    """
    scope = request.scope
    if scope.numbers:
        return _age(found.oldest, now), len(scope.numbers)
    if scope.limit is not None:
        total = stored.pull_requests_total
        return None, scope.limit if total is None else min(scope.limit, total)
    if scope.is_narrowed and stored.watermark is None:
        # How many of all lie in the range, nobody knows.
        return asked_age(scope, now), None
    if scope.is_narrowed:
        return _age(found.oldest, now) or asked_age(scope, now), found.pull_requests
    if stored.watermark is None or scope.full:
        return asked_age(scope, now), stored.pull_requests_total
    since = now - moment(stored.watermark)
    expected = round(found.active / MONTH.days * (since / timedelta(days=1)))
    return since, max(found.pull_requests, expected)


def _age(oldest: str | None, now: datetime) -> timedelta | None:
    return None if oldest is None else max(timedelta(), now - moment(oldest))
