"""Statements about routing decisions: how many of each kind, and single recorded ones; nothing is changed."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, literal, or_, select

from progressive_capture.domain.jobs import JobState, Processor
from progressive_capture.domain.scope import stamp
from progressive_capture.store.jobs.values import PC_CAPTURE
from progressive_capture.store.tables import JOBS


class Decisions(NamedTuple):
    """Jobs whose routes were decided alike."""

    policy: str | None
    rule: str | None
    processor: Processor
    is_eligible: bool | None
    state: JobState
    jobs: int


class Decision(NamedTuple):
    """One job's route, with the figures on which it rests."""

    job_id: str
    repository_name: str
    created_at: str
    processor: Processor
    policy: str | None
    rule: str | None
    is_eligible: bool | None
    metadata: Mapping[str, Any]


def decisions(connection: Connection, host_id: int, since: datetime) -> list[Decisions]:
    """Count the queue's jobs made since then by policy, rule, processor, eligibility and state."""
    job = JOBS.c
    alike = (job.route_policy, job.route_rule, job.processor_type, job.is_eligible, job.status)
    found = connection.execute(select(*alike, func.count()).where(*_made(host_id, since)).group_by(*alike))
    return [
        Decisions(policy, rule, Processor(processor), eligible, JobState(state), jobs)
        for policy, rule, processor, eligible, state, jobs in found
    ]


def newest_decisions(connection: Connection, host_id: int, since: datetime, limit: int) -> list[Decision]:
    """Return the routes of the queue's jobs made since then, the newest first, at most `limit`."""
    job = JOBS.c
    found = connection.execute(
        select(
            job.id,
            job.repository_name,
            job.created_at,
            job.processor_type,
            job.route_policy,
            job.route_rule,
            job.is_eligible,
            job.metadata,
        )
        .where(*_made(host_id, since))
        .order_by(job.created_at.desc(), job.id.desc())
        .limit(limit)
    )
    return [
        Decision(job_id, name, created_at, Processor(processor), policy, rule, eligible, metadata)
        for job_id, name, created_at, processor, policy, rule, eligible, metadata in found
    ]


def _made(host_id: int, since: datetime) -> tuple[Any, ...]:
    job = JOBS.c
    return (
        job.created_at >= literal(stamp(since), job.created_at.type),
        job.host_id == host_id,
        or_(job.route_rule.is_(None), job.route_rule != PC_CAPTURE),
    )
