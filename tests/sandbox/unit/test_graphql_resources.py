"""A query that holds too many records is ended: what was read is there, the rest is null with an error on its path."""

from typing import Any

import pytest

from github_sandbox.composition import Options
from github_sandbox.graphql import GraphQLService
from tests.sandbox.graphql_world import RATE, Someone, bench
from tests.sandbox.in_process import in_process

BENCH = bench(10)
NULLABLE = """{ repository(owner: "acme", name: "app") { pullRequests(first: 4) { nodes { number
    reviews(first: 5) { nodes { id } } } } } }"""
PROMISED = NULLABLE.replace("reviews", "commits")
EXCEEDED = ("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")
BASE = ["repository", "pullRequests", "nodes"]


def run(query: str, limit: int) -> tuple[Any, list[dict[str, Any]]]:
    """Answer, by the compiled plan and by graphql-core, which must agree."""
    service = GraphQLService(BENCH.world, resource_limit=limit)
    prepared = service.prepare(query, None)
    answer = service.execute(prepared, asker=Someone(), rate=RATE)
    proof = service.execute_by_reference(prepared, asker=Someone(), rate=RATE)
    assert (answer.data, answer.errors) == (proof.data, proof.errors)
    return answer.data, answer.errors


def held(query: str) -> list[int]:
    """How many records each pull request's own connection holds."""
    data, errors = run(query, 0)
    assert not errors
    nodes = data["repository"]["pullRequests"]["nodes"]
    return [len(connection["nodes"]) for node in nodes for connection in node.values() if isinstance(connection, dict)]


@pytest.mark.parametrize("query", [NULLABLE, PROMISED])
def test_within_the_limit_all_is_answered(query: str) -> None:
    enough = 4 + sum(held(query))
    assert run(query, enough) == run(query, 0)
    assert run(query, enough - 1) != run(query, 0)


def test_a_connection_that_may_be_null_is_null_from_where_the_limit_is_reached() -> None:
    counts = held(NULLABLE)
    assert counts[2] > 0
    data, errors = run(NULLABLE, 4 + counts[0] + counts[1])
    nodes = data["repository"]["pullRequests"]["nodes"]
    assert [each["reviews"] is None for each in nodes] == [False, False, True, True]
    assert [(each["type"], each["message"]) for each in errors] == [EXCEEDED, EXCEEDED]
    assert [each["path"] for each in errors] == [[*BASE, 2, "reviews"], [*BASE, 3, "reviews"]]


def test_a_promised_connection_nulls_its_pull_request() -> None:
    counts = held(PROMISED)
    data, errors = run(PROMISED, 4 + counts[0])
    nodes = data["repository"]["pullRequests"]["nodes"]
    assert [each is None for each in nodes] == [False, True, True, True]
    assert [each["path"] for each in errors] == [[*BASE, place, "commits"] for place in (1, 2, 3)]


def test_a_first_page_beyond_the_limit_nulls_all_of_it() -> None:
    data, errors = run(PROMISED, 3)
    assert data == {"repository": None}
    assert [each["path"] for each in errors] == [["repository", "pullRequests"]]


def test_points_are_charged_and_the_status_is_200() -> None:
    sandbox = in_process("sandbox/demo=generate:20", options=Options(resource_limit=10))
    query = """{ repository(owner: "sandbox", name: "demo") { pullRequests(first: 10) { nodes { id
        commits(first: 10) { nodes { id } } } } } rateLimit { used } }"""
    answer = sandbox.query(query)
    assert {each["type"] for each in answer["errors"]} == {EXCEEDED[0]}
    assert answer["data"]["repository"]["pullRequests"]["nodes"] == [None] * 10
    assert answer["data"]["rateLimit"]["used"] == 1
