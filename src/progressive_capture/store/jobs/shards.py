"""Shards: who works on which until when, and what is done of it; settling them stands elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Update,
    bindparam,
    case,
    func,
    select,
    update,
)

from progressive_capture.domain.jobs import (
    CLAIMABLE,
    UNSETTLED,
    Claim,
    Counters,
    EngineName,
    Held,
    JobState,
    Outcome,
    Resources,
    Settled,
    Shard,
    ShardState,
)
from progressive_capture.domain.scope import moment, stamp
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.jobs.life import add_shard, lock_job, move_job, not_before, record_event
from progressive_capture.store.jobs.values import NOTHING_USED
from progressive_capture.store.tables import JOB_SHARDS, JOBS

_SHARD = JOB_SHARDS.c
LOOKED_BACK: Final = 20
"""Jobs among which one is looked for whose walk came to its end."""

_COUNTERS: Final = [counter.name for counter in fields(Counters)]
_RESOURCES: Final = [resource.name for resource in fields(Resources)]
_OF_MACHINE: Final = ("cpu_ms", "peak_memory_bytes")
"""Resources that cost nothing by themselves."""

_PEAKS: Final = frozenset({"peak_memory_bytes"})


def more(name: str, increase: ColumnElement[int]) -> ColumnElement[int]:
    """Return a shard's counter with an increase: the sum, or of a peak the larger."""
    if name not in _PEAKS:
        return _SHARD[name] + increase
    return case((increase > _SHARD[name], increase), else_=_SHARD[name])


_FENCE: Final[tuple[ColumnElement[bool], ...]] = (
    _SHARD.job_id == bindparam("of_job"),
    _SHARD.k == bindparam("of_k"),
    _SHARD.attempt == bindparam("of_attempt"),
    _SHARD.lease_epoch == bindparam("of_epoch"),
    _SHARD.state == ShardState.PROCESSING.value,
)
_CHECKPOINT: Final = (
    update(JOB_SHARDS)
    .where(*_FENCE)
    .values(
        {"checkpoint": bindparam("new_checkpoint"), "lease_until": bindparam("new_lease_until")}
        | {name: more(name, bindparam(f"more_{name}", type_=BigInteger)) for name in (*_COUNTERS, *_OF_MACHINE)}
    )
)
"""Made once: it ends the transaction of every page."""

_COUNT_USE: Final = (
    update(JOB_SHARDS)
    .where(*_FENCE)
    .values({name: more(name, bindparam(f"more_{name}", type_=BigInteger)) for name in _COUNTERS})
)
_CHARGE: Final = (
    update(JOB_SHARDS)
    .where(_SHARD.job_id == bindparam("of_job"), _SHARD.k == bindparam("of_k"))
    .values(
        {name: more(name, bindparam(f"more_{name}", type_=BigInteger)) for name in _RESOURCES}
        # A sum of which a part is not known is not known.
        | {"cost_microusd": _SHARD.cost_microusd + bindparam("price", type_=BigInteger)}
    )
)
# SQLite has no FOR UPDATE and needs none: the transaction began as a writer.
_LOCKED: Final = (
    select(JOB_SHARDS).where(_SHARD.job_id == bindparam("of_job"), _SHARD.k == bindparam("of_k")).with_for_update()
)
_TAKEN: Final = (
    update(JOB_SHARDS)
    .where(_SHARD.job_id == bindparam("of_job"), _SHARD.k == bindparam("of_k"))
    .values(
        state=ShardState.PROCESSING.value,
        claimed_by=bindparam("new_holder"),
        lease_until=bindparam("new_lease_until"),
        lease_epoch=bindparam("new_epoch"),
        attempt=bindparam("new_attempt"),
        error=None,
    )
)
_NEWEST: Final = (
    select(_SHARD.checkpoint)
    .join(JOBS, JOBS.c.id == _SHARD.job_id)
    .where(
        JOBS.c.host_id == bindparam("of_host"),
        JOBS.c.repository_id == bindparam("of_repository"),
        JOBS.c.scope.like("all;kinds=all;%"),
        _SHARD.k == 0,
        _SHARD.checkpoint.is_not(None),
    )
    .order_by(JOBS.c.created_at.desc())
    .limit(LOOKED_BACK)
)


_THOSE_OF_JOB: Final = _SHARD.job_id == bindparam("of_job")
_OF_JOB: Final = select(JOB_SHARDS).where(_THOSE_OF_JOB).order_by(_SHARD.k)
_BEGUN: Final = select(
    # A checkpoint may tell of nothing but what was in the way.
    *(_SHARD.state, _SHARD.claimed_by, _SHARD.lease_until, (_SHARD.pages > 0).label("has_page"))
).where(_THOSE_OF_JOB)
_STATES: Final = select(_SHARD.state).where(_THOSE_OF_JOB)
_TOTALS: Final = select(
    *(func.max(_SHARD[name]) if name in _PEAKS else func.sum(_SHARD[name]) for name in (*_COUNTERS, *_RESOURCES)),
    func.sum(_SHARD.cost_microusd),
    func.count() - func.count(_SHARD.cost_microusd),
).where(_THOSE_OF_JOB)
_FREE: Final = (
    update(JOB_SHARDS)
    .where(_SHARD.job_id == bindparam("of_job"), _SHARD.state == ShardState.PROCESSING.value)
    .values(state=ShardState.PENDING.value, claimed_by=None, lease_until=None, lease_epoch=_SHARD.lease_epoch + 1)
)
_AGAIN: Final = (
    update(JOB_SHARDS)
    .where(_SHARD.job_id == bindparam("of_job"), _SHARD.state == ShardState.FAILED.value)
    .values(state=ShardState.PENDING.value, error=None, error_class=None)
)


def claim_shard(
    connection: Connection,
    job_id: str,
    k: int,
    *,
    attempt: int,
    holder: str,
    now: datetime,
    lease_until: datetime,
    is_gone: Callable[[str], bool],
) -> Claim | Held | Settled:
    """Take the lease of shard `k`, unless somebody else who still lives holds it.

    Every claim raises the lease epoch, which shuts out whoever had it before. A job that waited, or failed and is
    tried again, is processing from here on. After `lease_until` others may take the shard if nothing is heard;
    `is_gone` says whether the process that a holder's text names no longer exists.

    Raises:
        LeaseLost: a later attempt has begun, at this shard or at another.
    """
    job = lock_job(connection, job_id)
    row = connection.execute(_LOCKED, {"of_job": job_id, "of_k": k}).one()
    state = ShardState(row.state)
    if state not in CLAIMABLE:
        return Settled(state)
    if state is ShardState.PROCESSING and row.claimed_by != holder and _lives(row, now, is_gone):
        return Held(row.claimed_by, row.lease_until)
    if attempt < (newest := max(job.attempt, row.attempt)):
        raise LeaseLost(f"job {job_id}, shard {k}, is at attempt {newest}")
    epoch = row.lease_epoch + 1
    taken = {
        "of_job": job_id,
        "of_k": k,
        "new_holder": holder,
        "new_lease_until": stamp(lease_until),
        "new_epoch": epoch,
        "new_attempt": attempt,
    }
    connection.execute(_TAKEN, taken)
    if (row.claimed_by, row.attempt) != (holder, attempt):
        record_event(connection, job_id, now, "claimed", k=k, who=holder)
    _start(connection, job, now)
    return Claim(job_id, k, holder, attempt, epoch, row.spec, row.checkpoint)


def write_checkpoint(
    connection: Connection,
    claim: Claim,
    checkpoint: str,
    counters: Counters,
    lease_until: datetime,
    *,
    resources: Resources = NOTHING_USED,
) -> None:
    """Note what of the shard is done, in the transaction of the rows that it covers; renews the lease.

    Args:
        connection: within a transaction.
        claim: the right to do so.
        checkpoint: replaces the former one.
        counters: the increase since the last call.
        lease_until: when others may take the shard, if nothing is heard.
        resources: what the runner used of its machine since the last call; what is paid for is told by `book`.

    Raises:
        LeaseLost: somebody else has the shard now; the whole transaction must be undone.
        ValueError: the resources hold something that is paid for; nothing is written.
    """
    if resources.executions or resources.runner_minutes:
        raise ValueError("What is paid for counts in its month: it is told by `book`, not with a page.")
    increase = asdict(counters) | {name: getattr(resources, name) for name in _OF_MACHINE}
    added = {f"more_{name}": value for name, value in increase.items()}
    given = {"new_checkpoint": checkpoint, "new_lease_until": stamp(lease_until), **added}
    _hit(connection.execute(_CHECKPOINT, _fence(claim) | given).rowcount, claim)


def count_use(connection: Connection, claim: Claim, counters: Counters) -> None:
    """Note what was used since the last page, where no further one is to be committed now.

    Raises:
        LeaseLost: somebody else has the shard now.
    """
    _hit(connection.execute(_COUNT_USE, _fence(claim) | _increases(counters)).rowcount, claim)


def renew(connection: Connection, claim: Claim, lease_until: datetime) -> None:
    """Keep the lease while nothing is to be committed.

    Raises:
        LeaseLost: somebody else has the shard now.
    """
    fenced(connection, claim, lease_until=stamp(lease_until))


def release(connection: Connection, claim: Claim, now: datetime) -> None:
    """Give the shard back unfinished: anybody may go on with it, and that is no failure.

    Raises:
        LeaseLost: somebody else has the shard now.
    """
    fenced(connection, claim, state=ShardState.PENDING.value, claimed_by=None, lease_until=None)
    record_event(connection, claim.job_id, now, "released", k=claim.k, who=claim.holder)


def add_shards(connection: Connection, claim: Claim, specs: Sequence[str]) -> None:
    """Add shards to the job, after those that it has.

    Raises:
        LeaseLost: somebody else has the claimed shard now.
    """
    fenced(connection, claim, claimed_by=claim.holder)
    last = connection.scalar(select(func.max(_SHARD.k)).where(_SHARD.job_id == claim.job_id)) or 0
    for k, spec in enumerate(specs, last + 1):
        add_shard(connection, claim.job_id, k, spec)


def shards(connection: Connection, job_id: str) -> list[Shard]:
    """Return a job's shards in order."""
    return [_shard(row) for row in connection.execute(_OF_JOB, {"of_job": job_id})]


def outcomes(connection: Connection, job_id: str) -> list[Outcome] | None:
    """Return how all shards of a job settled, None while one has not."""
    states = [ShardState(state) for state in connection.scalars(_STATES, {"of_job": job_id})]
    return None if UNSETTLED.intersection(states) else [Outcome(state.value) for state in states]


def newest_checkpoints(connection: Connection, host_id: int, repository_id: int) -> list[str]:
    """Return the checkpoints of shards 0 of jobs over all pull requests and kinds of a repository, the newest first."""
    return list(connection.scalars(_NEWEST, {"of_host": host_id, "of_repository": repository_id}))


class Used(NamedTuple):
    """What all shards of a job used together, over all attempts."""

    counters: Counters
    resources: Resources
    cost_micro_usd: int | None
    """None when the cost of some of it is not known."""


def used_by(connection: Connection, job_id: str) -> Used:
    """Return what all shards of a job used together, over all attempts."""
    *values, cost, unknown = connection.execute(_TOTALS, {"of_job": job_id}).one()
    # PostgreSQL sums big integers as numeric.
    whole = [int(value) for value in values]
    counters, resources = Counters(*whole[: len(_COUNTERS)]), Resources(*whole[len(_COUNTERS) :])
    return Used(counters, resources, None if unknown else int(cost))


def charge_shard(connection: Connection, job_id: str, k: int, used: Resources, price: int | None) -> None:
    """Add to a shard what its runner used, and its cost in millionths of a dollar, None where that is not known."""
    connection.execute(_CHARGE, {"of_job": job_id, "of_k": k, "price": price} | _increases(used))


def _increases(used: Counters | Resources) -> dict[str, int]:
    return {f"more_{name}": value for name, value in asdict(used).items()}


def free_shards(connection: Connection, job_id: str) -> None:
    """Take all leases of a job away; their holders are shut out."""
    connection.execute(_FREE, {"of_job": job_id})


def retry_shards(connection: Connection, job_id: str) -> None:
    """Let the failed shards of a job be tried again."""
    connection.execute(_AGAIN, {"of_job": job_id})


def walk_begun(connection: Connection, job_id: str, now: datetime, is_gone: Callable[[str], bool]) -> tuple[bool, bool]:
    """Say whether a page of a job is committed or may have been asked for, and whether one of its leases is alive."""
    rows = connection.execute(_BEGUN, {"of_job": job_id}).all()
    at_work = [row for row in rows if row.state == ShardState.PROCESSING.value]
    begun = bool(at_work) or any(row.has_page or row.state == ShardState.COMPLETED.value for row in rows)
    return begun, any(_lives(row, now, is_gone) for row in at_work)


def _lives(row: Row[Any], now: datetime, is_gone: Callable[[str], bool]) -> bool:
    return row.lease_until is not None and moment(row.lease_until) > now and not is_gone(row.claimed_by)


def _start(connection: Connection, job: Row[Any], now: datetime) -> None:
    if job.status == JobState.FAILED.value:
        move_job(connection, job.id, JobState.PENDING, now, error=None, completed_at=None)
    if job.status != JobState.PROCESSING.value:
        # Whoever takes a job that no engine was given works on this machine.
        started_at = job.started_at or not_before(now, job.created_at)
        values = {"started_at": started_at, "engine": job.engine or EngineName.LOCAL.value}
        move_job(connection, job.id, JobState.PROCESSING, now, who=None, **values)


def fenced(connection: Connection, claim: Claim, **values: Any) -> None:  # noqa: ANN401 - columns of many types
    """Set columns of a claimed shard.

    Raises:
        LeaseLost: somebody else has the shard now.
    """
    given = {f"new_{name}": value for name, value in values.items()}
    _hit(connection.execute(_fenced(frozenset(values)), _fence(claim) | given).rowcount, claim)


@cache
def _fenced(columns: frozenset[str]) -> Update:
    return update(JOB_SHARDS).where(*_FENCE).values({name: bindparam(f"new_{name}") for name in columns})


def _fence(claim: Claim) -> dict[str, Any]:
    return {
        "of_job": claim.job_id,
        "of_k": claim.k,
        "of_attempt": claim.attempt,
        "of_epoch": claim.lease_epoch,
    }


def _hit(rows: int, claim: Claim) -> None:
    if rows != 1:
        raise LeaseLost(f"job {claim.job_id}, shard {claim.k}, formerly held by {claim.holder}")


def _shard(row: Row[Any]) -> Shard:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's documented way to read by name
    return Shard(
        k=row.k,
        state=ShardState(row.state),
        spec=row.spec,
        checkpoint=row.checkpoint,
        attempt=row.attempt,
        claimed_by=row.claimed_by,
        lease_until=row.lease_until,
        lease_epoch=row.lease_epoch,
        error=row.error,
        counters=Counters(*(columns[name] for name in _COUNTERS)),
    )
