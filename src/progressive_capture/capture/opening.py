"""The job that a capture on this machine begins or resumes; running it stands elsewhere."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from progressive_capture.capture.checkpoint import Spec, encode
from progressive_capture.capture.prove import stored_walk
from progressive_capture.capture.session import Tools
from progressive_capture.domain.errors import LeaseHeld
from progressive_capture.domain.jobs import (
    Counters,
    EngineName,
    Job,
    JobType,
    NewJob,
    Processor,
    Shard,
    ShardState,
    Trigger,
)
from progressive_capture.domain.scope import Scope, moment
from progressive_capture.github.results import RepositoryLookUp
from progressive_capture.store import index, jobs, repositories
from progressive_capture.store.database import Connection


def refuse_if_held(tools: Tools, owner_name: str, scope: Scope) -> None:
    """Refuse before anything is asked or recorded when a living process holds the same job.

    Raises:
        LeaseHeld: it does.
    """
    with tools.database.reading() as connection:
        stored = repositories.find_repository(connection, tools.host_id, owner_name)
        if stored is None:
            return
        job = jobs.find_open(connection, _new_job(tools, stored.id, owner_name, scope).dedupe_key)
        stored_shards = jobs.shards(connection, job.id) if job is not None else []
    if (held := _held(tools, stored_shards)) is not None:
        raise held


def _held(tools: Tools, stored_shards: Iterable[Shard]) -> LeaseHeld | None:
    """The first lease of a living process among shards."""
    now = tools.clock()
    for shard in stored_shards:
        if shard.claimed_by is None or shard.lease_until is None or shard.state is not ShardState.PROCESSING:
            continue
        if moment(shard.lease_until) > now and not tools.is_gone(shard.claimed_by):
            return LeaseHeld(shard.claimed_by, shard.lease_until)
    return None


def _new_job(tools: Tools, repository_id: int, owner_name: str, scope: Scope) -> NewJob:
    return NewJob(
        id=str(uuid.uuid4()),
        job_type=JobType.HISTORICAL_PR_SYNC,
        host_id=tools.host_id,
        repository_id=repository_id,
        repository_name=owner_name,
        processor=Processor.GITHUB_ACTIONS,
        trigger=Trigger.MANUAL,
        scope=scope.text,
        kinds=scope.kinds,
        source=scope.source,
        spec=encode(Spec(scope=scope)),
        full=scope.full,
        patches=scope.patches,
        engine=EngineName.LOCAL,
        route_rule=jobs.PC_CAPTURE,
        route_reason="`pc capture` runs on this machine at once.",
        time_range_days=scope.since_days,
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """A job of this capture, with what it will do."""

    job: Job
    repository_id: int
    name: str
    scope: Scope
    mode: str
    walk_passed: bool
    """Its walk had passed before: what changed since is not in it."""
    before: Counters
    """What earlier runs of it used and brought."""
    held_before: bool
    """Whether pull requests of the repository were there already."""


def open_job(tools: Tools, found: RepositoryLookUp, scope: Scope) -> Opened:
    """Take the open job of this work, or insert it; one that a later capture has overtaken is ended first."""
    name = f"{found.row.owner_login}/{found.row.name}"
    new = _new_job(tools, found.row.id, name, scope)
    with tools.database.transaction() as connection:
        stored = repositories.find_repository(connection, tools.host_id, name)
        if scope.moves_watermark and not scope.full and stored is not None and stored.watermark is not None:
            _end_overtaken(tools, connection, new.dedupe_key, stored.watermark)
        job = jobs.open_job(connection, new, tools.clock())
        stored_shards = jobs.shards(connection, job.id)
        held_before = bool(index.listed_after(connection, tools.host_id, found.row.id, 0, 1))
    walk = stored_walk(stored_shards)
    if scope.is_narrowed or not scope.covers_all_kinds:
        mode = "part"
    elif scope.full:
        mode = "full"
    else:
        mode = "incremental" if stored is not None and stored.watermark else "first"
    return Opened(
        *(job, found.row.id, name, scope, mode),
        walk_passed=walk is not None and walk.passed,
        before=counted(stored_shards),
        held_before=held_before,
    )


def _end_overtaken(tools: Tools, connection: Connection, dedupe_key: str, watermark: str) -> None:
    """Cancel a broken-off capture whose list is older than a whole capture's that has ended: it would read all again.

    So it is once `--full` has come to its end. What is still stale then is found by a job that begins at the watermark.
    Only what `pc capture` opened for itself: for other jobs somebody waits.
    """
    job = jobs.find_open(connection, dedupe_key)
    if job is None:
        return
    line, stored_shards = jobs.find_line(connection, job.id), jobs.shards(connection, job.id)
    walk = stored_walk(stored_shards)
    is_own = line is not None and line.route_rule == jobs.PC_CAPTURE and job.rerun_requested_at is None
    if walk is None or not is_own or walk.started_at >= watermark or _held(tools, stored_shards) is not None:
        return
    why = f"a capture that began at {watermark} holds all that this one was to bring"
    jobs.cancel(connection, job.id, tools.clock(), who=tools.holder, reason=why, settling=tools.settling())


def counted(stored_shards: Iterable[Shard]) -> Counters:
    """What all shards of a job used and brought so far."""
    return sum((shard.counters for shard in stored_shards), Counters())
