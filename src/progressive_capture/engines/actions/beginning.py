"""How a run takes the shard that it was dispatched for: whether it is still its own, and nobody else's lease."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from progressive_capture.capture.session import LEASE
from progressive_capture.domain.errors import ProgressiveCaptureError
from progressive_capture.domain.jobs import FINAL, UNSETTLED, Claim, EngineName, Held, JobState, Settled
from progressive_capture.engines.actions.keys import RunKey
from progressive_capture.store import jobs
from progressive_capture.store.database import Connection, Database
from progressive_capture.store.errors import LeaseLost
from progressive_capture.store.jobs import ClaimedJob, JobLine

AT_WORK = frozenset({JobState.DISPATCHED, JobState.PROCESSING})


class NoSuchJob(ProgressiveCaptureError):
    """The database has no job of that id."""

    def __init__(self, job_id: str) -> None:
        """Say which."""
        super().__init__(f"There is no job {job_id} in this database: is DATABASE_URL the one that it was queued in?")


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing for this run to do."""

    why: str


Begun = ClaimedJob | Held | Nothing


@dataclass(frozen=True, slots=True)
class Beginning:
    """Takes shards for one run."""

    database: Database
    holder: str
    run_id: int | None
    """As GitHub numbers it; None outside GitHub's runners."""
    clock: Callable[[], datetime]
    is_gone: Callable[[str], bool]

    def begin(self, key: RunKey, only: frozenset[int] | None) -> Begun:
        """Take the lease of the first of a run's shards that is left to do.

        Raises:
            NoSuchJob: there is none.
            StoreError: the database refused.
        """
        with self.database.transaction() as connection:
            job = jobs.find_line(connection, key.job_id)
            if job is None:
                raise NoSuchJob(key.job_id)
            over = _over(job, key)
            return over if over is not None else self._take(connection, job, only)

    def _take(self, connection: Connection, job: JobLine, only: frozenset[int] | None) -> Begun:
        self._note(connection, job)
        wanted = [each.k for each in jobs.shards(connection, job.id) if each.state in UNSETTLED]
        first = next((k for k in wanted if only is None or k in only), None)
        if first is None:
            return Nothing("What this run was to do is done already.")
        try:
            claim = self._claim(connection, job, first)
        except LeaseLost as lost:
            return Nothing(f"Another attempt has begun: {lost}.")
        if isinstance(claim, Settled):
            return Nothing("What this run was to do is done already.")
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

    def _note(self, connection: Connection, job: JobLine) -> None:
        """Keep by what GitHub knows this run: whoever dispatched it may not have heard, or died before it could."""
        if self.run_id is not None and job.engine is EngineName.GITHUB_ACTIONS:
            ref = str(self.run_id)
            jobs.note_run(connection, job.id, attempt=job.attempt, ref=ref, workflow_run_id=self.run_id)


def _over(job: JobLine, key: RunKey) -> Nothing | None:
    """Why a job is not this run's any more, or not yet; None when it is."""
    if job.state in FINAL:
        return Nothing(f"The job is {job.state} already.")
    if key.attempt is not None and job.attempt != key.attempt:
        return Nothing(f"This run is attempt {key.attempt} at the job, which is at attempt {job.attempt} now.")
    if job.state not in AT_WORK:
        return Nothing(f"The job is {job.state}: it is in line, and was not dispatched to this run.")
    return None
