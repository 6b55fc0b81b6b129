"""Published clients use Actions: PyGithub starts, follows and sets secrets, githubkit reads each shape strictly."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import github
import pytest
from githubkit import GitHub, TokenAuthStrategy

from tests.support.stand_ins import Running, Start

WORKFLOW = """
name: Greet
run-name: Greet ${{ inputs.who }}
on: {workflow_dispatch: {inputs: {who: {default: nobody}}}}
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - name: Greet
        run: 'test "$WHO" = octo && test "$TOKEN" = sealed && test "$COLOUR" = red'
        env: {WHO: "${{ inputs.who }}", TOKEN: "${{ secrets.TOKEN }}", COLOUR: "${{ vars.COLOUR }}"}
"""
WITHIN = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("workflows")
    (path / "greet.yml").write_text(WORKFLOW)
    (path / "endless.yml").write_text(WORKFLOW.replace("run: '", "run: 'exec sleep 600; "))
    return path


@pytest.fixture(scope="module")
def running(serve: Start, folder: Path) -> Running:
    return serve("--repo", "o/r=generate:1", "--workflows", f"o/r={folder}")


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN
    while not what():
        assert time.monotonic() < end, "it took too long"


def pygithub(running: Running) -> github.Github:
    return github.Github(
        base_url=f"{running.url}/api/v3",
        auth=github.Auth.Token("pygithub"),
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


def test_pygithub_starts_a_workflow_and_githubkit_reads_it(running: Running) -> None:
    repository = pygithub(running).get_repo("o/r")
    repository.create_secret("TOKEN", "sealed")
    repository.create_variable("COLOUR", "red")
    assert repository.get_workflow("greet.yml").create_dispatch("main", {"who": "octo"})
    (run,) = repository.get_workflow_runs()
    until(lambda: repository.get_workflow_run(run.id).status == "completed")
    run = repository.get_workflow_run(run.id)
    assert (run.display_title, run.conclusion) == ("Greet octo", "success")
    assert [job.name for job in run.jobs()] == ["greet"]
    assert not run.cancel()
    client = GitHub(TokenAuthStrategy("githubkit"), base_url=f"{running.url}/api/v3")
    read = client.rest.actions
    strict = read.get_workflow_run("o", "r", run.id).parsed_data
    assert (strict.id, strict.conclusion, strict.head_sha) == (run.id, "success", run.head_sha)
    (job,) = read.list_jobs_for_workflow_run("o", "r", run.id).parsed_data.jobs
    assert [step.conclusion for step in job.steps or []] == ["success"] * 3
    assert read.list_workflow_runs_for_repo("o", "r", status="success").parsed_data.total_count == 1
    assert read.list_repo_workflows("o", "r").parsed_data.total_count == 2
    (_, greet) = client.rest.repos.get_content("o", "r", ".github/workflows").parsed_data
    header = b"blob %d\0" % len(WORKFLOW.encode())
    assert (greet.name, greet.sha) == ("greet.yml", hashlib.sha1(header + WORKFLOW.encode()).hexdigest())  # noqa: S324 - git's name of it
    assert [each.name for each in read.list_repo_secrets("o", "r").parsed_data.secrets] == ["TOKEN"]
    assert [each.value for each in read.list_repo_variables("o", "r").parsed_data.variables] == ["red"]


def test_a_run_ends_when_its_time_is_over(serve: Start, folder: Path) -> None:
    hasty = serve("--repo", "o/r=generate:1", "--workflows", f"o/r={folder}", "--run-minutes", "0.005")
    repository = pygithub(hasty).get_repo("o/r")
    endless = repository.get_workflow("endless.yml")
    assert endless.create_dispatch("main", {"who": "octo"})
    (run,) = endless.get_runs()
    until(lambda: repository.get_workflow_run(run.id).status == "completed")
    assert repository.get_workflow_run(run.id).conclusion == "cancelled"
