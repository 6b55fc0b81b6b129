"""Workflows, runs and jobs in REST's shapes; never decides who may see them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from github_sandbox.world.records import iso

if TYPE_CHECKING:
    from github_sandbox.actions.runs import Conclusion, Job, Run, Step
    from github_sandbox.actions.vault import Entry
    from github_sandbox.actions.workflows import Workflow
    from github_sandbox.rest.call import Call

EVENT = "workflow_dispatch"
RUNNER_GROUP = "GitHub Actions"


def workflow(call: Call, one: Workflow) -> dict[str, object]:
    """Give a workflow."""
    api, html = _addresses(call)
    made = call.repository.record["createdAt"]
    return {
        "id": one.id,
        "node_id": _node("W", one.id),
        "name": one.name,
        "path": one.path,
        "state": "active",
        "created_at": made,
        "updated_at": made,
        "url": f"{api}/actions/workflows/{one.id}",
        "html_url": f"{html}/blob/{_branch(call)}/{one.path}",
        "badge_url": f"{html}/workflows/{one.name.replace(' ', '%20')}/badge.svg",
    }


def run(call: Call, one: Run) -> dict[str, object]:
    """Give a run."""
    api, html = _addresses(call)
    url, actor = (
        f"{api}/actions/runs/{one.id}",
        call.shapes.people.principal(call.world.actor(one.actor), one.actor, one.actor_id),
    )
    repository = call.shapes.repositories.embedded(call.repository.record)
    return {
        "id": one.id,
        "name": one.workflow.name,
        "node_id": _node("WFR", one.id),
        "head_branch": one.branch,
        "head_sha": one.revision,
        "path": one.workflow.path,
        "display_title": one.title,
        "run_number": one.number,
        "event": EVENT,
        "status": one.status,
        "conclusion": one.conclusion,
        "workflow_id": one.workflow.id,
        "check_suite_id": one.id,
        "check_suite_node_id": _node("CS", one.id),
        "url": url,
        "html_url": f"{html}/actions/runs/{one.id}",
        "pull_requests": [],
        "created_at": iso(int(one.created)),
        "updated_at": iso(int(one.updated)),
        "actor": actor,
        "run_attempt": 1,
        "referenced_workflows": [],
        "run_started_at": iso(int(one.created)),
        "triggering_actor": actor,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api}/check-suites/{one.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": None,
        "workflow_url": f"{api}/actions/workflows/{one.workflow.id}",
        "head_commit": _commit(one),
        "repository": repository,
        "head_repository": repository,
    }


def _commit(one: Run) -> dict[str, object]:
    person = {"name": one.actor, "email": f"{one.actor}@users.noreply.example.invalid"}
    return {
        "id": one.revision,
        "tree_id": one.revision,
        "message": "Workflow files",
        "timestamp": iso(int(one.created)),
        "author": person,
        "committer": person,
    }


def job(call: Call, run: Run, one: Job) -> dict[str, object]:
    """Give a job of `run`."""
    api, html = _addresses(call)
    return {
        "id": one.id,
        "run_id": run.id,
        "workflow_name": run.workflow.name,
        "head_branch": run.branch,
        "run_url": f"{api}/actions/runs/{run.id}",
        "run_attempt": 1,
        "node_id": _node("CR", one.id),
        "head_sha": run.revision,
        "url": f"{api}/actions/jobs/{one.id}",
        "html_url": f"{html}/actions/runs/{run.id}/job/{one.id}",
        "status": one.status,
        "conclusion": one.conclusion,
        "created_at": iso(int(one.started)),
        "started_at": iso(int(one.started)),
        "completed_at": _time(one.completed),
        "name": one.name,
        "steps": [_step(each) for each in one.steps],
        "check_run_url": f"{api}/check-runs/{one.id}",
        "labels": [one.label],
        "runner_id": one.id,
        "runner_name": f"{RUNNER_GROUP} {one.id}",
        "runner_group_id": 0,
        "runner_group_name": RUNNER_GROUP,
    }


def _step(one: Step) -> dict[str, object]:
    conclusion: Conclusion | None = one.conclusion
    return {
        "name": one.name,
        "status": "in_progress" if one.completed is None else "completed",
        "conclusion": conclusion,
        "number": one.number,
        "started_at": iso(int(one.started)),
        "completed_at": _time(one.completed),
    }


def secret(one: Entry) -> dict[str, object]:
    """Give a secret, which never shows its value."""
    return {"name": one.name, "created_at": iso(int(one.created)), "updated_at": iso(int(one.updated))}


def variable(one: Entry) -> dict[str, object]:
    """Give a variable."""
    return {**secret(one), "value": one.value}


def _addresses(call: Call) -> tuple[str, str]:
    record = call.repository.record
    return call.shapes.repositories.url(record), record["url"]


def _branch(call: Call) -> str:
    branch = call.repository.record["defaultBranchRef"]
    return str(branch["name"]) if branch else "main"


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else iso(int(seconds))


def _node(prefix: str, number: int) -> str:
    return f"{prefix}_{base64.urlsafe_b64encode(str(number).encode()).decode().rstrip('=')}"
