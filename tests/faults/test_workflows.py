"""All workflows run by act behind the sandbox."""

from collections.abc import Iterator

import psycopg
import pytest

from progressive_capture.domain.jobs import JobType
from progressive_capture.domain.requests import KINDS_OF
from progressive_capture.domain.scope import Scope
from progressive_capture.engines.actions import catalog
from progressive_capture.engines.actions.catalog import CaptureWorkflow
from tests.support import services
from tests.support.jobs_repository import OTHER, SMALL, JobsRepository, jobs_repository
from tests.support.stand_ins import Start

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

PULLS = 600
"""As many as two runners share."""

ALSO = {"bulk-capture": {"time_range": "36499"}}
"""Of the same work done a short while ago nothing is done again."""


@pytest.fixture(scope="module")
def repository(
    serve: Start, tmp_path_factory: pytest.TempPathFactory, pg_server: services.Server, pg_admin: psycopg.Connection
) -> Iterator[JobsRepository]:
    with jobs_repository(serve, tmp_path_factory.mktemp("jobs"), pg_server, pg_admin, PULLS) as made:
        yield made


def assert_well(repository: JobsRepository, run_id: int) -> None:
    ended = repository.ended(run_id)
    assert ended["conclusion"] == "success", repository.logs(run_id)


def test_a_whole_repository_is_shared_by_as_many_runners_as_there_are_principals(repository: JobsRepository) -> None:
    run_id = repository.start("bulk-capture.yml", repository_name=OTHER)
    assert_well(repository, run_id)
    assert repository.jobs(run_id) == dict.fromkeys(("bulk / plan", "bulk / shard 1", "bulk / shard 2"), "success")
    assert repository.job_of(run_id)["status"] == "completed"
    assert repository.gaps(OTHER) == 0


@pytest.mark.parametrize("workflow", catalog.CAPTURES, ids=lambda each: each.name)
def test_every_capture_runs_by_hand(repository: JobsRepository, workflow: CaptureWorkflow) -> None:
    """That it ends well says that its own recount found no gap."""
    bounded = {"pr_numbers": "1,3-5"} if workflow.name.startswith("capture-") else {"time_range": "36500"}
    run_id = repository.start(workflow.file, repository_name=OTHER, **(bounded | ALSO.get(workflow.name, {})))
    assert_well(repository, run_id)
    job = repository.job_of(run_id)
    assert (job["status"], job["job_type"], job["source"]) == ("completed", workflow.job_type, workflow.source)


@pytest.mark.parametrize("job_type", JobType)
def test_every_type_of_job_is_dispatched_and_completed(repository: JobsRepository, job_type: JobType) -> None:
    bound = Scope(since_days=400, kinds=KINDS_OF[job_type])
    run_id = repository.dispatch(job_type, bound, SMALL)
    assert_well(repository, run_id)
    assert repository.job_of(run_id)["status"] == "completed"
    assert repository.run(run_id)["path"].endswith(catalog.workflow_for(job_type))


@pytest.mark.parametrize("name", ["health-monitor", "metrics-collector", "performance-dashboard"])
def test_the_rollout_is_watched(repository: JobsRepository, name: str) -> None:
    run_id = repository.start(f"rollout-{name}.yml")
    assert_well(repository, run_id)


def test_an_emergency_rollback_is_written_once_it_is_confirmed(repository: JobsRepository) -> None:
    refused = repository.ended(repository.start("rollout-emergency-rollback.yml", reason="a drill", confirm="yes?"))
    assert refused["conclusion"] == "failure"
    assert not [each for each in repository.rows("rollout_history") if each["reason"] == "a drill"]
    run_id = repository.start("rollout-emergency-rollback.yml", reason="-a drill", confirm="YES", rollback_to="5")
    assert_well(repository, run_id)
    (change,) = [each for each in repository.rows("rollout_history") if each["reason"] == "-a drill"]
    assert change["after"]["rollout_percentage"] == 5
