"""A cursor is known as one wherever it stands, so that it can expire."""

import json
from typing import Any

import pytest

from github_sandbox.composition import served_routes
from github_sandbox.config_file import Table
from github_sandbox.faults_file import parse_rules
from github_sandbox.graphql.pages import encode_cursor
from tests.sandbox.in_process import InProcess, in_process

FILES = """query FollowUp($i0: ID!, $c0: String) {
  a0: node(id: $i0) { ... on PullRequest {
    commits(first: 1, after: $c0) { pageInfo { endCursor } nodes { id } } } } }"""


def spoiled(effect: dict[str, object], **match: object) -> InProcess:
    rules = parse_rules(Table("faults", {"faults": [{"match": match, "effect": effect}]}), served_routes())
    return in_process("sandbox/demo=generate:20", rules=rules)


def long_pull(sandbox: InProcess) -> str:
    """Node id of a pull request with more than two commits."""
    pulls = sandbox.read("/repos/sandbox/demo/pulls?state=all&per_page=100")
    found = (sandbox.read(f"/repos/sandbox/demo/pulls/{each['number']}") for each in pulls)
    return str(next(each["node_id"] for each in found if each["commits"] > 2))


def page_of(answer: dict[str, Any]) -> dict[str, Any]:
    return dict(answer["data"]["a0"]["commits"])


def test_a_cursor_in_a_variable_of_any_name_expires() -> None:
    sandbox = spoiled({"expire_cursor": True}, operation="FollowUp")
    pull = long_pull(sandbox)
    cursor = page_of(sandbox.query(FILES, i0=pull, c0=None))["pageInfo"]["endCursor"]
    (error,) = sandbox.query(FILES, i0=pull, c0=cursor)["errors"]
    assert error["type"] == "INVALID_CURSOR_ARGUMENTS"
    assert cursor in error["message"]


def test_a_cursor_that_is_written_into_the_query_expires() -> None:
    sandbox = spoiled({"expire_cursor": True})
    pull = long_pull(sandbox)
    cursor = page_of(sandbox.query(FILES, i0=pull))["pageInfo"]["endCursor"]
    written = FILES.replace(", $c0: String", "").replace("$c0", json.dumps(cursor))
    assert cursor in sandbox.query(written, i0=pull)["errors"][0]["message"]


def test_pages_of_one_walk_are_told_apart_by_their_cursor_alone() -> None:
    sandbox = spoiled({"page": "duplicate"}, operation="FollowUp", nth=2)
    pull = long_pull(sandbox)
    first = page_of(sandbox.query(FILES, i0=pull, c0=None))
    cursor = first["pageInfo"]["endCursor"]
    assert page_of(sandbox.query(FILES, i0=pull, c0=cursor)) == first, "the last answer of the walk, once more"
    assert page_of(sandbox.query(FILES, i0=pull, c0=cursor))["nodes"] != first["nodes"]


@pytest.mark.parametrize("key", ["", "0", "12:x", "a" * 80, "\N{PARTY POPPER}"])
def test_every_cursor_of_ours_is_found(key: str) -> None:
    sandbox = spoiled({"expire_cursor": True})
    cursor = encode_cursor(key)
    answer = sandbox.query(f"{{ viewer {{ repositories(first: 1, after: {json.dumps(cursor)}) {{ totalCount }} }} }}")
    assert answer["errors"][0]["message"] == f"`{cursor}` does not appear to be a valid cursor."


def test_a_query_without_a_cursor_passes() -> None:
    assert "errors" not in spoiled({"expire_cursor": True}).query("{ viewer { login } }", c0="no cursor")
