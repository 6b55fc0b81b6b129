"""Taking jobs in line for work on this machine, the gates of the bulk lane asked again; all in one transaction."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, ScalarSelect, bindparam, func, select, update
from sqlalchemy import text as clause

from progressive_capture.domain.jobs import Claim, EngineName, JobState, Processor, ShardState
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.life import lock_job, move_job
from progressive_capture.store.jobs.reading import line_of, lines, turn
from progressive_capture.store.jobs.routing import move_lane
from progressive_capture.store.jobs.settling import settle_rest
from progressive_capture.store.jobs.shards import retry_shards
from progressive_capture.store.jobs.values import ClaimedJob, Claims, Decide, JobLine, Split, unsplit
from progressive_capture.store.tables import IS_CLAIMABLE, JOB_SHARDS, JOBS

MOST_REROUTED: Final = 100
"""Jobs that one call moves to another lane at most: a transaction stays short."""

_JOB: Final = JOBS.c
_SHARD: Final = JOB_SHARDS.c

NEXT: Final = (
    lines()
    # In the index's own words: bound parameters would keep SQLite from using a partial index.
    .where(
        clause(IS_CLAIMABLE),
        _JOB.processor_type == bindparam("of_lane"),
        _JOB.run_at <= bindparam("due_at", type_=_JOB.run_at.type),
    )
    .order_by(*turn())
    .limit(bindparam("most"))
    .with_for_update(key_share=True, skip_locked=True)
)
"""The first in line that nobody else is about to take; SQLite's writers exclude each other anyway."""


def _first(state: ShardState) -> ScalarSelect[int]:
    stored = select(func.min(_SHARD.k)).where(_SHARD.job_id == bindparam("of_job"), _SHARD.state == state.value)
    return stored.scalar_subquery()


_FIRST: Final = func.coalesce(_first(ShardState.PENDING), _first(ShardState.PROCESSING))
"""The first shard that is left, those last at which somebody may still be at work."""

_LEASE: Final = (
    update(JOB_SHARDS)
    .where(_SHARD.job_id == bindparam("of_job"), _SHARD.k == _FIRST)
    .values(
        state=ShardState.PROCESSING.value,
        claimed_by=bindparam("new_holder"),
        lease_until=bindparam("new_lease_until", type_=_SHARD.lease_until.type),
        lease_epoch=_SHARD.lease_epoch + 1,
        attempt=bindparam("new_attempt"),
        error=None,
        error_class=None,
    )
    .returning(_SHARD.k, _SHARD.lease_epoch, _SHARD.spec, _SHARD.checkpoint)
)


def claim_jobs(
    connection: Connection,
    lane: Processor,
    *,
    holder: str,
    now: datetime,
    lease_until: datetime,
    n: int = 1,
    decide: Decide | None = None,
    split: Split = unsplit,
) -> Claims:
    """Take up to `n` jobs of a lane that are due, the first in line first; each is processing, with a lease.

    Its first unsettled shard is the holder's until `lease_until`, so that no job is ever at work without a lease.

    Args:
        connection: within a transaction.
        lane: which jobs.
        holder: who takes them.
        now: the server's time.
        lease_until: when others may take the shard, if nothing is heard.
        n: how many at most.
        decide: asks the gates again about each job before it is taken; a job that may not stay goes where it says.
        split: cuts the shards of such a job to what its new lane takes.
    """
    claims = Claims([], [])
    while len(claims.jobs) < n and len(claims.rerouted) < MOST_REROUTED:
        wanted = {"of_lane": lane.value, "due_at": stamp(now), "most": n - len(claims.jobs)}
        found = [line_of(row) for row in connection.execute(NEXT, wanted)]
        if not found:
            break
        for job in found:
            routing = None if decide is None else decide(job)
            if routing is not None:
                move_lane(connection, job.id, routing, now, who=holder, split=split)
                claims.rerouted.append(job.id)
            elif (claimed := _take(connection, job, holder, now, lease_until)) is not None:
                claims.jobs.append(claimed)
    return claims


def _take(connection: Connection, job: JobLine, holder: str, now: datetime, lease_until: datetime) -> ClaimedJob | None:
    attempt = job.attempt + 1
    values: dict[str, Any] = {
        "attempt": attempt,
        "engine": EngineName.LOCAL.value,
        "started_at": job.started_at or stamp(now),
        "completed_at": None,
        "error": None,
        "error_class": None,
    }
    if job.state is JobState.FAILED:
        move_job(connection, job.id, JobState.PENDING, now, who=holder, detail="its next attempt begins")
        retry_shards(connection, job.id)
    move_job(connection, job.id, JobState.PROCESSING, now, who=holder, detail=f"attempt {attempt}", **values)
    lease = {"of_job": job.id, "new_holder": holder, "new_lease_until": stamp(lease_until), "new_attempt": attempt}
    shard = connection.execute(_LEASE, lease).one_or_none()
    if shard is None:
        # All of its shards were settled while it was parked.
        settle_rest(connection, lock_job(connection, job.id), now)
        return None
    claim = Claim(job.id, shard.k, holder, attempt, shard.lease_epoch, shard.spec, shard.checkpoint)
    return ClaimedJob(job, claim)
