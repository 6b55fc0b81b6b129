"""What an operator does to jobs: cancel, retry, one or all that a filter means; and emptying the bulk lane."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.jobs import OPEN, Processor
from progressive_capture.queue.following import following, settling
from progressive_capture.queue.openings import doors
from progressive_capture.queue.splitting import cut
from progressive_capture.queue.staying import asking
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.jobs import Follow, JobFilter, JobLine, Settling

AT_ONCE: Final = 100
"""Jobs that one transaction changes."""


@dataclass(frozen=True, slots=True)
class Control:
    """Changes jobs at an operator's wish; each change stands in the job's history with who wanted it."""

    database: Database
    terms: Terms
    clock: Callable[[], datetime]
    random: Callable[[], float]
    stop_runs: Callable[[Sequence[str]], object]
    """Tells engines elsewhere of jobs that were cancelled, as far as it can: the database shuts their runs out."""

    def cancel(self, job_id: str, *, who: str, reason: str) -> JobLine:
        """Cancel an open job; whoever runs it stops at its next page.

        Returns:
            The job as it is now: final before, and thus unchanged, when its state is not `cancelled`.

        Raises:
            UsageError: there is no such job.
        """
        with self.database.transaction() as connection:
            _found(connection, job_id)
            cancelled = jobs.cancel(connection, job_id, self.clock(), who=who, reason=reason, settling=self._settling())
            job = _found(connection, job_id)
        if cancelled:
            self.stop_runs([job.id])
        return job

    def retry(self, job_id: str, *, who: str) -> str | None:
        """Open a new job in place of a dead one; the job that does the work now, None when that one is not dead.

        Raises:
            UsageError: there is no such job.
        """
        with self.database.transaction() as connection:
            _found(connection, job_id)
            return jobs.retry_dead(connection, job_id, self.clock(), who=who, follow=self._follow)

    def would_cancel(self, wanted: JobFilter) -> int:
        """How many jobs `cancel_all` would cancel now."""
        states = OPEN & (wanted.states or OPEN)
        if not states:
            return 0
        with self.database.reading() as connection:
            return jobs.count_jobs(connection, replace(wanted, states=states), None)

    def would_retry(self, wanted: JobFilter) -> int:
        """How many dead jobs `retry_all` would open new ones for now."""
        with self.database.reading() as connection:
            return jobs.count_lying_dead(connection, wanted)

    def cancel_all(self, wanted: JobFilter, *, who: str, reason: str) -> list[str]:
        """Cancel all open jobs that a filter means, a hundred in a transaction; their ids.

        Only those that are open now: successors that are opened meanwhile stay.
        """
        now = self.clock()
        mine = replace(wanted, created_before=min(wanted.created_before or now, now))
        cancelled: list[str] = []
        while True:
            with self.database.transaction() as connection:
                found = jobs.bulk_cancel(
                    connection, mine, AT_ONCE, self.clock(), who=who, reason=reason, settling=self._settling()
                )
            cancelled += found
            if not found:
                self.stop_runs(cancelled)
                return cancelled

    def retry_all(self, wanted: JobFilter, *, who: str) -> dict[str, str]:
        """Open new jobs in place of all dead ones that a filter means; the job that does the work, by the dead one."""
        retried: dict[str, str] = {}
        while True:
            with self.database.transaction() as connection:
                found = jobs.bulk_retry(connection, wanted, AT_ONCE, self.clock(), who=who, follow=self._follow)
            retried |= found
            if not found:
                return retried

    def leave_bulk(self, who: str) -> int:
        """Send what waits in the bulk lane, and may not stay, to the other one, last in line; how many that were.

        Also what is held back there. A hundred in a transaction, so that nobody waits long for the database.

        Raises:
            StoreError: the database refused; those moved before stay moved.
        """
        moved = 0
        while found := self._leave_line(who):
            moved += found
        return moved + self._leave_held(who)

    def _leave_line(self, who: str) -> int:
        now = self.clock()
        with self.database.transaction() as connection:
            decide = asking(connection, doors(connection, self.terms, now))
            found = jobs.reroute_waiting(
                connection, Processor.GITHUB_ACTIONS, AT_ONCE, now, decide=decide, who=who, split=cut
            )
        return len(found)

    def _leave_held(self, who: str) -> int:
        moved, place = 0, None
        while True:
            now = self.clock()
            with self.database.transaction() as connection:
                decide = asking(connection, doors(connection, self.terms, now))
                held = jobs.held_jobs(connection, place, AT_ONCE)
                for job in sorted(held, key=lambda job: job.id):
                    routing = decide(job) if job.processor is Processor.GITHUB_ACTIONS else None
                    if routing is not None and routing.processor is not job.processor:
                        moved += jobs.reroute(connection, job.id, routing, now, who=who, split=cut)
            if len(held) < AT_ONCE:
                return moved
            place = (held[-1].created_at, held[-1].id)

    @property
    def _follow(self) -> Follow:
        return following(lambda: self.terms)

    def _settling(self) -> Settling:
        return settling(self.terms, self.random())


def _found(connection: Connection, job_id: str) -> JobLine:
    try:
        found = jobs.find_line(connection, str(uuid.UUID(job_id)))
    except ValueError:
        found = None
    if found is None:
        raise UsageError(f"There is no job {job_id}: `pc jobs` lists them.")
    return found
