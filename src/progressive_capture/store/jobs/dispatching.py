"""Jobs on their way to an engine elsewhere: handed over, known by a run, taken back; what engines answer is not known.

Who works on a job there takes the leases of its shards as everybody does; a job that nobody began has a deadline only.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, case, func, select, update

from progressive_capture.domain.backoff import after_loss
from progressive_capture.domain.jobs import UNSETTLED, EngineName, JobState, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.leaving import ALL, Among, leave_line
from progressive_capture.store.jobs.life import lock_job, move_job
from progressive_capture.store.jobs.metering import rebook
from progressive_capture.store.jobs.settling import charge, settle_rest
from progressive_capture.store.jobs.shards import shards, used_by
from progressive_capture.store.jobs.values import (
    Decide,
    DispatchedJob,
    Dispatches,
    JobLine,
    Settling,
    Split,
    unsplit,
)
from progressive_capture.store.tables import JOBS

_JOB: Final = JOBS.c


def dispatch_jobs(
    connection: Connection,
    lane: Processor,
    engine: EngineName,
    *,
    who: str,
    now: datetime,
    deadline: datetime,
    n: int,
    decide: Decide | None = None,
    split: Split = unsplit,
    among: Among = ALL,
) -> Dispatches:
    """Choose up to `n` jobs of a lane that are due, the first in line first; each is dispatched, at a new attempt.

    The caller hands them over once the transaction has ended: one that dies between the two leaves jobs that were
    dispatched and never begun, which their deadline brings back.

    Args:
        connection: within a transaction.
        lane: which jobs.
        engine: what they are handed to.
        who: who hands them over.
        now: the server's time.
        deadline: when somebody asks after a job that nobody has begun.
        n: how many at most.
        decide: asks the gates again about each job; a job that may not stay goes where it says.
        split: cuts the shards of such a job to what its new lane takes.
        among: which jobs are meant.
    """

    def begin(job: JobLine, values: dict[str, Any]) -> DispatchedJob | None:
        return _send_off(connection, job, values, engine, who=who, now=now, deadline=deadline)

    found = leave_line(connection, lane, begin, who=who, now=now, n=n, decide=decide, split=split, among=among)
    return Dispatches(*found)


def _send_off(
    connection: Connection,
    job: JobLine,
    values: dict[str, Any],
    engine: EngineName,
    *,
    who: str,
    now: datetime,
    deadline: datetime,
) -> DispatchedJob | None:
    attempt = values["attempt"]
    left = [shard.k for shard in shards(connection, job.id) if shard.state in UNSETTLED]
    values |= {"engine": engine.value, "engine_run_ref": None, "workflow_run_id": None, "principal": None}
    if not left:
        # All of its shards were settled while it was parked.
        move_job(connection, job.id, JobState.PROCESSING, now, who=who, **values)
        settle_rest(connection, lock_job(connection, job.id), now)
        return None
    dispatched = {"dispatched_at": stamp(now), "dispatch_deadline": stamp(deadline)}
    detail = f"attempt {attempt}, to {engine}"
    move_job(connection, job.id, JobState.DISPATCHED, now, who=who, detail=detail, **values, **dispatched)
    return DispatchedJob(job, attempt, left)


def note_run(
    connection: Connection,
    job_id: str,
    *,
    attempt: int,
    ref: str,
    principal: str | None = None,
) -> bool:
    """Note by what an engine knows the run of an attempt; False when a later one has begun, or it is known already.

    What is not known now, and was noted before, stays: a run notes itself as it begins, and may be faster than who
    started it. GitHub's numbers of runs also stand by themselves.
    """
    noted = update(JOBS).where(_JOB.id == job_id, _JOB.attempt == attempt)
    values: dict[str, Any] = {"engine_run_ref": ref}
    if ref.isdecimal():
        values["workflow_run_id"] = int(ref)
    else:
        noted = noted.where(_JOB.workflow_run_id.is_(None))
    if principal is not None:
        values["principal"] = principal
    return connection.execute(noted.values(values)).rowcount == 1


def begun_after(connection: Connection, job_id: str, attempt: int) -> str | None:
    """Return a time before which no run of an attempt can have begun; None of a job that there is none of."""
    known = case((_JOB.attempt == attempt, func.coalesce(_JOB.dispatched_at, _JOB.created_at)), else_=_JOB.created_at)
    found: str | None = connection.scalar(select(known).where(_JOB.id == job_id))
    return found


def await_beginning(connection: Connection, job_id: str, *, attempt: int, deadline: datetime) -> None:
    """Note that the engine has a job: nobody asks after it before the deadline, unless somebody has begun it."""
    waiting = (_JOB.id == job_id, _JOB.attempt == attempt, _JOB.status == JobState.DISPATCHED.value)
    connection.execute(update(JOBS).where(*waiting).values(dispatch_deadline=stamp(deadline)))


def take_back(
    connection: Connection,
    job_id: str,
    *,
    attempt: int,
    now: datetime,
    who: str,
    why: str,
    random: float,
) -> bool:
    """Put a dispatched job that nobody began back in line, after a short random wait; that is no failure of its own.

    Args:
        connection: within a transaction.
        job_id: the job.
        attempt: the attempt that was handed over.
        now: the server's time.
        who: who takes it back.
        why: a sentence for people.
        random: from 0, below 1.

    Returns:
        Whether it was: False when somebody has begun it, or a later attempt has.
    """
    job = lock_job(connection, job_id)
    if job.status != JobState.DISPATCHED.value or job.attempt != attempt:
        return False
    run_at = stamp(now + after_loss(attempt, random))
    return move_job(connection, job_id, JobState.PENDING, now, who=who, detail=why, run_at=run_at)


def book(connection: Connection, job_id: str, k: int, settling: Settling, now: datetime) -> None:
    """Add what a runner of a shard used, whoever it is, also when its job has ended, or its attempt."""
    lock_job(connection, job_id)
    charge(connection, job_id, k, settling, now)
    used = used_by(connection, job_id)
    rebook(connection, job_id, used.resources, used.cost_micro_usd, settling.book)
