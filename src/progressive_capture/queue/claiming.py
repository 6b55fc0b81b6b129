"""Taking jobs for this machine, the gates asked again about each; nothing is run here."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from progressive_capture.domain.jobs import Processor
from progressive_capture.queue.splitting import cut
from progressive_capture.queue.staying import ask_again
from progressive_capture.queue.terms import Terms
from progressive_capture.store import breakers, jobs
from progressive_capture.store.database import Database
from progressive_capture.store.jobs import ClaimedJob


@dataclass(frozen=True, slots=True)
class Taken:
    """What one look for work came to."""

    job: ClaimedJob | None
    moved: int
    """Jobs that may not be taken from the lane now: they stand in the other one, or are held."""


def take(database: Database, terms: Terms, lane: Processor, *, holder: str, now: datetime, lease: timedelta) -> Taken:
    """Claim the first job in line of a lane that is due, with a lease of its first unsettled shard.

    Of a lane that runs elsewhere only while its engine gives no answer, and this machine is to step in.

    Raises:
        StoreError: the database refused.
    """
    engine = terms.remote_lanes.get(lane)
    with database.transaction() as connection:
        if engine is not None and not (terms.local_steps_in and breakers.find(connection, engine).is_down):
            return Taken(None, 0)
        claims = jobs.claim_jobs(
            connection,
            lane,
            holder=holder,
            now=now,
            lease_until=now + lease,
            decide=ask_again(connection, terms, lane, now),
            split=cut,
        )
    return Taken(next(iter(claims.jobs), None), len(claims.rerouted))
