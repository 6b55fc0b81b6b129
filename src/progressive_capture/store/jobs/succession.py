"""Jobs that follow others: the successor that was asked for while one ran, and the retry of a dead one.

Their ids follow from the former job's, so that each has one successor and one retry at most, whoever asks; only after
a retry that was cancelled there may be another.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from progressive_capture.domain.jobs import JobState, Processor, Trigger
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.life import add_shard, find_open, insert_open, lock_job, record_event
from progressive_capture.store.jobs.reading import find_line
from progressive_capture.store.jobs.routing import route_values
from progressive_capture.store.jobs.submitting import next_turn
from progressive_capture.store.jobs.values import PC_CAPTURE, RERUN, Follow, JobLine, Wish
from progressive_capture.store.tables import JOB_SHARDS, JOBS

_SAME: Final = (
    "job_type",
    "host_id",
    "repository_id",
    "repository_name",
    "scope",
    "kinds",
    "full",
    "patches",
    "source",
    "time_range_days",
    "max_attempts",
    "dedupe_key",
)
"""Columns that say what is to be done."""

_WHERE: Final = (
    "processor_type",
    "route_rule",
    "route_reason",
    "route_policy",
    "rollout_version",
    "is_eligible",
    "priority",
    "item_count",
    "data_age_seconds",
)
"""Columns that say where, taken over when nobody decides anew."""

_AFTER_CAPTURE: Final = {
    "processor_type": Processor.INNGEST.value,
    "route_rule": "after-capture",
    "route_reason": "Asked for while `pc capture` did the same: what changed since goes to the lane open to all.",
    "route_policy": "rules",
    "rollout_version": None,
    "is_eligible": None,
}


def open_successor(connection: Connection, job: Row[Any], now: datetime, follow: Follow | None) -> str:
    """Open the one job that serves whoever asked while a job ran, which is settled now; its id."""
    new_id = str(uuid.uuid5(uuid.UUID(job.id), "successor"))
    _follow(
        connection, job, new_id, now, wish=wish_of(job), follow=follow, values={"metadata": {"successor_of": job.id}}
    )
    record_event(connection, new_id, now, "opened", who="queue", detail=f"asked for while {job.id} ran")
    return new_id


def wish_of(job: Row[Any] | JobLine) -> Wish:
    """Return the most urgent wish of those who asked while a job ran; what it was opened for where nobody did."""
    asked = job.metadata.get(RERUN)
    return _first_wish(job) if asked is None else Wish(**asked | {"trigger": Trigger(asked["trigger"])})


def retry_dead(
    connection: Connection, job_id: str, now: datetime, *, who: str, follow: Follow | None = None
) -> str | None:
    """Open a new job in place of a dead one; where it goes is decided anew.

    Returns:
        The job that does the work now, or has done it: the new one, a retry of before, or an open job of the same key;
        None when the job is not dead.
    """
    job = lock_job(connection, job_id)
    if job.status != JobState.DEAD.value:
        return None
    newest = select(JOBS.c.id, JOBS.c.status).where(JOBS.c.retry_of == job_id).order_by(JOBS.c.created_at.desc())
    before = connection.execute(newest.limit(1)).one_or_none()
    if before is not None and before.status == JobState.DEAD.value:
        return retry_dead(connection, before.id, now, who=who, follow=follow)
    if before is not None and before.status != JobState.CANCELLED.value:
        return str(before.id)
    if (same := find_open(connection, job.dedupe_key)) is not None:
        return same.id
    new_id = str(uuid.uuid5(uuid.UUID(job_id if before is None else before.id), "retry"))
    if not _follow(connection, job, new_id, now, wish=_first_wish(job), follow=follow, values={"retry_of": job_id}):
        return retry_dead(connection, job_id, now, who=who, follow=follow)
    record_event(connection, new_id, now, "opened", who=who, detail=f"retry of {job_id}")
    record_event(connection, job_id, now, "retried", who=who, detail=new_id)
    return new_id


def _follow(
    connection: Connection,
    job: Row[Any],
    new_id: str,
    now: datetime,
    *,
    wish: Wish,
    follow: Follow | None,
    values: dict[str, Any],
) -> bool:
    """Insert a job that does the same again; False when another transaction opened one of its key meanwhile."""
    columns = job._mapping  # noqa: SLF001 - SQLAlchemy's documented way to read by name
    spec = _first_spec(connection, job.id)
    where, figures = _decided(connection, job, spec, now, wish=wish, follow=follow)
    metadata = {"who": wish.who, "reason": wish.reason, "level": wish.level, "route": dict(figures)}
    fresh = {
        "id": new_id,
        "status": JobState.PENDING.value,
        "trigger": wish.trigger.value,
        "run_at": stamp(now),
        "turn_at": next_turn(connection, job.host_id, job.repository_id, Processor(where["processor_type"]), now),
        "attempt": 0,
        "failures": 0,
        "created_at": stamp(now),
        "metadata": metadata | values.pop("metadata", {}),
    }
    if insert_open(connection, {name: columns[name] for name in _SAME} | where | fresh | values) is None:
        return False
    add_shard(connection, new_id, 0, spec)
    return True


def _decided(
    connection: Connection, job: Row[Any], spec: str, now: datetime, *, wish: Wish, follow: Follow | None
) -> tuple[dict[str, Any], Mapping[str, object]]:
    """Where it goes, and on what figures that rests: both of this moment, if somebody can tell."""
    if follow is not None and (line := find_line(connection, job.id)) is not None:
        found = follow(connection, line, spec, wish, now)
        of_route = {"item_count": found.item_count, "data_age_seconds": found.data_age_seconds}
        return route_values(found.routing) | of_route, found.figures
    columns = job._mapping  # noqa: SLF001 - as above
    kept = {name: columns[name] for name in _WHERE}
    return kept | (_AFTER_CAPTURE if job.route_rule == PC_CAPTURE else {}), job.metadata.get("route", {})


def _first_wish(job: Row[Any] | JobLine) -> Wish:
    """Return what was asked for when a job was opened."""
    told = job.metadata
    return Wish(told.get("who") or "queue", Trigger(job.trigger), told.get("level"), told.get("reason"), job.priority)


def _first_spec(connection: Connection, job_id: str) -> str:
    shard = JOB_SHARDS.c
    spec: str = connection.execute(select(shard.spec).where(shard.job_id == job_id, shard.k == 0)).scalar_one()
    return spec
