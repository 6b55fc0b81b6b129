import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from progressive_capture.domain.jobs import JobType
from progressive_capture.engines.actions import catalog
from progressive_capture.engines.actions.rendering import fill, is_ours, render
from progressive_capture.settings import Settings, names

ASKED_FOR = {
    "capture-pr-details",
    "capture-pr-details-graphql",
    "capture-pr-reviews",
    "capture-pr-comments",
    "historical-pr-sync",
    "historical-pr-sync-graphql",
    "historical-reviews-sync",
    "historical-comments-sync",
    "bulk-file-changes",
    "bulk-capture",
    "rollout-health-monitor",
    "rollout-metrics-collector",
    "rollout-performance-dashboard",
    "rollout-emergency-rollback",
}
# A runner does one job of the bulk lane: what workers, Inngest and local files are set up by is nothing to it. Its
# inputs and its time come with the dispatch.
NOT_FOR_RUNNERS = re.compile(
    r"PC_(INNGEST_(?!ENGINE)\w+|INPUT_\w+|RUN_MINUTES|LOCAL_STEPS_IN|REALTIME_SLOTS|BULK_SLOTS|APP_PRIVATE_KEY_FILE|GITHUB_TOKEN|ACTIONS_\w+)"
)
RENDERED = render()
Document = dict[str, Any]


def load(text: str) -> Document:
    """Read without YAML 1.1's truth values, of which `on` is one; in C where PyYAML has it, which is faster."""
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    document: Document = yaml.load(text, Loader=loader)  # noqa: S506 - it makes texts, lists and dictionaries only
    return document


FILES = {name: load(text) for name, text in RENDERED.items()}
CALLERS = {name: each for name, each in FILES.items() if "workflow_dispatch" in each["on"]}
CALLED = {name: each for name, each in FILES.items() if "workflow_call" in each["on"]}


def jobs() -> Iterator[tuple[str, Document]]:
    for name, each in FILES.items():
        yield from ((f"{name}:{job}", body) for job, body in each["jobs"].items())


def steps() -> Iterator[Document]:
    for _, job in jobs():
        yield from job.get("steps", [])


def environments() -> Iterator[tuple[str, str]]:
    for step in steps():
        yield from step.get("env", {}).items()


def test_all_workflows_are_there_under_their_names() -> None:
    assert {each["name"] for each in CALLERS.values()} == ASKED_FOR | {"pc-test"}
    assert {name.removesuffix(".yml") for name in CALLED} == set(catalog.REUSABLE)
    assert all(name == f"{each['name']}.yml" for name, each in FILES.items())
    assert all(is_ours(text) for text in RENDERED.values())
    assert not is_ours("name: somebody else's\n")


def test_nothing_is_left_to_fill_in_and_an_unknown_hole_is_refused() -> None:
    assert not any("%{" in text for text in RENDERED.values())
    assert fill("a:\n  %{b}\nc: %{d}\n", {"b": "e: 1\nf: 2\n", "d": "g"}) == "a:\n  e: 1\n  f: 2\nc: g\n"
    assert fill("a:\n  %{b}\nc: 1\n", {"b": ""}) == "a:\nc: 1\n"
    with pytest.raises(KeyError):
        fill("%{unknown}", {})


def test_no_expression_reaches_a_shell() -> None:
    scripts = [step["run"] for step in steps() if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)


def test_actions_of_others_are_pinned_by_their_commits() -> None:
    used = {step["uses"] for step in steps() if "uses" in step}
    assert {each.partition("@")[0] for each in used} == {"actions/checkout", "actions/upload-artifact"}
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each) for each in used)


def test_no_right_is_given_but_to_read_the_files() -> None:
    assert all(each["permissions"] == {} for each in FILES.values())
    assert all(job["permissions"] == {"contents": "read"} for _, job in jobs())
    checkouts = [step for step in steps() if step.get("uses", "").startswith("actions/checkout")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


def test_every_job_ends_within_two_hours_and_a_capture_some_minutes_before() -> None:
    for name, job in jobs():
        if "steps" in job:
            assert job["timeout-minutes"] in {"30", "${{ inputs.timeout_minutes }}"}, name
    given = [job["with"] for _, job in jobs() if "timeout_minutes" in job.get("with", {})]
    assert len(given) == len(catalog.CAPTURES)
    for each in given:
        assert 30 <= int(each["timeout_minutes"]) <= 120
        assert int(each["run_minutes"]) == int(each["timeout_minutes"]) - catalog.SPARE_MINUTES


def test_no_concurrency_group_cancels_what_waits() -> None:
    assert not any("concurrency" in each for each in FILES.values())
    assert not any("concurrency" in job for _, job in jobs())


def test_nothing_runs_by_itself_unless_that_is_asked_for() -> None:
    assert not any("schedule" in each["on"] for each in FILES.values())
    scheduled = {name for name, text in render(scheduled=True).items() if "schedule" in load(text)["on"]}
    assert scheduled == {
        "rollout-health-monitor.yml",
        "rollout-metrics-collector.yml",
        "rollout-performance-dashboard.yml",
    }


def test_secrets_and_variables_have_only_names_that_github_allows() -> None:
    used = set(re.findall(r"\b(secrets|vars)\.(\w+)", "".join(RENDERED.values())))
    assert {name for _, name in used if not name.startswith("PC_")} == {"DATABASE_URL"}
    assert {name for kind, name in used if kind == "secrets"} == set(catalog.CAPTURE_SECRETS)
    assert {name for kind, name in used if kind == "vars"} == {*catalog.CAPTURE_VARIABLES, catalog.INSTALL}


def test_every_setting_of_ours_that_a_run_may_need_reaches_it() -> None:
    ours = {names(field)[0] for field in Settings.model_fields}
    ours = {name for name in ours if name.startswith("PC_") or name == catalog.DATABASE}
    needed = {name for name in ours if not NOT_FOR_RUNNERS.fullmatch(name)}
    assert needed == {*catalog.CAPTURE_SECRETS, *catalog.CAPTURE_VARIABLES}
    passed = dict(environments())
    assert needed <= set(passed)
    own = {name for name in ours if name.startswith(("PC_INPUT_", "PC_RUN_"))}
    assert {name for name in passed if name.startswith(("PC_INPUT_", "PC_RUN_"))} == own
    assert passed["PC_ACTIONS_REPOSITORY"] == "${{ github.repository }}"


def test_a_command_gets_no_right_at_github() -> None:
    (command,) = FILES["pc-command.yml"]["jobs"].values()
    given = {name for step in command["steps"] for name in step.get("env", {})}
    assert not given & {"PC_APP_ID", "PC_APP_PRIVATE_KEY", "PC_GITHUB_TOKENS"}


def test_the_installing_command_sees_no_secret() -> None:
    installing = [step for step in steps() if step.get("name") == "Install"]
    assert [list(step["env"]) for step in installing] == [["PC_INSTALL"]] * 4


@pytest.mark.parametrize("name", sorted(CALLERS))
def test_a_caller_hands_over_what_the_called_one_takes(name: str) -> None:
    (job,) = CALLERS[name]["jobs"].values()
    called = CALLED[job["uses"].rpartition("/")[2]]["on"]["workflow_call"]
    assert set(job["with"]) <= set(called["inputs"])
    assert {each for each, body in called["inputs"].items() if body.get("required")} <= set(job["with"])
    assert set(job["secrets"]) == set(called["secrets"])
    dispatched = (CALLERS[name]["on"]["workflow_dispatch"] or {}).get("inputs", {})
    read = re.findall(r"inputs\.(\w+)", " ".join([*job["with"].values(), CALLERS[name].get("run-name", "")]))
    assert set(read) == set(dispatched)


@pytest.mark.parametrize("workflow", catalog.CAPTURES, ids=lambda each: each.name)
def test_a_capture_takes_a_job_by_its_id_and_carries_it_in_its_name(workflow: catalog.CaptureWorkflow) -> None:
    document = CALLERS[workflow.file]
    assert tuple(document["on"]["workflow_dispatch"]["inputs"]) == catalog.JOB_INPUTS
    assert not any("required" in each for each in document["on"]["workflow_dispatch"]["inputs"].values())
    assert document["run-name"] == "capture ${{ inputs.job_id || inputs.repository_name }}"
    (job,) = document["jobs"].values()
    assert (job["with"]["job_type"], job["with"]["source"]) == (workflow.job_type, workflow.source)
    assert job["uses"].endswith("/pc-bulk.yml") == workflow.is_sharded


@pytest.mark.parametrize("job_type", JobType)
def test_each_type_of_job_has_its_workflow(job_type: JobType) -> None:
    file = catalog.workflow_for(job_type)
    assert file in CALLERS
    own = {each.job_type for each in catalog.CAPTURES if each.file == file}
    assert own == {job_type} or job_type in {JobType.RECENT_PRS, JobType.REPOSITORY_SYNC, JobType.RECONCILE}
    assert catalog.workflow_for(job_type, is_sharded=True) == "bulk-capture.yml"
