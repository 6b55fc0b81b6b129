"""A run of a workflow is killed in the middle; the queue asks GitHub after it, and the next run goes on."""

from collections.abc import Iterator

import psycopg
import pytest

from progressive_capture.domain.jobs import JobType
from progressive_capture.domain.scope import Scope
from tests.support import services
from tests.support.jobs_repository import JOBS, JobsRepository, jobs_repository
from tests.support.stand_ins import Start

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

PULLS = 600
"""As many as a run is busy with for seconds."""


@pytest.fixture(scope="module")
def repository(
    serve: Start, tmp_path_factory: pytest.TempPathFactory, pg_server: services.Server, pg_admin: psycopg.Connection
) -> Iterator[JobsRepository]:
    with jobs_repository(serve, tmp_path_factory.mktemp("jobs"), pg_server, pg_admin, PULLS) as made:
        yield made


def test_a_run_that_is_killed_midway_is_continued_by_the_next(repository: JobsRepository) -> None:
    run_id = repository.dispatch(JobType.HISTORICAL_PR_SYNC, Scope())
    done = repository.until(lambda: repository.rows("pull_requests"))
    repository.http.post(f"runs/{run_id}/force-cancel").raise_for_status()
    assert repository.ended(run_id)["conclusion"] == "cancelled"
    job = repository.job_of(run_id)
    assert job["status"] == "processing"
    assert 0 < len(done) < PULLS
    again = repository.resume(job["id"])
    assert repository.ended(again)["conclusion"] == "success", repository.logs(again)
    assert repository.run(again)["display_title"] == f"capture {job['id']}:2"
    (job,) = repository.rows(JOBS)
    assert (job["status"], job["attempt"], job["failures"]) == ("completed", 2, 0)
    assert repository.gaps() == 0
    walked = {row["k"]: row["pull_requests"] for row in repository.rows("job_shards")}
    assert sum(walked.values()) == PULLS
