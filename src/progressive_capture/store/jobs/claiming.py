"""Taking jobs in line for work on this machine, each with a lease, so that none is at work without one."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, ScalarSelect, bindparam, func, select, update

from progressive_capture.domain.jobs import Claim, EngineName, JobState, Processor, ShardState
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.leaving import ALL, Among, leave_line
from progressive_capture.store.jobs.life import lock_job, move_job
from progressive_capture.store.jobs.settling import settle_rest
from progressive_capture.store.jobs.values import ClaimedJob, Claims, Decide, JobLine, Split, unsplit
from progressive_capture.store.tables import JOB_SHARDS

_SHARD: Final = JOB_SHARDS.c


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
    among: Among = ALL,
    engine: EngineName = EngineName.LOCAL,
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
        among: which jobs are meant.
        engine: what they are run by.
    """

    def begin(job: JobLine, values: dict[str, Any]) -> ClaimedJob | None:
        taken = values | {"engine": engine.value, "engine_run_ref": None, "workflow_run_id": None}
        return _take(connection, job, taken, holder=holder, now=now, lease_until=lease_until)

    found = leave_line(connection, lane, begin, who=holder, now=now, n=n, decide=decide, split=split, among=among)
    return Claims(*found)


def _take(
    connection: Connection, job: JobLine, values: dict[str, Any], *, holder: str, now: datetime, lease_until: datetime
) -> ClaimedJob | None:
    attempt = values["attempt"]
    begun = values | {"started_at": job.started_at or stamp(now)}
    move_job(connection, job.id, JobState.PROCESSING, now, who=holder, detail=f"attempt {attempt}", **begun)
    lease = {"of_job": job.id, "new_holder": holder, "new_lease_until": stamp(lease_until), "new_attempt": attempt}
    shard = connection.execute(_LEASE, lease).one_or_none()
    if shard is None:
        # All of its shards were settled while it was parked.
        settle_rest(connection, lock_job(connection, job.id), now)
        return None
    claim = Claim(job.id, shard.k, holder, attempt, shard.lease_epoch, shard.spec, shard.checkpoint)
    return ClaimedJob(job, claim)
