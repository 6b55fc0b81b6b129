"""Handlers for a repository itself, its commits, labels, milestones and contributors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.rest.filters import last_modified, stamp
from github_sandbox.rest.indexes import Ordered
from github_sandbox.rest.router import UNDER_REPOSITORY, AnsweredError, Route
from github_sandbox.world.patches import patch_of
from github_sandbox.world.records import Record, connection

if TYPE_CHECKING:
    from github_sandbox.http.messages import Response
    from github_sandbox.rest.call import Call

LATEST = "9999-12-31T23:59:59Z"


def get_repository(call: Call) -> Response:
    """Give the repository."""
    repository = call.repository
    open_issues = repository.pulls.count_of(frozenset({"OPEN"})) + len(repository.issue_numbers())  # no issue closes
    shape = call.shapes.repositories.full
    written = shape(repository.record, open_issues, authenticated=call.viewer.authenticated)
    return json_answer(written, headers=last_modified(repository.record))


def list_contributors(call: Call) -> Response:
    """List contributors, most commits first: here, authors of merged pull requests."""
    people = call.shapes.people
    rows = call.indexes.contributors(call.repository)
    return call.listing(rows, lambda row: {**people.simple(row[0]), "contributions": row[1]})


def _merge_commit(call: Call, number: int) -> Record:
    found = call.repository.pulls.by_number(number)
    assert found is not None
    commit: Record = found.record["mergeCommit"]
    return commit


def list_commits(call: Call) -> Response:
    """List the default branch's commits, newest first: the merge commits that the sandbox knows."""
    if call.repository.record["isEmpty"]:
        return message(409, "Git Repository is empty.")
    query = call.request.query
    numbers = Ordered(call.indexes.merges(call.repository), descending=True)
    low, high = stamp(query, "since"), stamp(query, "until")
    if low is None and high is None:
        return call.listing(numbers, lambda number: call.shapes.commits.commit(_merge_commit(call, number)))
    commits = [_merge_commit(call, number) for number in numbers]
    chosen = [each for each in commits if (low or "") <= each["committedDate"] <= (high or LATEST)]
    return call.listing(chosen, call.shapes.commits.commit)


def _commit_of(call: Call) -> Record:
    record = call.repository.commit(call.params["ref"])
    if record is None:
        raise AnsweredError(message(422, f"No commit found for SHA: {call.params['ref']}"))
    return record


def get_commit(call: Call) -> Response:
    """Give one commit with its numbers; files only for a merge commit, where the pull request knows them."""
    record = _commit_of(call)
    additions, deletions = record["additions"] or 0, record["deletions"] or 0
    pull = call.repository.pulls.holding_commit(record["oid"])
    merged = pull is not None and (pull.record["mergeCommit"] or {}).get("oid") == record["oid"]
    files = connection(pull.record, "files") if pull is not None and merged else []
    repository = call.repository.record
    return json_answer(
        {
            **call.shapes.commits.commit(record),
            "stats": {"total": additions + deletions, "additions": additions, "deletions": deletions},
            "files": [
                call.shapes.commits.file(each, repository, record["oid"], patch_of(each)) for each in files[:300]
            ],
        }
    )


def list_pulls_of_commit(call: Call) -> Response:
    """List the pull requests that hold a commit."""
    pull = call.repository.pulls.holding_commit(_commit_of(call)["oid"])
    return call.listing([] if pull is None else [pull.record], call.shapes.pulls.simple)


def list_labels(call: Call) -> Response:
    """List labels."""
    return call.listing(connection(call.repository.record, "labels"), call.shapes.repositories.label)


def get_label(call: Call) -> Response:
    """Give one label."""
    record = call.repository.label(call.params["name"])
    return not_found() if record is None else json_answer(call.shapes.repositories.label(record))


def list_milestones(call: Call) -> Response:
    """List milestones of a state, open ones by default."""
    state = call.request.query.get("state", "open")
    records = connection(call.repository.record, "milestones")
    chosen = [each for each in records if state == "all" or each["state"].lower() == state]
    return call.listing(chosen, call.shapes.repositories.milestone)


def get_milestone(call: Call) -> Response:
    """Give one milestone."""
    for record in connection(call.repository.record, "milestones"):
        if record["number"] == call.number("milestone_number"):
            return json_answer(call.shapes.repositories.milestone(record))
    return not_found()


def list_assignees(call: Call) -> Response:
    """List people who can be assigned."""
    return call.listing(connection(call.repository.record, "assignableUsers"), call.shapes.people.actor)


ROUTES = (
    Route("GET", UNDER_REPOSITORY, get_repository),
    Route("GET", UNDER_REPOSITORY + "/contributors", list_contributors),
    Route("GET", UNDER_REPOSITORY + "/commits", list_commits),
    Route("GET", UNDER_REPOSITORY + "/commits/{ref}", get_commit),
    Route("GET", UNDER_REPOSITORY + "/commits/{ref}/pulls", list_pulls_of_commit),
    Route("GET", UNDER_REPOSITORY + "/labels", list_labels),
    Route("GET", UNDER_REPOSITORY + "/labels/{name}", get_label),
    Route("GET", UNDER_REPOSITORY + "/milestones", list_milestones),
    Route("GET", UNDER_REPOSITORY + "/milestones/{milestone_number}", get_milestone),
    Route("GET", UNDER_REPOSITORY + "/assignees", list_assignees),
)
