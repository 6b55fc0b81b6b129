"""How a run takes what it is to do: what it was dispatched for, one job by its id, or the next small one in line."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from progressive_capture.capture.session import LEASE
from progressive_capture.domain.errors import ProgressiveCaptureError
from progressive_capture.domain.jobs import FINAL, UNSETTLED, Claim, EngineName, Held, JobState, Processor, Settled
from progressive_capture.domain.scope import stamp
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.queue.splitting import cut
from progressive_capture.queue.staying import ask_again
from progressive_capture.queue.terms import Terms
from progressive_capture.store import jobs, runs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.jobs import Among, ClaimedJob, JobLine
from progressive_capture.store.runs import UnbookedRun

AT_WORK: Final = frozenset({JobState.DISPATCHED, JobState.PROCESSING})
LANE: Final = Processor.GITHUB_ACTIONS

TO_ACCOUNT: Final = timedelta(minutes=2)
"""When GitHub is asked for the first time what a run has used."""


class NoSuchJob(ProgressiveCaptureError):
    """The database has no job of that id."""

    def __init__(self, job_id: str) -> None:
        """Say which."""
        super().__init__(f"There is no job {job_id} in this database: is DATABASE_URL the one that it was queued in?")


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing for this run to do."""

    why: str
    is_refused: bool = False
    """Whether the job is there, and may not be run here."""
    is_done: bool = False
    """Whether its part of the job is settled; other parts may be left."""


DONE: Final = Nothing("What this run was to do is done already.", is_done=True)

Begun = ClaimedJob | Held | Nothing


@dataclass(frozen=True, slots=True)
class Beginning:
    """Takes work for one run."""

    database: Database
    terms: Terms
    holder: str
    run_id: int | None
    """As GitHub numbers it; None outside GitHub's runners."""
    clock: Callable[[], datetime]
    is_gone: Callable[[str], bool]

    def begin(self, key: RunKey, only: frozenset[int] | None) -> Begun:
        """Take the lease of the first of a run's shards that is left to do; of a job in line, by its id alone.

        Raises:
            NoSuchJob: there is none.
            StoreError: the database refused.
        """
        with self.database.transaction() as connection:
            job = jobs.find_line(connection, key.job_id)
            if job is None:
                raise NoSuchJob(key.job_id)
            if key.attempt is None and job.state not in AT_WORK | FINAL:
                return self._from_line(connection, job)
            over = _over(job, key)
            return over if over is not None else self._take(connection, job, only)

    def begin_small(self) -> ClaimedJob | None:
        """Take the first job in line that is due and small, if there is one.

        Raises:
            StoreError: the database refused.
        """
        with self.database.transaction() as connection:
            claimed = self._claim_in_line(connection, Among(is_small=True))
            if claimed is not None:
                self._note(connection, claimed.job.id, claimed.claim.attempt)
        return claimed

    def _from_line(self, connection: Connection, job: JobLine) -> Begun:
        claimed = self._claim_in_line(connection, Among(job_id=job.id))
        if claimed is None:
            return _not_taken(jobs.find_line(connection, job.id) or job)
        attempt = claimed.claim.attempt
        ref = self._note(connection, job.id, attempt)
        if ref is not None:
            # Nobody dispatched it, who would have seen to it that the run is paid for.
            now = self.clock()
            run = UnbookedRun(job.id, attempt, EngineName.GITHUB_ACTIONS, ref, stamp(now))
            runs.remember(connection, run, now + TO_ACCOUNT)
        return claimed

    def _claim_in_line(self, connection: Connection, among: Among) -> ClaimedJob | None:
        now = self.clock()
        claims = jobs.claim_jobs(
            connection,
            LANE,
            holder=self.holder,
            now=now,
            lease_until=now + LEASE,
            decide=ask_again(connection, self.terms, LANE, now),
            split=cut,
            among=among,
            engine=EngineName.LOCAL if self.run_id is None else EngineName.GITHUB_ACTIONS,
        )
        return next(iter(claims.jobs), None)

    def _take(self, connection: Connection, job: JobLine, only: frozenset[int] | None) -> Begun:
        if job.engine is EngineName.GITHUB_ACTIONS:
            # Whoever dispatched it may not have heard, or died before it could note it.
            self._note(connection, job.id, job.attempt)
        wanted = [each.k for each in jobs.shards(connection, job.id) if each.state in UNSETTLED]
        first = next((k for k in wanted if only is None or k in only), None)
        if first is None:
            return DONE
        try:
            claim = self._claim(connection, job, first)
        except LeaseLost as lost:
            return Nothing(f"Another attempt has begun: {lost}.")
        if isinstance(claim, Settled):
            return DONE
        return ClaimedJob(job, claim) if isinstance(claim, Claim) else claim

    def _claim(self, connection: Connection, job: JobLine, k: int) -> Claim | Held | Settled:
        now = self.clock()
        return jobs.claim_shard(
            connection,
            job.id,
            k,
            attempt=job.attempt,
            holder=self.holder,
            now=now,
            lease_until=now + LEASE,
            is_gone=self.is_gone,
        )

    def _note(self, connection: Connection, job_id: str, attempt: int) -> str | None:
        """Keep by what GitHub knows this run, where it is one of GitHub's."""
        if self.run_id is None:
            return None
        ref = str(self.run_id)
        jobs.note_run(connection, job_id, attempt=attempt, ref=ref)
        return ref


def _over(job: JobLine, key: RunKey) -> Nothing | None:
    """Why a job is not this run's any more, or not yet; None when it is."""
    if job.state in FINAL:
        return Nothing(f"The job is {job.state} already.")
    if key.attempt is not None and job.attempt != key.attempt:
        return Nothing(f"This run is attempt {key.attempt} at the job, which is at attempt {job.attempt} now.")
    if job.state not in AT_WORK:
        return Nothing(f"Attempt {job.attempt} at the job is over, and it is in line again.")
    return None


def _not_taken(job: JobLine) -> Nothing:
    """Why a job in line was not given to this run."""
    if job.held_reason is not None:
        return Nothing(f"The job is held: {job.held_reason}", is_refused=True)
    if job.processor is not LANE:
        return Nothing(f"The job is for the {job.processor} lane: {job.route_reason}", is_refused=True)
    return Nothing(f"The job is in line, and not due before {job.run_at}.", is_refused=True)
