"""Taking jobs for this machine, the gates of the bulk lane asked again; nothing is run here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.priority import LAST_IN_LINE
from progressive_capture.queue.openings import Doors, category_of, doors
from progressive_capture.queue.splitting import cut
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.jobs import ClaimedJob, JobLine, Routing

KEPT_FROM_BULK = "kept-from-bulk"
"""The rule of jobs that the gates sent from the bulk lane to the other."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look for work came to."""

    job: ClaimedJob | None
    moved: int
    """Jobs that the gates kept from the lane: they stand in the other one now."""


def take(database: Database, terms: Terms, lane: Processor, *, holder: str, now: datetime, lease: timedelta) -> Taken:
    """Claim the first job in line of a lane that is due, with a lease of its first unsettled shard.

    Raises:
        StoreError: the database refused.
    """
    with database.transaction() as connection:
        decide = keep_from_bulk(connection, doors(connection, terms, now)) if lane is Processor.GITHUB_ACTIONS else None
        claims = jobs.claim_jobs(
            connection,
            lane,
            holder=holder,
            now=now,
            lease_until=now + lease,
            decide=decide,
            split=cut,
        )
    return Taken(next(iter(claims.jobs), None), len(claims.rerouted))


def keep_from_bulk(connection: Connection, open_doors: Doors) -> Callable[[JobLine], Routing | None]:
    """Make the question that is asked of each job in the bulk lane: where it goes, when it may not stay.

    It goes to the real-time lane, last in line, and waits there when that lane is off or over its quota.
    """

    def decide(job: JobLine) -> Routing | None:
        openings = open_doors.openings(job.repository_id, category_of(connection, job.host_id, job.repository_id))
        if openings.eligibility.eligible:
            return None
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

    return decide
