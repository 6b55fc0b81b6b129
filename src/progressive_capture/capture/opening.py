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
    now = tools.clock()
    for shard in stored_shards:
        if shard.claimed_by is None or shard.lease_until is None or shard.state is not ShardState.PROCESSING:
            continue
        if moment(shard.lease_until) > now and not tools.is_gone(shard.claimed_by):
            raise LeaseHeld(shard.claimed_by, shard.lease_until)


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
    """Take the open job of this work, or insert it."""
    name = f"{found.row.owner_login}/{found.row.name}"
    with tools.database.transaction() as connection:
        stored = repositories.find_repository(connection, tools.host_id, name)
        job = jobs.open_job(connection, _new_job(tools, found.row.id, name, scope), tools.clock())
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


def counted(stored_shards: Iterable[Shard]) -> Counters:
    """What all shards of a job used and brought so far."""
    return sum((shard.counters for shard in stored_shards), Counters())
