"""Where a job goes that follows another, by what holds and is known once that one is over; nothing is stored here."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from progressive_capture.capture.checkpoint import decode_spec
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.priority import PriorityLevel
from progressive_capture.domain.requests import JobRequest
from progressive_capture.queue.case import case_of
from progressive_capture.queue.manager import routed
from progressive_capture.queue.openings import doors
from progressive_capture.queue.terms import Terms
from progressive_capture.store import repositories
from progressive_capture.store.database import Connection
from progressive_capture.store.jobs import Follow, Following, JobLine, Routing, Settling, Wish
from progressive_capture.store.rollout import InvalidList, InvalidShares

UNDECIDED: Final = "undecided"
"""The rule of jobs about which nothing could be decided when the job before them settled."""


def following(read_terms: Callable[[], Terms]) -> Follow:
    """Make what decides as if the work were asked for now: index and gates may have changed since the job before it.

    Settings and a rollout that cannot be used keep no job from settling: what follows goes to the lane open to all.
    """

    def follow(connection: Connection, job: JobLine, spec: str, wish: Wish, now: datetime) -> Following:
        stored = repositories.find_numbered(connection, job.host_id, job.repository_id)
        if stored is None:
            return _undecided(job, wish, f"Nothing is known of {job.repository_name} any more.")
        try:
            terms = read_terms()
            case = case_of(connection, _request(job, spec, wish), stored, doors(connection, terms, now), now)
        except (InvalidList, InvalidShares, UsageError) as error:
            return _undecided(job, wish, str(error))
        route, routing = routed(terms, case)
        age = case.facts.age
        return Following(
            routing=routing,
            item_count=case.facts.items,
            data_age_seconds=None if age is None else round(age.total_seconds()),
            figures=route.figures,
        )

    return follow


def settling(terms: Terms, random: float) -> Settling:
    """Make what settling wants of one who did not run the jobs: nothing that this process used is theirs."""
    return Settling(terms.book, random, follow=following(lambda: terms))


def _request(job: JobLine, spec: str, wish: Wish) -> JobRequest:
    return JobRequest(
        host_id=job.host_id,
        repository_id=job.repository_id,
        repository_name=job.repository_name,
        job_type=job.job_type,
        scope=decode_spec(spec).scope,
        trigger=wish.trigger,
        who=wish.who,
        level=None if wish.level is None else PriorityLevel(wish.level),
        reason=wish.reason,
        max_attempts=job.max_attempts,
    )


def _undecided(job: JobLine, wish: Wish, why: str) -> Following:
    routing = Routing(
        processor=Processor.INNGEST,
        rule=UNDECIDED,
        reason=f"It goes to the lane open to all. {why}",
        policy=job.route_policy or "",
        priority=wish.priority,
    )
    return Following(routing, job.item_count, None, {})
