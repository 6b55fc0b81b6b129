"""Our workflows truly run, by act behind the sandbox: each reusable one once, from our dispatcher to its end."""

import io
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from progressive_capture.domain.jobs import JobType
from progressive_capture.domain.scope import Scope
from progressive_capture.operator.cli import run
from progressive_capture.operator.desk import Desk
from progressive_capture.wiring import wire
from tests.support import services
from tests.support.jobs_repository import NAME, OTHER, SMALL, TOKENS, JobsRepository, jobs_repository
from tests.support.stand_ins import Start

PULLS = 12

MASKED = "***"
"""What act, as GitHub, puts in place of a secret that somebody wrote."""


@pytest.fixture(scope="module")
def repository(
    serve: Start, tmp_path_factory: pytest.TempPathFactory, pg_server: services.Server, pg_admin: psycopg.Connection
) -> Iterator[JobsRepository]:
    with jobs_repository(serve, tmp_path_factory.mktemp("jobs"), pg_server, pg_admin, PULLS) as made:
        yield made


@pytest.fixture
def at_home(repository: JobsRepository, monkeypatch: pytest.MonkeyPatch) -> JobsRepository:
    """The repository, and its settings in this process's environment."""
    for name, value in repository.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("progressive_capture.engines.actions.testing.LOOK_EVERY", 0.1)
    return repository


def pc(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    return run(["workflows", *arguments], Desk(out, out, wire)), out.getvalue()


def assert_sound(repository: JobsRepository, run_id: int) -> None:
    """A run ended well, and wrote no secret."""
    ended, logs = repository.ended(run_id), repository.logs(run_id)
    assert ended["conclusion"] == "success", logs
    assert MASKED not in logs
    for secret in (*TOKENS, str(urlsplit(repository.database_url).password)):
        assert secret not in logs


def test_a_job_is_run_on_one_runner(repository: JobsRepository) -> None:
    run_id = repository.dispatch(JobType.HISTORICAL_PR_SYNC, Scope())
    assert_sound(repository, run_id)
    job = repository.job_of(run_id)
    assert (job["status"], job["engine"], job["attempt"]) == ("completed", "github_actions", 1)
    assert repository.run(run_id)["display_title"] == f"capture {job['id']}:1"
    assert repository.jobs(run_id) == {"capture / run": "success"}
    assert repository.gaps() == 0
    assert len(repository.rows("pull_requests")) == PULLS


def test_a_job_that_somebody_starts_by_hand_is_parted_and_has_its_row(repository: JobsRepository) -> None:
    run_id = repository.start("bulk-capture.yml", repository_name=OTHER, time_range="36500")
    assert_sound(repository, run_id)
    assert repository.jobs(run_id) == {"bulk / plan": "success", "bulk / shard 1": "success"}
    job = repository.job_of(run_id)
    assert (job["status"], job["trigger"], job["scope"]) == ("completed", "manual", Scope(since_days=36500).text)
    assert repository.gaps(OTHER) == 0


def test_the_run_that_does_nothing_comes_through(at_home: JobsRepository) -> None:
    assert pc("test", NAME) == (0, "ok  test: The workflow ran, and its row is in the database.\n")
    (run_id, *_) = [each["id"] for each in at_home.http.get("runs").json()["workflow_runs"]]
    assert_sound(at_home, run_id)
    assert at_home.jobs(run_id) == {"test / run": "success"}


@pytest.mark.usefixtures("at_home")
def test_a_repository_that_has_all_is_found_sound() -> None:
    code, told = pc("check")
    assert (code, [line[:2] for line in told.splitlines()]) == (0, ["ok"] * 5), told
    code, told = pc("check", SMALL)
    assert code == 1
    assert "NOT OK  files: missing: bulk-capture.yml" in told
