"""Whether a job may stay where it stands in line, asked again whenever it would be taken; nothing is changed here."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.domain.priority import HIGHEST, LAST_IN_LINE
from progressive_capture.domain.routing import LANE_SHUT, STANDS_IN
from progressive_capture.queue.openings import Doors, Openings, category_of, doors, standings
from progressive_capture.queue.terms import Terms
from progressive_capture.store.database import Connection, Lock, lock
from progressive_capture.store.jobs import Decide, JobLine, Routing

__all__ = ["KEPT_FROM_BULK", "LANE_SHUT", "STANDS_IN", "ask_again", "asking", "elsewhere", "let_go"]

KEPT_FROM_BULK: Final = "kept-from-bulk"
"""The rule of jobs that the gates sent from the bulk lane to the other."""


def ask_again(connection: Connection, terms: Terms, lane: Processor, now: datetime) -> Decide | None:
    """Make the question that is asked of each job of a lane before it is taken; None where nothing can shut that lane.

    Each job that may stay is taken before the next one is asked about, and counts toward its engine's quota by then. Of
    two that look at once, each would see the same room: where there are quotas, one waits until the other has taken.
    The gates never keep anything from the real-time lane: where this machine runs it without a quota, they need not be
    read.
    """
    engine = terms.engines[lane]
    if lane is Processor.INNGEST and engine is EngineName.LOCAL and engine not in terms.quotas:
        return None
    open_doors = doors(connection, terms, now)
    may_have_changed = has_quotas = bool(open_doors.standings)
    if has_quotas:
        lock(connection, Lock.QUOTAS)

    def decide(job: JobLine) -> Routing | None:
        nonlocal open_doors, may_have_changed
        if may_have_changed:
            open_doors = replace(open_doors, standings=standings(connection, terms, now))
        routing = asking(connection, open_doors)(job)
        may_have_changed = has_quotas and routing is None
        return routing

    return decide


def asking(connection: Connection, open_doors: Doors) -> Decide:
    """Make that question of what was read already."""

    def decide(job: JobLine) -> Routing | None:
        category = category_of(connection, job.host_id, job.repository_id)
        return elsewhere(job, open_doors.openings(job.repository_id, category))

    return decide


def elsewhere(job: JobLine, openings: Openings) -> Routing | None:
    """Where a job in line goes, when it may not stay; None: it may.

    What the rollout keeps from the bulk lane goes to the real-time lane, last in line. A lane that is off, or over a
    quota that is evaded, is left for the other, and so is the real-time lane while its engine gives no answer; over a
    quota that is waited for, and where no other lane is open, the job is held where it is, and told why.
    """
    lane = job.processor
    if lane not in openings.eligibility.processors:
        return Routing(
            processor=Processor.INNGEST,
            rule=KEPT_FROM_BULK,
            reason=f"The rollout keeps it from the bulk lane now: {openings.eligibility.reason}",
            policy=job.route_policy or "",
            rollout_version=openings.eligibility.version,
            is_eligible=False,
            held_reason=openings.held(Processor.INNGEST),
            priority=LAST_IN_LINE,
        )
    held = openings.held(lane)
    if held is None:
        return None
    other = openings.instead_of(lane)
    stands_in = other is not None and openings.stands_in is not None
    shut = STANDS_IN if stands_in else LANE_SHUT
    return Routing(
        processor=other or lane,
        rule=(job.route_rule or shut) if other is None else shut,
        reason=(job.route_reason or held) if other is None else held,
        policy=job.route_policy or "",
        rollout_version=openings.eligibility.version,
        is_eligible=openings.eligibility.eligible,
        held_reason=held if other is None else None,
        priority=HIGHEST if stands_in else None,
    )


def let_go(job: JobLine, openings: Openings) -> Routing | None:
    """Where a held job may go now; None while it has to wait.

    What stands in the bulk lane for an engine that gave no answer, and is held there, goes back once that one does.
    """
    lane = openings.instead_of(job.processor) or job.processor
    if job.route_rule == STANDS_IN and openings.held(lane) is not None:
        lane = Processor.INNGEST
    if openings.held(lane) is not None:
        return None
    if lane is not job.processor and openings.stands_in is not None:
        return elsewhere(job, openings)
    return Routing(
        processor=lane,
        rule=job.route_rule or "released",
        reason=f"It was held back: {job.held_reason}",
        policy=job.route_policy or "",
        rollout_version=openings.eligibility.version,
        is_eligible=openings.eligibility.eligible,
    )
