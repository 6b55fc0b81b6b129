"""Jobs that change lanes while they wait, or are held where no lane is open; deciding is the caller's."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, update

from progressive_capture.domain.jobs import UNSETTLED, JobState, Processor, ShardState
from progressive_capture.store.jobs.life import add_shard, lock_job, move_job, record_event
from progressive_capture.store.jobs.shards import retry_shards, shards
from progressive_capture.store.jobs.values import PC_CAPTURE, Routing, Split, unsplit
from progressive_capture.store.tables import JOB_SHARDS, JOBS

_JOB: Final = JOBS.c
_SHARD: Final = JOB_SHARDS.c
WAITING: Final = frozenset({JobState.PENDING, JobState.FAILED})
"""States in which a job may change lanes."""


def reroute(
    connection: Connection, job_id: str, routing: Routing, now: datetime, *, who: str, split: Split = unsplit
) -> bool:
    """Send a waiting job to another lane, hold it, or let it go; its shards are cut to what that lane takes.

    Returns:
        Whether it was: False when it no longer waits, or is `pc capture`'s own.
    """
    row = lock_job(connection, job_id)
    if JobState(row.status) not in WAITING or row.route_rule == PC_CAPTURE:
        return False
    move_lane(connection, job_id, routing, now, who=who, split=split)
    return True


def move_lane(connection: Connection, job_id: str, routing: Routing, now: datetime, *, who: str, split: Split) -> None:
    """Send a job to another lane, or hold it; it waits, and is locked."""
    if routing.held_reason is not None:
        # A held job is pending: one that failed would be among neither those in line nor those that are let go.
        move_job(connection, job_id, JobState.PENDING, now, who=who, error=None, error_class=None, completed_at=None)
        retry_shards(connection, job_id)
    connection.execute(update(JOBS).where(_JOB.id == job_id).values(route_values(routing)))
    split_shards(connection, job_id, routing.processor, split)
    event = "held" if routing.held_reason else "rerouted"
    told = routing.held_reason or routing.reason
    record_event(connection, job_id, now, event, who=who, detail=f"{routing.processor}: {told}")


def route_values(routing: Routing) -> dict[str, Any]:
    """Return the columns that say where a job goes, and why."""
    values: dict[str, Any] = {
        "processor_type": routing.processor.value,
        "route_rule": routing.rule,
        "route_reason": routing.reason,
        "route_policy": routing.policy,
        "rollout_version": routing.rollout_version,
        "is_eligible": routing.is_eligible,
        "held_reason": routing.held_reason,
    }
    return values if routing.priority is None else values | {"priority": routing.priority}


def split_shards(connection: Connection, job_id: str, lane: Processor, split: Split) -> None:
    """Cut the shards of a locked job that are not done to what its lane takes."""
    stored = shards(connection, job_id)
    last = max(shard.k for shard in stored)
    for shard in stored:
        if shard.state not in UNSETTLED | {ShardState.FAILED}:
            continue
        first, *others = split(shard, lane)
        if first != shard.spec:
            connection.execute(
                update(JOB_SHARDS).where(_SHARD.job_id == job_id, _SHARD.k == shard.k).values(spec=first)
            )
        for spec in others:
            last += 1
            add_shard(connection, job_id, last, spec)
