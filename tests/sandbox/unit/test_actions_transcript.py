"""What act says becomes jobs, steps and logs."""

import itertools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_sandbox.actions.job_names import JobNames
from github_sandbox.actions.runs import CUT, LONGEST_LOG, Run
from github_sandbox.actions.transcript import Transcript, masks_of
from github_sandbox.actions.workflows import Folder, Workflow, labels, used_actions

if TYPE_CHECKING:
    from pathlib import Path

CALLER = """
name: caller
on: workflow_dispatch
jobs:
  capture:
    uses: ./.github/workflows/_called.yml
  direct:
    runs-on: [ubuntu-24.04, big]
    steps:
      - name: Greet
        run: echo hello
      - uses: actions/checkout@v7
      - uses: actions/cache@v5
      - uses: ./local
  named:
    name: Shard ${{ matrix.k }}
    runs-on: ${{ vars.RUNNER || 'fallback' }}
    strategy: {matrix: {k: [1, 2]}}
    steps: [{uses: docker://alpine}, {uses: owner/name/inner@v1}]
"""
CALLED = "name: called\non: workflow_call\njobs: {plan: {runs-on: ubuntu-slim, steps: [{run: a}]}}\n"
NOW = 1_800_000_000.0


class Known(NamedTuple):
    """A workflow and the names of its jobs."""

    workflow: Workflow
    names: JobNames


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path: Path = tmp_path_factory.mktemp("workflows")
    (path / "caller.yml").write_text(CALLER)
    (path / "_called.yaml").write_text(CALLED)
    (path / "_called.yml").write_text(CALLED)
    (path / "README.md").write_text("not a workflow")
    return Folder("o/r", path)


@pytest.fixture(scope="module")
def known(folder: Folder) -> Known:
    """The caller, read once."""
    workflow = folder.find("caller.yml")
    assert workflow is not None
    return Known(workflow, JobNames(workflow, folder.all()))


def begun(known: Known, secrets: dict[str, str] | None = None) -> tuple[Run, Transcript]:
    run = Run(1, 1, "o/r", known.workflow, "t", {}, "octo", 7, "main", "0" * 40, NOW, NOW)
    run.start(NOW)
    masks = masks_of(secrets or {})
    return run, Transcript(run, known.names, masks, lambda: NOW, itertools.count(1).__next__)


def say(transcript: Transcript, *, job: str = "caller/direct", job_id: str = "direct", **said: Any) -> None:
    transcript.take(
        json.dumps({"job": job, "jobID": job_id, "level": "info", "matrix": {}, "msg": "", **said}).encode()
    )


def set_up(transcript: Transcript, **job: Any) -> None:
    say(transcript, stepid=["--setup-job"], step="Set up job", msg="⭐ Run Set up job", **job)
    say(transcript, stepid=["--setup-job"], step="Set up job", stepResult="success", **job)


def step(transcript: Transcript, number: str, text: str, *results: str, **job: Any) -> None:
    here = {"stage": "Main", "stepID": [number], "step": text, **job}
    say(transcript, **here, msg=f"⭐ Run Main {text}")
    for result in results:
        say(transcript, **here, msg=f"  ❌  {result} - Main {text}", stepResult=result.lower())


def test_workflows_are_the_yaml_files(folder: Folder) -> None:
    assert [each.file for each in folder.all()] == ["_called.yaml", "_called.yml", "caller.yml"]
    known = folder.all()[2]
    assert folder.find(str(known.id)) == folder.find(".github/workflows/caller.yml") == known
    assert folder.find("README.md") is None


def test_actions_and_labels_are_found(folder: Folder) -> None:
    assert used_actions(folder.all()) == {"actions/cache@v5", "owner/name/inner@v1"}
    found = labels(folder.all(), {"RUNNER": "mine", "OTHER": "no"})
    assert {"ubuntu-latest", "ubuntu-slim", "ubuntu-24.04", "big", "fallback", "mine"} <= set(found)
    assert "no" not in found


@pytest.mark.parametrize(
    ("job", "name", "label"),
    [
        ({"job": "caller/direct", "job_id": "direct"}, "direct", "ubuntu-24.04"),
        ({"job": "capture/called/plan", "job_id": "plan"}, "capture / plan", "ubuntu-slim"),
        (
            {"job": "capture/called/plan-2", "job_id": "plan", "matrix": {"k": 2, "v": "x"}},
            "capture / plan (2, x)",
            "ubuntu-slim",
        ),
        (
            {"job": "caller/Shard 2-2", "job_id": "named", "matrix": {"k": 2}},
            "Shard 2",
            "${{ vars.RUNNER || 'fallback' }}",
        ),
    ],
)
def test_jobs_are_named_as_github_names_them(known: Known, job: dict[str, Any], name: str, label: str) -> None:
    run, transcript = begun(known)
    set_up(transcript, **job)
    assert [(each.name, each.label, each.status) for each in run.jobs] == [(name, label, "in_progress")]


def test_a_job_ends_as_its_own_steps_did(known: Known) -> None:
    run, transcript = begun(known)
    for k, result in ((1, "Failure"), (2, "Success")):
        shard: dict[str, Any] = {"job": f"caller/Shard {k}-{k}", "job_id": "named", "matrix": {"k": k}}
        set_up(transcript, **shard)
        step(transcript, "0", "echo", result, **shard)
        say(transcript, jobResult="failure", **shard)  # act says so of both once one has failed
    assert [job.conclusion for job in run.jobs] == ["failure", "success"]


def test_a_failure_that_is_tolerated_is_none(known: Known) -> None:
    run, transcript = begun(known)
    set_up(transcript)
    here: dict[str, Any] = {"stage": "Main", "stepID": ["0"], "step": "Greet"}
    say(transcript, **here, msg="⭐ Run Main Greet")
    say(transcript, **here, msg="Failed but continue next step")
    say(transcript, **here, msg="  ❌  Failure - Main Greet", stepResult="failure")
    say(transcript, jobResult="success")
    (job,) = run.jobs
    assert job.conclusion == "success"
    assert [(each.number, each.name, each.conclusion) for each in job.steps] == [
        (1, "Set up job", "success"),
        (2, "Greet", "success"),
    ]


def test_steps_inside_a_composite_belong_to_the_one_that_uses_it(known: Known) -> None:
    run, transcript = begun(known)
    set_up(transcript)
    step(transcript, "2", "actions/cache@v5")
    here: dict[str, Any] = {"stage": "Main", "stepID": ["2", "0"], "step": "inner"}
    say(transcript, **here, msg="⭐ Run Main inner")
    say(transcript, **here, msg="inside\n", raw_output=True)
    say(transcript, **here, stepResult="success", msg="  ✅  Success - Main inner")
    outer = run.jobs[0].steps[-1]
    assert (outer.name, outer.conclusion) == ("Run actions/cache@v5", None)
    said = [line.partition(" ")[2] for line in outer.lines]
    assert said == ["##[group]Run actions/cache@v5", "##[group]Main inner", "inside", "##[endgroup]"]
    assert len(run.jobs[0].steps) == 2


def test_what_is_open_ends_with_the_run(known: Known) -> None:
    run, transcript = begun(known)
    set_up(transcript)
    step(transcript, "0", "sleep 9")
    run.finish("cancelled", NOW)
    assert (run.status, run.jobs[0].conclusion, run.jobs[0].steps[-1].conclusion) == (
        "completed",
        "cancelled",
        "cancelled",
    )


def test_an_error_outside_of_steps_fails_the_job(known: Known) -> None:
    run, transcript = begun(known)
    say(transcript, job="caller/capture", job_id="capture", level="error", msg="no such workflow")
    say(transcript, job="caller/capture", job_id="capture", jobResult="failure")
    assert [(job.name, job.conclusion) for job in run.jobs] == [("capture", "failure")]
    assert run.jobs[0].lines[0].endswith("Z ##[error]no such workflow")


PEM = "-----BEGIN KEY-----\nabcdef\n\n-----END KEY-----"


def test_secrets_and_each_of_their_lines_are_hidden(known: Known) -> None:
    run, transcript = begun(known, {"KEY": PEM, "URL": "postgres://u:pw@h/d", "EMPTY": " "})
    set_up(transcript)
    step(transcript, "0", "echo postgres://u:pw@h/d")
    for text in (*PEM.splitlines(), "to postgres://u:pw@h/d now"):
        say(transcript, stage="Main", stepID=["0"], msg=text + "\r\n", raw_output=True)
    shown = "\n".join(run.jobs[0].lines) + run.jobs[0].steps[-1].name
    assert not any(secret in shown for secret in ("abcdef", "BEGIN", "END KEY", "pw@h"))
    assert run.jobs[0].lines[-1].endswith("Z to *** now")


def test_a_log_ends_where_it_is_too_long(known: Known) -> None:
    run, transcript = begun(known)
    set_up(transcript)
    for _ in range(6):
        say(transcript, msg="x" * (LONGEST_LOG // 4), raw_output=True)
    assert run.jobs[0].lines[-1] == CUT
    assert sum(map(len, run.jobs[0].lines)) <= LONGEST_LOG + len(CUT)


@given(
    st.one_of(st.binary(max_size=20), st.sampled_from(["{}", "[]", "1", '{"job": 1}', '{"job": "a"}']).map(str.encode))
)
def test_other_output_is_no_job(known: Known, line: bytes) -> None:
    run, transcript = begun(known)
    transcript.take(line)
    assert run.jobs == []
