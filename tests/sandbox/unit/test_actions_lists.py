"""Which runs a list gives, and how long an address of a log is good."""

import io
import zipfile

import pytest

from github_sandbox.actions.archive import VALID_FOR, Downloads, logs_of
from github_sandbox.actions.filters import chosen_runs
from github_sandbox.actions.runs import Job, Run, Step
from github_sandbox.actions.workflows import Workflow

NOON = 1_799_928_000.0  # 2027-01-14T12:00:00Z


def run_of(number: int, **other: object) -> Run:
    workflow = Workflow(5, "one.yml", {})
    run = Run(number, 1, "o/r", workflow, "t", {}, "Octo", 7, "main", f"{number}" * 40, NOON, NOON)
    for name, value in other.items():
        setattr(run, name, value)
    return run


RUNS = [
    run_of(1),
    run_of(2, started=NOON, created=NOON + 86_400),
    run_of(3, started=NOON, completed=NOON + 1, conclusion="success", actor="hubot"),
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3]),
        ({"status": "queued"}, [1]),
        ({"status": "in_progress"}, [2]),
        ({"status": "completed"}, [3]),
        ({"status": "success"}, [3]),
        ({"status": "failure"}, []),
        ({"actor": "octo"}, [1, 2]),
        ({"event": "workflow_dispatch"}, [1, 2, 3]),
        ({"event": "push"}, []),
        ({"branch": "other"}, []),
        ({"head_sha": "2" * 40}, [2]),
        ({"check_suite_id": "3"}, [3]),
        ({"created": "2027-01-14"}, [1, 3]),
        ({"created": ">2027-01-14"}, [2]),
        ({"created": ">=2027-01-14T12:00:00Z"}, [1, 2, 3]),
        ({"created": "<=2027-01-14"}, [1, 3]),
        ({"created": "<2027-01-14"}, []),
        ({"created": "2027-01-15..2027-01-16"}, [2]),
        ({"created": "*..2027-01-14T12:00:00+00:00", "actor": "hubot"}, [3]),
        ({"created": "2027-01-15..*"}, [2]),
    ],
)
def test_filters_let_through_what_they_name(query: dict[str, str], found: list[int]) -> None:
    assert [run.id for run in chosen_runs(RUNS, query)] == found


def test_only_the_first_thousand_of_a_filtered_list_are_given() -> None:
    many = [run_of(1)] * 1_001
    assert len(chosen_runs(many, {"event": "workflow_dispatch"})) == 1_000
    assert len(chosen_runs(many, {})) == 1_001


def test_an_address_is_good_for_a_minute() -> None:
    now = [0.0]
    downloads = Downloads(lambda: now[0])
    path = downloads.link("text/plain", lambda: b"log")
    now[0] = VALID_FOR - 1
    assert (downloads.answer(path).status, downloads.answer(path).body) == (200, b"log")
    now[0] = VALID_FOR
    assert downloads.answer(path).status == 403
    assert downloads.answer("/_downloads/made-up").status == 403
    downloads.link("text/plain", lambda: b"")
    assert len(downloads._links) == 1  # what has expired is forgotten


def test_a_runs_logs_are_a_file_for_each_job_and_step() -> None:
    job = Job(1, "k", "capture / plan", "l", NOON)
    job.steps.append(Step("s", "Run a/b: c", 1, NOON, lines=["inside"]))
    job.lines += ["first", "inside"]
    with zipfile.ZipFile(io.BytesIO(logs_of(run_of(1, jobs=[job])))) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {"0_capture  plan.txt": b"first\ninside\n", "capture  plan/1_Run ab c.txt": b"inside\n"}
