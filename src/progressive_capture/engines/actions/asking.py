"""Work that somebody asks for by starting a workflow: refused where the rollout keeps it from bulk, else a row."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from progressive_capture.capture.run import find, keep
from progressive_capture.capture.session import Tools
from progressive_capture.domain.errors import ProgressiveCaptureError, UsageError
from progressive_capture.domain.jobs import JobType, Processor, Trigger
from progressive_capture.domain.requests import JobRequest, Joined, Queued, Refused, RerunAsked, Submitted, Throttled
from progressive_capture.domain.routing import Route, RouteFacts, figures_of
from progressive_capture.domain.scope import Scope
from progressive_capture.engines.actions.beginning import Nothing
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.queue.manager import HybridQueueManager
from progressive_capture.queue.openings import category_of, doors
from progressive_capture.queue.terms import Terms
from progressive_capture.store import repositories
from progressive_capture.store.database import Database
from progressive_capture.store.repositories import StoredRepository

LANE: Final = Processor.GITHUB_ACTIONS
BY_HAND: Final = "by-hand"
"""The rule, and the policy, of jobs that somebody began by starting a workflow."""


class KeptFromBulk(ProgressiveCaptureError):
    """Nothing of a repository may be run in the bulk lane now."""

    def __init__(self, name: str, why: str) -> None:
        """Say why."""
        super().__init__(f"{name} is kept from the bulk lane, and nothing was queued: {why}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the inputs of a workflow say."""

    repository_id: int | None
    repository_name: str
    """`owner/name`; empty where the number alone was given."""
    job_type: JobType
    scope: Scope
    who: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks the queue for what somebody wants run here and now."""

    database: Database
    terms: Terms
    host_id: int
    clock: Callable[[], datetime]
    is_gone: Callable[[str], bool]
    tools: Callable[[str], AbstractAsyncContextManager[tuple[Tools, ...]]]

    async def ask(self, wish: Wish) -> Submitted:
        """Queue a job in the bulk lane, or find the open one that serves the wish; a repository may be new.

        Raises:
            KeptFromBulk: the rollout, a quota or the settings keep the repository from the bulk lane.
            UsageError: the inputs name no repository, or two.
            CaptureFailed: GitHub does not show the repository.
            StoreError: the database refused.
        """
        stored = await asyncio.to_thread(self._stored, wish)
        if stored is not None:
            return await asyncio.to_thread(self._submit, wish, stored.id, stored.owner_name)
        async with self.tools(wish.repository_name) as (first, *_):
            found = await find(first, wish.repository_name, wish.scope)
            name = f"{found.row.owner_login}/{found.row.name}"
            _same(wish, found.row.id, name)
            await asyncio.to_thread(self._refuse, found.row.id, name)
            await keep(first, found, wish.scope)
        return await asyncio.to_thread(self._submit, wish, found.row.id, name)

    def _stored(self, wish: Wish) -> StoredRepository | None:
        with self.database.reading() as connection:
            if wish.repository_name:
                stored = repositories.find_repository(connection, self.host_id, wish.repository_name)
            else:
                stored = repositories.find_numbered(connection, self.host_id, wish.repository_id or 0)
        if stored is not None:
            _same(wish, stored.id, stored.owner_name)
        elif not wish.repository_name:
            raise UsageError("Which repository? Give repository_name as owner/name: that number is not known here.")
        return stored

    def _refuse(self, repository_id: int, name: str) -> None:
        """Refuse what may not run in the bulk lane now."""
        with self.database.reading() as connection:
            category = category_of(connection, self.host_id, repository_id)
            openings = doors(connection, self.terms, self.clock()).openings(repository_id, category)
        held = openings.held(LANE)
        if held is not None:
            raise KeptFromBulk(name, held)

    def _submit(self, wish: Wish, repository_id: int, name: str) -> Submitted:
        self._refuse(repository_id, name)

        def to_bulk(facts: RouteFacts, allowed: frozenset[Processor]) -> Route:
            """Leave it in the bulk lane, whose runner asks; what shut that lane meanwhile undoes the transaction."""
            if LANE not in allowed:
                raise KeptFromBulk(name, "the lane was shut at this moment.")
            return Route(LANE, BY_HAND, "Somebody started a workflow for it.", BY_HAND, figures_of(facts))

        manager = HybridQueueManager(self.database, replace(self.terms, policy=to_bulk), self.clock, self.is_gone)
        return manager.submit(
            JobRequest(
                host_id=self.host_id,
                repository_id=repository_id,
                repository_name=name,
                job_type=wish.job_type,
                scope=wish.scope,
                trigger=Trigger.MANUAL,
                who=wish.who,
            )
        )


def key_of(submitted: Submitted) -> RunKey | Nothing:
    """The job that this run can work on, or why there is none."""
    match submitted:
        case Queued(job_id) | Joined(job_id):
            return RunKey(job_id)
        case RerunAsked(job_id):
            return Nothing(f"Job {job_id} is at work on the same; a successor is queued when it settles.")
        case Throttled(until, why):
            when = f"{until:%Y-%m-%d %H:%M:%S} UTC"
            return Nothing(f"It was done a short while ago, and may be asked for again at {when}. {why}")
        case Refused(why):
            return Nothing(why, is_refused=True)


def _same(wish: Wish, repository_id: int, name: str) -> None:
    if wish.repository_id is not None and wish.repository_id != repository_id:
        raise UsageError(f"repository_id {wish.repository_id} is not {name}, which GitHub numbers {repository_id}.")
