"""Routes of workflows, runs, jobs and logs.

https://docs.github.com/en/rest/actions
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from github_sandbox.actions import access, shapes
from github_sandbox.actions.archive import TEXT, ZIP, log_of, logs_of
from github_sandbox.actions.dispatch import RefusedError, check_ref, read_inputs
from github_sandbox.actions.filters import chosen_runs
from github_sandbox.actions.service import Request
from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.http.messages import Response
from github_sandbox.rest.router import UNDER_REPOSITORY, AnsweredError, Route

if TYPE_CHECKING:
    from github_sandbox.actions.runs import Job, Run
    from github_sandbox.actions.service import Actions
    from github_sandbox.actions.workflows import Folder, Workflow
    from github_sandbox.rest.call import Call

ActionsHandle = Callable[["Actions", "Call"], Response]
ALWAYS_TOLD_FROM = "2026-03-10"
ENTERPRISE = "/api/v3"
_FOUND = 302


def list_workflows(actions: Actions, call: Call) -> Response:
    """List workflows."""
    folder = access.demand(actions, call, "actions", "read")
    return access.wrapped(call, "workflows", folder.all(), partial(shapes.workflow, call))


def get_workflow(actions: Actions, call: Call) -> Response:
    """Give one workflow, by its id or the name of its file."""
    folder = access.demand(actions, call, "actions", "read")
    return json_answer(shapes.workflow(call, _workflow(folder, call)))


def dispatch(actions: Actions, call: Call) -> Response:
    """Start a workflow; tell which run it is where that is asked for, or the API version always tells."""
    folder = access.demand(actions, call, "actions", "write")
    workflow, body = _workflow(folder, call), access.body_of(call)
    branch = _branch(call)
    try:
        check_ref(body, branch)
        inputs = read_inputs(workflow, body)
    except RefusedError as refused:
        return message(422, str(refused))
    asked = _request(call, branch, inputs)
    run = shapes.run(call, actions.dispatch(folder, workflow, asked))
    if not body.get("return_run_details") and call.version < ALWAYS_TOLD_FROM:
        return Response(204)
    return json_answer({"workflow_run_id": run["id"], "run_url": run["url"], "html_url": run["html_url"]})


def _branch(call: Call) -> str:
    branch = call.repository.record["defaultBranchRef"]
    return str(branch["name"]) if branch else "main"


def _request(call: Call, branch: str, inputs: dict[str, str]) -> Request:
    under, principal = call.base.endswith(ENTERPRISE), call.viewer.principal
    return Request(
        repository_id=call.repository.database_id,
        repository=call.repository.record["nameWithOwner"],
        branch=branch,
        actor=principal.login,
        actor_id=principal.database_id,
        inputs=inputs,
        api=call.base,
        graphql=call.base.removesuffix(ENTERPRISE) + ("/api/graphql" if under else "/graphql"),
    )


def list_runs(actions: Actions, call: Call) -> Response:
    """List the runs of a repository, newest first."""
    access.demand(actions, call, "actions", "read")
    runs = chosen_runs(actions.runs(call.repository.database_id), call.request.query)
    return access.wrapped(call, "workflow_runs", runs, partial(shapes.run, call))


def list_workflow_runs(actions: Actions, call: Call) -> Response:
    """List the runs of a workflow, newest first."""
    workflow = _workflow(access.demand(actions, call, "actions", "read"), call)
    runs = [each for each in actions.runs(call.repository.database_id) if each.workflow.id == workflow.id]
    return access.wrapped(call, "workflow_runs", chosen_runs(runs, call.request.query), partial(shapes.run, call))


def get_run(actions: Actions, call: Call) -> Response:
    """Give one run."""
    return json_answer(shapes.run(call, _run(actions, call)))


def list_jobs(actions: Actions, call: Call) -> Response:
    """List the jobs of a run."""
    run = _run(actions, call)
    return access.wrapped(call, "jobs", run.jobs, partial(shapes.job, call, run))


def get_job(actions: Actions, call: Call) -> Response:
    """Give one job."""
    run, job = _job(actions, call)
    return json_answer(shapes.job(call, run, job))


def get_job_log(actions: Actions, call: Call) -> Response:
    """Lead to the log of a job that has ended."""
    _, job = _job(actions, call)
    _may_read_logs(call)
    return not_found() if job.completed is None else _leads(call, actions.downloads.link(TEXT, partial(log_of, job)))


def get_run_logs(actions: Actions, call: Call) -> Response:
    """Lead to the logs of a run that has ended."""
    run = _run(actions, call)
    _may_read_logs(call)
    return not_found() if run.completed is None else _leads(call, actions.downloads.link(ZIP, partial(logs_of, run)))


def cancel(actions: Actions, call: Call) -> Response:
    """Have a run ended in order."""
    return _cancelled(actions, call, force=False)


def force_cancel(actions: Actions, call: Call) -> Response:
    """Have a run ended at once."""
    return _cancelled(actions, call, force=True)


def _cancelled(actions: Actions, call: Call, *, force: bool) -> Response:
    run = _run(actions, call, "write")
    if run.completed is not None:
        return message(409, "Cannot cancel a workflow run that is completed.")
    actions.cancel(run, force=force)
    return json_answer({}, 202)


def _workflow(folder: Folder, call: Call) -> Workflow:
    found = folder.find(call.params["workflow"])
    if found is None:
        raise AnsweredError(not_found())
    return found


def _run(actions: Actions, call: Call, level: access.Level = "read") -> Run:
    access.demand(actions, call, "actions", level)
    found = actions.run(call.repository.database_id, call.number("run_id"))
    if found is None:
        raise AnsweredError(not_found())
    return found


def _job(actions: Actions, call: Call) -> tuple[Run, Job]:
    access.demand(actions, call, "actions", "read")
    wanted = call.number("job_id")
    for run in actions.runs(call.repository.database_id):
        for job in run.jobs:
            if job.id == wanted:
                return run, job
    raise AnsweredError(not_found())


def _may_read_logs(call: Call) -> None:
    if not call.viewer.authenticated:
        raise AnsweredError(message(403, "Must have admin rights to Repository."))


def _leads(call: Call, path: str) -> Response:
    return Response(_FOUND, {"location": call.base.removesuffix(ENTERPRISE) + path})


_ACTIONS = UNDER_REPOSITORY + "/actions"
_WORKFLOW, _RUN = _ACTIONS + "/workflows/{workflow}", _ACTIONS + "/runs/{run_id}"
ROUTES: tuple[Route[ActionsHandle], ...] = (
    Route("GET", _ACTIONS + "/workflows", list_workflows),
    Route("GET", _WORKFLOW, get_workflow),
    Route("POST", _WORKFLOW + "/dispatches", dispatch),
    Route("GET", _WORKFLOW + "/runs", list_workflow_runs),
    Route("GET", _ACTIONS + "/runs", list_runs),
    Route("GET", _RUN, get_run),
    Route("GET", _RUN + "/jobs", list_jobs),
    Route("GET", _RUN + "/logs", get_run_logs),
    Route("POST", _RUN + "/cancel", cancel),
    Route("POST", _RUN + "/force-cancel", force_cancel),
    Route("GET", _ACTIONS + "/jobs/{job_id}", get_job),
    Route("GET", _ACTIONS + "/jobs/{job_id}/logs", get_job_log),
)
