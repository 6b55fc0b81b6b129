"""Statements about one job for people: all its columns, its history and what it used; nothing is changed."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from progressive_capture.store.tables import JOB_EVENTS, JOB_METRICS, JOBS


class EventRow(NamedTuple):
    """A line of a job's history."""

    id: int
    at: str
    event: str
    k: int | None
    """The shard concerned; None for the job."""
    who: str | None
    detail: str | None


def job_columns(connection: Connection, host_id: int, job_id: str) -> dict[str, Any] | None:
    """Return every column of a job by name, None when there is no such job of this host."""
    found = connection.execute(select(JOBS).where(JOBS.c.id == job_id, JOBS.c.host_id == host_id)).one_or_none()
    return None if found is None else dict(found._mapping)  # noqa: SLF001 - SQLAlchemy's documented way


def ids_between(connection: Connection, host_id: int, first: str, last: str, *, limit: int) -> list[str]:
    """Return ids of a host's jobs from `first` to `last`, at most `limit`."""
    job = JOBS.c
    found = select(job.id).where(job.id >= first, job.id <= last, job.host_id == host_id)
    return list(connection.scalars(found.order_by(job.id).limit(limit)))


def job_events(connection: Connection, job_id: str, *, after: int, limit: int) -> list[EventRow]:
    """Return a job's history after the event of that id, the oldest first."""
    event = JOB_EVENTS.c
    found = connection.execute(
        select(*(event[name] for name in EventRow._fields))
        .where(event.job_id == job_id, event.id > after)
        .order_by(event.id)
        .limit(limit)
    )
    return [EventRow(*row) for row in found]


def job_metrics(connection: Connection, job_id: str) -> dict[str, Any] | None:
    """Return what a settled job used, by name; None before it settled."""
    used = JOB_METRICS.c
    columns = [column for column in used if column.name != "job_id"]
    found = connection.execute(select(*columns).where(used.job_id == job_id)).one_or_none()
    return None if found is None else dict(found._mapping)  # noqa: SLF001 - as above
