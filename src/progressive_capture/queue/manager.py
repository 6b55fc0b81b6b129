"""The way into the queue: one transaction decides what becomes of a request; nothing is run here."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from progressive_capture.capture.checkpoint import Spec, encode
from progressive_capture.domain.jobs import NewJob, Processor, Trigger
from progressive_capture.domain.priority import HIGHEST, LAST_IN_LINE, PriorityLevel
from progressive_capture.domain.requests import (
    JobRequest,
    Joined,
    Queued,
    Refused,
    RerunAsked,
    Submitted,
    Throttled,
)
from progressive_capture.domain.routing import Route
from progressive_capture.domain.scope import moment, time_range_days
from progressive_capture.domain.throttle import Freshness, throttled
from progressive_capture.queue.case import Case, case_of, freshness
from progressive_capture.queue.openings import doors
from progressive_capture.queue.splitting import cut
from progressive_capture.queue.staying import STANDS_IN
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs, repositories, tracking
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.jobs import OpenJob, Routing, Wish
from progressive_capture.store.repositories import StoredRepository
from progressive_capture.store.tracking import Tracking

UNATTENDED: Final = frozenset({Trigger.SCHEDULED, Trigger.AUTOMATIC})
"""Triggers behind which nobody stands: a paused repository is left alone by them."""


@dataclass(frozen=True, slots=True)
class HybridQueueManager:
    """Takes requests for work; safe for several threads and processes."""

    database: Database
    terms: Terms
    clock: Callable[[], datetime]
    is_gone: Callable[[str], bool]
    """Whether the process that a holder's text names exists no more."""

    def submit(self, request: JobRequest) -> Submitted:
        """Decide what becomes of a request, and record it.

        A request joins an open job whose walk has not begun; a walk that has begun may have passed what this request
        is about, so that one successor is asked for. Else the same work completed a short while ago throttles it; else
        a job is opened in the lane that the gates, the quotas and the rules choose, or held where none is open.

        Raises:
            StoreError: the database refused; nothing is recorded.
        """
        now = self.clock()
        with self.database.transaction() as connection:
            stored = repositories.find_numbered(connection, request.host_id, request.repository_id)
            if stored is None:
                name = request.repository_name
                return Refused(f"Nothing is known of {name}: run `pc track {name}` first.")
            while True:
                new = _new_job(request, now)
                found = jobs.find_for_submit(connection, new.dedupe_key, now, self.is_gone)
                if found is not None:
                    return self._to_open_job(connection, request, stored, found, now)
                answer = self._open(connection, request, stored, new, now)
                if answer is not None:
                    return answer

    def _to_open_job(
        self, connection: Connection, request: JobRequest, stored: StoredRepository, found: OpenJob, now: datetime
    ) -> Submitted:
        """Join it, or ask for its successor; what `pc capture` left unfinished becomes the queue's.

        Either way that job is to be done first: while it waits, it is as urgent as the request.
        """
        case = case_of(connection, request, stored, doors(connection, self.terms, now), now)
        wish = Wish(request.who, request.trigger, request.level, request.reason, case.priority)
        if found.route_rule == jobs.PC_CAPTURE and not found.is_led:
            _, routing = routed(self.terms, case)
            jobs.adopt(connection, found.job.id, routing, now, who=request.who, split=cut)
        else:
            urgent = request.trigger is Trigger.MANUAL or case.facts.level is PriorityLevel.CRITICAL
            jobs.raise_priority(connection, found.job.id, wish, now, above=None if urgent else LAST_IN_LINE)
        if not found.walk_begun:
            jobs.record_event(connection, found.job.id, now, "joined", who=request.who, detail=request.reason)
            return Joined(found.job.id)
        jobs.ask_rerun(connection, found.job.id, now, wish)
        return RerunAsked(found.job.id)

    def _open(
        self, connection: Connection, request: JobRequest, stored: StoredRepository, new: NewJob, now: datetime
    ) -> Submitted | None:
        """Open a job; None when another transaction opened one of the same key meanwhile."""
        case = case_of(connection, request, stored, doors(connection, self.terms, now), now)
        refused = _refused(connection, request) or _throttled(connection, request, new.dedupe_key, case, now)
        if refused is not None:
            return refused
        route, routing = routed(self.terms, case)
        job = jobs.insert_job(connection, _decided(new, case, route, routing), now, who=request.who)
        return None if job is None else Queued(job.id, route)


def routed(terms: Terms, case: Case) -> tuple[Route, Routing]:
    """Choose the lane; where none is open, the job waits for the one that the rollout would give it."""
    openings, priority = case.openings, case.priority
    route = terms.policy(case.facts, openings.allowed)
    lane = route.processor
    if lane is not Processor.INNGEST:
        meant_for = terms.policy(case.facts, openings.eligibility.processors).processor
        if lane is None:
            lane = meant_for or Processor.INNGEST
        elif openings.stands_in is not None and meant_for is Processor.INNGEST:
            route, priority = replace(route, rule=STANDS_IN, reason=f"{openings.stands_in} {route.reason}"), HIGHEST
    if case.is_repair:
        route = replace(route, reason=f"It repairs what is missing. {route.reason}")
    routing = Routing(
        processor=lane,
        rule=route.rule,
        reason=route.reason,
        policy=route.policy,
        rollout_version=openings.eligibility.version,
        is_eligible=openings.eligibility.eligible,
        held_reason=openings.held(lane),
        priority=priority,
    )
    return route, routing


def _refused(connection: Connection, request: JobRequest) -> Refused | None:
    tracked = tracking.find(connection, request.host_id, request.repository_id)
    if tracked is None or tracked.state is not Tracking.PAUSED or request.trigger not in UNATTENDED:
        return None
    return Refused(f"{request.repository_name} is paused: `pc track {request.repository_name}` takes it up again.")


def _throttled(
    connection: Connection, request: JobRequest, dedupe_key: str, case: Case, now: datetime
) -> Throttled | None:
    completed_at = jobs.last_completed(connection, dedupe_key)
    if completed_at is None:
        return None
    again = throttled(request.trigger, Freshness(moment(completed_at), changes_a_day=case.changes_a_day), now)
    if again is not None:
        # Only now: whether something is missing takes a look at every pull request.
        again = throttled(request.trigger, freshness(connection, request, completed_at, case.changes_a_day), now)
    return None if again is None else Throttled(again.until, again.why)


def _new_job(request: JobRequest, now: datetime) -> NewJob:
    """Make the job of a request, before anything is decided."""
    scope = request.scope
    return NewJob(
        id=str(uuid.uuid4()),
        job_type=request.job_type,
        host_id=request.host_id,
        repository_id=request.repository_id,
        repository_name=request.repository_name,
        processor=Processor.INNGEST,
        trigger=request.trigger,
        scope=scope.text,
        kinds=scope.kinds,
        source=scope.source,
        spec=encode(Spec(scope=scope)),
        full=scope.full,
        patches=scope.patches,
        time_range_days=time_range_days(scope, now),
        max_attempts=request.max_attempts,
        metadata={"who": request.who, "reason": request.reason, "level": request.level},
    )


def _decided(new: NewJob, case: Case, route: Route, routing: Routing) -> NewJob:
    """The job with what was decided, and the figures on which that rests."""
    age = case.facts.age
    return replace(
        new,
        processor=routing.processor,
        route_rule=routing.rule,
        route_reason=routing.reason,
        route_policy=routing.policy,
        rollout_version=routing.rollout_version,
        is_eligible=routing.is_eligible,
        held_reason=routing.held_reason,
        priority=case.priority if routing.priority is None else routing.priority,
        item_count=case.facts.items,
        data_age_seconds=None if age is None else age.total_seconds(),
        metadata={**new.metadata, "route": dict(route.figures)},
    )
