"""Handlers under /repos/OWNER/NAME/pulls; they choose records and never write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.http.messages import Response
from github_sandbox.rest.comments import all_comments
from github_sandbox.rest.commits import unified_diff
from github_sandbox.rest.filters import chosen, direction, last_modified, since
from github_sandbox.rest.indexes import REST_STATES, Ordered
from github_sandbox.rest.router import UNDER_REPOSITORY, AnsweredError, Route
from github_sandbox.world.patches import patch_of
from github_sandbox.world.records import FILES_SHOWN, Record, connection, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from github_sandbox.rest.call import Call
    from github_sandbox.world.pulls import OrderField, PullRequest, Pulls

COMMITS_SHOWN = 250
DIFF_LINES = 20_000
DIFF_TYPES = ("application/vnd.github.diff", "application/vnd.github.v3.diff")
_SORTS: dict[str, OrderField] = {
    "created": "CREATED_AT",
    "updated": "UPDATED_AT",
    "popularity": "COMMENTS",
    "long-running": "CREATED_AT",
}


def list_pulls(call: Call) -> Response:
    """List pull requests: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests ."""
    query = call.request.query
    sort = chosen(query, "sort", tuple(_SORTS), "created")
    states = REST_STATES[chosen(query, "state", tuple(REST_STATES), "open")]
    descending = direction(query, "desc" if sort == "created" else "asc") == "desc"
    pulls = call.repository.pulls
    order = Ordered(pulls.keys(_SORTS[sort], states), descending=descending)
    if wanted := {key: query[key] for key in ("head", "base") if query.get(key)}:
        every = [record for record in map(_record_by(pulls), order) if _branches_fit(record, wanted)]
        return call.listing(every, call.shapes.pulls.simple)
    write, record_of = call.shapes.pulls.simple, _record_by(pulls)
    return call.listing(order, lambda number: write(record_of(number)))


def _record_by(pulls: Pulls) -> Callable[[int], Record]:
    def record(number: int) -> Record:
        found = pulls.by_number(number)
        assert found is not None
        return found.record

    return record


def _branches_fit(record: Record, wanted: dict[str, str]) -> bool:
    owner = record["headRepositoryOwner"]
    head = f"{owner['login'] if owner else 'unknown'}:{record['headRefName']}"
    return wanted.get("head", head) == head and wanted.get("base", record["baseRefName"]) == record["baseRefName"]


def pull_of(call: Call) -> Record:
    """Give the record of the pull request that the path names; raise AnsweredError (404) when there is none."""
    found = call.repository.pulls.by_number(call.number("pull_number"))
    if found is None:
        raise AnsweredError(not_found())
    return found.record


def get_pull(call: Call) -> Response:
    """Give one pull request, as JSON or as a diff by its media type."""
    record = pull_of(call)
    accept = call.request.header("accept")
    if any(kind in accept for kind in DIFF_TYPES):
        return _diff(record)
    return json_answer(call.shapes.pulls.full(record), headers=last_modified(record))


def _diff(record: Record) -> Response:
    files = connection(record, "files")
    lines = record["additions"] + record["deletions"]
    if record["changedFiles"] > len(files) or lines > DIFF_LINES:
        errors = [{"resource": "PullRequest", "field": "diff", "code": "too_large"}]
        text = f"Sorry, the diff exceeded the maximum number of files ({FILES_SHOWN}) or lines ({DIFF_LINES})."
        return message(406, text, errors=errors)
    text = "".join(unified_diff([(each, patch_of(each)) for each in files]))
    return Response(200, {"content-type": f"{DIFF_TYPES[0]}; charset=utf-8"}, text.encode("utf-8", "replace"))


def list_files(call: Call) -> Response:
    """List changed files, 3,000 at most: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files ."""
    record = pull_of(call)
    repository, oid = record["repository"], record["headRefOid"]

    def write(each: Record) -> object:
        return call.shapes.commits.file(each, repository, oid, patch_of(each))

    return call.listing(connection(record, "files")[:FILES_SHOWN], write)


def list_commits(call: Call) -> Response:
    """List commits, 250 at most: https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request ."""
    records = [each["commit"] for each in connection(pull_of(call), "commits")[:COMMITS_SHOWN]]
    return call.listing(records, call.shapes.commits.commit)


def list_reviews(call: Call) -> Response:
    """List reviews in the order of their making; a pending one only for its author."""
    return call.listing(shown(pull_of(call), "reviews", call.login), call.shapes.pulls.review)


def _review_of(call: Call) -> Record:
    wanted = call.params["review_id"]
    for record in shown(pull_of(call), "reviews", call.login):
        if record["fullDatabaseId"] == wanted:
            return record
    raise AnsweredError(not_found())


def get_review(call: Call) -> Response:
    """Give one review."""
    return json_answer(call.shapes.pulls.review(_review_of(call)))


def list_review_parts(call: Call) -> Response:
    """List one review's comments, without their lines.

    https://docs.github.com/en/rest/pulls/reviews#list-comments-for-a-pull-request-review
    """
    return call.listing(shown(_review_of(call), "comments", call.login), call.shapes.pulls.embedded_comment)


def list_comments(call: Call) -> Response:
    """List review comments of one pull request, by the time of their making unless `sort` says otherwise."""
    return call.listing(_ordered(call, comments_of(pull_of(call), call.login)), call.shapes.pulls.review_comment)


def comments_of(record: Record, viewer: str) -> list[Record]:
    """Give a pull request's review comments out of its threads, oldest first."""
    pull: PullRequest = record["_pull"]
    return [each for each in pull.review_comments(viewer) if each["state"] != "PENDING"]


def _ordered(call: Call, records: list[Record]) -> list[Record]:
    query = call.request.query
    if (after := since(query)) is not None:
        records = [each for each in records if each["updatedAt"] >= after]
    if chosen(query, "sort", ("created", "updated", "created_at"), "created") == "updated":
        records = sorted(records, key=lambda each: (each["updatedAt"], int(each["fullDatabaseId"])))
    return records[::-1] if "sort" in query and direction(query, "asc") == "desc" else records


def list_all_comments(call: Call) -> Response:
    """List review comments of the whole repository, `since` by their `updated_at`."""
    return all_comments(call, "PullRequestReviewComment", call.shapes.pulls.review_comment)


def get_comment(call: Call) -> Response:
    """Give one review comment."""
    found = call.repository.pulls.holding("PullRequestReviewComment", call.number("comment_id"))
    wanted = call.params["comment_id"]
    for record in found.review_comments(call.login) if found else ():
        if record["fullDatabaseId"] == wanted and record["state"] != "PENDING":
            return json_answer(call.shapes.pulls.review_comment(record))
    return not_found()


def get_requested(call: Call) -> Response:
    """Give the reviewers asked for, people and teams."""
    asked = call.shapes.pulls.requested(pull_of(call))
    return json_answer({"users": asked["requested_reviewers"], "teams": asked["requested_teams"]})


def is_merged(call: Call) -> Response:
    """Tell by status 204 or 404 whether a pull request is merged."""
    return Response(204) if pull_of(call)["merged"] else not_found()


_PULL = UNDER_REPOSITORY + "/pulls/{pull_number}"
ROUTES = (
    Route("GET", UNDER_REPOSITORY + "/pulls", list_pulls),
    Route("GET", UNDER_REPOSITORY + "/pulls/comments", list_all_comments),
    Route("GET", UNDER_REPOSITORY + "/pulls/comments/{comment_id}", get_comment),
    Route("GET", _PULL, get_pull),
    Route("GET", _PULL + "/files", list_files),
    Route("GET", _PULL + "/commits", list_commits),
    Route("GET", _PULL + "/reviews", list_reviews),
    Route("GET", _PULL + "/reviews/{review_id}", get_review),
    Route("GET", _PULL + "/reviews/{review_id}/comments", list_review_parts),
    Route("GET", _PULL + "/comments", list_comments),
    Route("GET", _PULL + "/requested_reviewers", get_requested),
    Route("GET", _PULL + "/merge", is_merged),
)
