"""The state of the whole system at one moment, as `status` tells it; everything here is read in one transaction."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from progressive_capture.domain.breaker import Phase
from progressive_capture.domain.jobs import EngineName, JobState, Processor
from progressive_capture.domain.quotas import Level, Mode, Standing, Usage
from progressive_capture.domain.rollout import FEATURE, Origin, RolloutEnvironment, Strategy, effective
from progressive_capture.domain.scope import stamp
from progressive_capture.insight.queue import Queue, queue
from progressive_capture.store import breakers, metrics, rollout
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.insight.outcomes import failures
from progressive_capture.store.insight.tracked import count_tracked

Standings = Callable[[Connection, datetime], Mapping[EngineName, Standing]]
"""Tells how near to its quota each engine is that has one."""

Shut = Callable[[Connection, datetime], Mapping[Processor, str]]
"""Tells why each lane that takes nothing now does not."""


DEATHS_TOLD: Final = timedelta(hours=24)
"""How long a dead job is counted."""


@dataclass(frozen=True, slots=True)
class RolloutNow:
    """What decisions of this process follow, in short; the rollout's own commands tell all of it."""

    percentage: float
    strategy: Strategy
    is_active: bool
    stopped_by: tuple[Origin, ...]
    version: int
    rolled_back_at: str | None


@dataclass(frozen=True, slots=True)
class QuotaNow:
    """How near to its monthly quota an engine is."""

    engine: EngineName
    level: Level
    share: float
    """Of the fullest bound; what is expected of jobs under way is in it."""
    why: str
    mode: Mode
    used: Usage
    """Of jobs that settled this month (UTC)."""


@dataclass(frozen=True, slots=True)
class SilentEngine:
    """An engine that gives no answer."""

    engine: EngineName
    phase: Phase
    until: str
    """When it is asked again."""
    why: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """The system at one moment."""

    as_of: str
    queue: Queue
    failed: int
    """Jobs that await their retry."""
    dead: int
    """Jobs that died in the last 24 hours."""
    tracked: dict[str, int]
    """Tracked repositories by state."""
    rollout: RolloutNow
    quotas: tuple[QuotaNow, ...]
    silent_engines: tuple[SilentEngine, ...]
    """Engines elsewhere that give no answer, and are left alone for a while."""


def status(
    database: Database,
    host_id: int,
    now: datetime,
    *,
    environment: RolloutEnvironment,
    lanes_local: bool,
    standings: Standings,
    shut: Shut,
) -> Status:
    """Look at everything.

    Args:
        database: where it is.
        host_id: the API host whose jobs, repositories and budgets are told.
        now: the present.
        environment: what the environment says of the rollout.
        lanes_local: whether both lanes run on this machine.
        standings: how near to its quota each engine is, by the queue's own reckoning.
        shut: why each lane that takes nothing now does not, by the same.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        row = rollout.read(connection, FEATURE)
        in_force = effective(row, environment, lanes_local=lanes_local)
        ill = Counter[JobState]()
        for each in failures(connection, host_id, now - DEATHS_TOLD):
            ill[each.state] += each.jobs
        return Status(
            as_of=stamp(now),
            queue=queue(connection, host_id, now, shut(connection, now)),
            failed=ill[JobState.FAILED],
            dead=ill[JobState.DEAD],
            tracked=count_tracked(connection, host_id),
            rollout=RolloutNow(
                percentage=in_force.percentage,
                strategy=in_force.strategy,
                is_active=in_force.is_active,
                stopped_by=in_force.stopped_by,
                version=in_force.version,
                rolled_back_at=row.rolled_back_at,
            ),
            quotas=tuple(_quota(connection, *each, now) for each in standings(connection, now).items()),
            silent_engines=silent_engines(connection, now),
        )


def silent_engines(connection: Connection, now: datetime) -> tuple[SilentEngine, ...]:
    """Tell which engines give no answer, and when each is asked again."""
    return tuple(
        SilentEngine(engine, breaker.phase(now), stamp(breaker.until), breaker.why)
        for engine, breaker in sorted(breakers.read(connection).items())
        if breaker.until is not None
    )


def _quota(connection: Connection, engine: EngineName, stands: Standing, now: datetime) -> QuotaNow:
    return QuotaNow(
        engine=engine,
        level=stands.level,
        share=stands.share,
        why=stands.why,
        mode=stands.mode,
        used=metrics.month_usage(connection, engine, now),
    )
