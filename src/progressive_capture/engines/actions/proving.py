"""The closing verification of a job: one recount of all that its scope covers, by the run that settled it."""

from progressive_capture.capture.checkpoint import decode_spec
from progressive_capture.capture.prove import Proven, prove, stored_walk
from progressive_capture.domain.jobs import JobState
from progressive_capture.store import jobs
from progressive_capture.store.database import Database


def prove_job(database: Database, job_id: str) -> Proven | None:
    """Count again what a completed job stored, and compare with what GitHub counts; None of any other job.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.reading() as connection:
        job, shards = jobs.get(connection, job_id), jobs.shards(connection, job_id)
        if job.state is not JobState.COMPLETED:
            return None
        scope = decode_spec(shards[0].spec).scope
        return prove(connection, job.host_id, job.repository_id, scope, stored_walk(shards))
