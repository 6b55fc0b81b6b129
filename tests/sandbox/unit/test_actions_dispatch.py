"""What a dispatch may say, and what a run is called."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_sandbox.actions.dispatch import LONGEST_INPUTS, RefusedError, check_ref, read_inputs
from github_sandbox.actions.titles import title_of
from github_sandbox.actions.workflows import Folder, Workflow

DECLARED = """
on:
  workflow_dispatch:
    inputs:
      job_id: {required: true}
      source: {type: choice, options: [rest, graphql], default: rest}
      dry: {type: boolean}
      most: {type: number, default: 5}
      note:
"""


def workflow(text: str, folder: Path) -> Workflow:
    (folder / "one.yml").write_text(text)
    found = Folder("o/r", folder).find("one.yml")
    assert found is not None
    return found


@pytest.fixture
def declared(tmp_path: Path) -> Workflow:
    return workflow(DECLARED, tmp_path)


def test_defaults_are_filled_in_and_all_are_texts(declared: Workflow) -> None:
    assert read_inputs(declared, {"inputs": {"job_id": "a", "dry": True}}) == {
        "job_id": "a",
        "source": "rest",
        "dry": "true",
        "most": "5",
        "note": "",
    }
    assert read_inputs(declared, {"inputs": {"job_id": 7}})["dry"] == "false"


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, "Required input 'job_id' not provided"),
        ({"job_id": ""}, "Required input 'job_id' not provided"),
        ({"job_id": "a", "other": "b"}, 'Unexpected inputs provided: ["other"]'),
        ({"job_id": "a", "source": "soap"}, "Provided value 'soap' for input 'source' not in the list"),
        ({"job_id": "a", "dry": "maybe"}, "Provided value 'maybe' for input 'dry'"),
        ({"job_id": "a", "most": "many"}, "is not a number"),
        ({"job_id": ["a"]}, "Invalid value for input 'job_id'"),
        ({f"i{number}": "" for number in range(26)}, "No more than 25"),
        ({"job_id": "a" * LONGEST_INPUTS}, "inputs are too large."),
        ("text", "not an object"),
    ],
)
def test_what_was_not_declared_is_refused(declared: Workflow, inputs: object, told: str) -> None:
    with pytest.raises(RefusedError, match=told.replace("[", r"\[")):
        read_inputs(declared, {"inputs": inputs})


def test_the_longest_inputs_are_taken(declared: Workflow) -> None:
    longest = "a" * (LONGEST_INPUTS - len('{"job_id": ""}'))
    assert read_inputs(declared, {"inputs": {"job_id": longest}})["job_id"] == longest


@pytest.mark.parametrize(
    ("on", "dispatched"),
    [
        ("workflow_dispatch", True),
        ("[push, workflow_dispatch]", True),
        ("{workflow_dispatch: }", True),
        ("push", False),
        ("{push: }", False),
        ("[push]", False),
    ],
)
def test_only_a_workflow_with_that_trigger_is_dispatched(tmp_path: Path, on: str, *, dispatched: bool) -> None:
    one = workflow(f"on: {on}\n", tmp_path)
    assert (one.inputs is not None) is dispatched
    if not dispatched:
        with pytest.raises(RefusedError, match="does not have 'workflow_dispatch' trigger"):
            read_inputs(one, {})


@pytest.mark.parametrize("text", ["- a\n- list\n", "a: [\n", "", "\x00"])
def test_a_file_that_is_no_workflow_is_listed_and_not_dispatched(tmp_path: Path, text: str) -> None:
    one = workflow(text, tmp_path)
    assert (one.name, one.inputs, one.jobs) == (".github/workflows/one.yml", None, {})


@pytest.mark.parametrize(("ref", "good"), [("main", True), ("refs/heads/main", True), ("v1", False), ("", False)])
def test_the_default_branch_alone_is_there(ref: str, *, good: bool) -> None:
    if good:
        check_ref({"ref": ref}, "main")
    else:
        with pytest.raises(RefusedError):
            check_ref({"ref": ref}, "main")


@pytest.mark.parametrize(
    ("template", "title"),
    [
        (None, "capture"),
        ("capture ${{ inputs.job_id }}", "capture J1"),
        ("${{ github.event.inputs.job_id || 'none' }} by ${{github.actor}}", "J1 by octo"),
        ("${{ inputs.other || 'none' }}", "none"),
        ("${{ inputs.other || 'it''s none' }}", "it's none"),
        ("${{ vars.COLOUR }}-${{ INPUTS.job_id }}", "blue-J1"),
        ("${{ format('a{0}', inputs.job_id) }}", "${{ format('a{0}', inputs.job_id) }}"),
        ("${{ inputs.other }}", "capture"),
    ],
)
def test_a_title_is_worked_out(template: str | None, title: str) -> None:
    context = {"github.actor": "octo", "vars.colour": "blue"}
    assert title_of(template, "capture", {"job_id": "J1"}, context) == title


@given(st.text(), st.text(alphabet="ab ${}.'|"))
def test_values_are_never_worked_out_themselves(value: str, template: str) -> None:
    title_of(template, "w", {"a": value}, {})
    assert title_of("x${{ inputs.a }}x", "w", {"a": value}, {}) == f"x{value}x"
