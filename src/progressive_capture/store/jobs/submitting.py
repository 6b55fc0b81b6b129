"""The statements of a submission, which form one transaction: what is open already, and opening or joining it."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import OPEN, Job, JobState, NewJob, Processor
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.store.jobs.life import (
    add_shard,
    get,
    insert_open,
    job_of,
    job_values,
    lock_job,
    move_job,
    record_event,
)
from progressive_capture.store.jobs.routing import route_values, split_shards
from progressive_capture.store.jobs.shards import free_shards, retry_shards, walk_begun
from progressive_capture.store.jobs.values import BETWEEN_SHARDS, RERUN, OpenJob, Routing, Split, Wish, unsplit
from progressive_capture.store.tables import IS_COMPLETED, IS_OPEN, JOB_EVENTS, JOBS

_JOB: Final = JOBS.c

TURN: Final = timedelta(minutes=1)
"""How far behind its repository's last job in line a further one is put, so that others come between."""

# In the indexes' own words: bound parameters would keep SQLite from using a partial index.
_LOCKED_OPEN: Final = (
    select(JOBS).where(_JOB.dedupe_key == bindparam("of_key"), clause(IS_OPEN)).with_for_update(key_share=True)
)
_LAST_COMPLETED: Final = (
    select(_JOB.completed_at)
    .where(clause(IS_COMPLETED), _JOB.dedupe_key == bindparam("of_key"))
    .order_by(_JOB.completed_at.desc())
    .limit(1)
)
_LAST_TURN: Final = select(func.max(_JOB.turn_at)).where(
    clause(IS_OPEN),
    _JOB.repository_id == bindparam("of_repository"),
    _JOB.host_id == bindparam("of_host"),
    _JOB.processor_type == bindparam("of_lane"),
)
"""Made once: every submission asks them."""


def find_for_submit(
    connection: Connection, dedupe_key: str, now: datetime, is_gone: Callable[[str], bool]
) -> OpenJob | None:
    """Return the open job of a key, if there is one; until the transaction ends nobody claims or settles it.

    `is_gone` says whether the process that a holder's text names no longer exists.
    """
    row = connection.execute(_LOCKED_OPEN, {"of_key": dedupe_key}).one_or_none()
    if row is None:
        return None
    begun, led = walk_begun(connection, row.id, now, is_gone)
    led = led or _is_between_shards(connection, row.id, now, is_gone)
    return OpenJob(job_of(row), row.route_rule, walk_begun=begun, is_led=led)


def _is_between_shards(connection: Connection, job_id: str, now: datetime, is_gone: Callable[[str], bool]) -> bool:
    """Whether somebody who lives has just settled a shard of a job, and not given any back: there may be a next one."""
    event = JOB_EVENTS.c
    last = select(event.event, event.who, event.at).where(event.job_id == job_id, event.k.isnot(None))
    row = connection.execute(last.order_by(event.id.desc()).limit(1)).one_or_none()
    if row is None or row.event == "released" or row.who is None:
        return False
    return moment(row.at) + BETWEEN_SHARDS > now and not is_gone(row.who)


def last_completed(connection: Connection, dedupe_key: str) -> str | None:
    """Return when the same work was last completed: nothing else throttles."""
    found: str | None = connection.scalar(_LAST_COMPLETED, {"of_key": dedupe_key})
    return found


def insert_job(connection: Connection, new: NewJob, now: datetime, *, who: str | None = None) -> Job | None:
    """Open a job with its shard 0, behind its repository's other jobs of that lane.

    Returns:
        None when another transaction opened one of the same key meanwhile: look for that.
    """
    turn_at = next_turn(connection, new.host_id, new.repository_id, new.processor, now)
    if insert_open(connection, job_values(new, now) | {"turn_at": turn_at}) is None:
        return None
    add_shard(connection, new.id, 0, new.spec)
    record_event(connection, new.id, now, "opened", who=who or new.trigger, detail=new.route_reason)
    return get(connection, new.id)


def next_turn(connection: Connection, host_id: int, repository_id: int, lane: Processor, now: datetime) -> str:
    """Return the place in line of a repository's next job of a lane: a minute behind its last one, or now.

    It only sorts jobs of the same priority, so that a repository with many jobs lets others come between.
    """
    of_lane = {"of_repository": repository_id, "of_host": host_id, "of_lane": lane.value}
    newest: str | None = connection.scalar(_LAST_TURN, of_lane)
    return stamp(now if newest is None else max(now, moment(newest) + TURN))


def ask_rerun(connection: Connection, job_id: str, now: datetime, wish: Wish) -> bool:
    """Have one successor opened when the job settles, however it does; it is for the most urgent of all who asked.

    Returns:
        Whether it is open; False when it has settled meanwhile: nothing is asked.
    """
    job = lock_job(connection, job_id)
    if JobState(job.status) not in OPEN:
        return False
    values: dict[str, Any] = {"rerun_requested_at": job.rerun_requested_at or stamp(now)}
    before = job.metadata.get(RERUN)
    if before is None or before["priority"] < wish.priority:
        values["metadata"] = job.metadata | {RERUN: asdict(wish)}
    connection.execute(update(JOBS).where(_JOB.id == job_id).values(values))
    record_event(connection, job_id, now, "rerun asked", who=wish.who, detail=wish.reason)
    return True


def raise_priority(connection: Connection, job_id: str, wish: Wish, now: datetime, *, above: int | None = None) -> bool:
    """Have a pending job claimed as soon as somebody wants it who has just asked for it; it is never put back.

    A job whose priority is not `above` that number stays where it is.

    Returns:
        Whether it stands before where it stood.
    """
    pending = (_JOB.id == job_id, _JOB.status == JobState.PENDING.value, _JOB.priority < wish.priority)
    raised = update(JOBS).where(*pending).values(priority=wish.priority)
    if connection.execute(raised if above is None else raised.where(_JOB.priority > above)).rowcount == 0:
        return False
    record_event(connection, job_id, now, "raised", who=wish.who, detail=f"priority {wish.priority}: {wish.trigger}")
    return True


def adopt(
    connection: Connection, job_id: str, routing: Routing, now: datetime, *, who: str, split: Split = unsplit
) -> bool:
    """Give an open job that nobody works on to the queue: routed now, its shards cut to what its lane takes, pending.

    Whoever worked on it is shut out. The caller asks for a rerun when its walk has begun.

    Returns:
        Whether it was adopted: False once it has settled.
    """
    row = lock_job(connection, job_id)
    state = JobState(row.status)
    if state not in {JobState.PENDING, JobState.PROCESSING, JobState.FAILED}:
        return False
    free_shards(connection, job_id)
    retry_shards(connection, job_id)
    values = route_values(routing) | {
        "run_at": stamp(now),
        "turn_at": next_turn(connection, row.host_id, row.repository_id, routing.processor, now),
        "engine": None,
    }
    connection.execute(update(JOBS).where(_JOB.id == job_id).values(values))
    split_shards(connection, job_id, routing.processor, split)
    if state is not JobState.PENDING:
        move_job(connection, job_id, JobState.PENDING, now, who=who, detail="adopted")
    record_event(connection, job_id, now, "adopted", who=who, detail=routing.reason)
    return True
