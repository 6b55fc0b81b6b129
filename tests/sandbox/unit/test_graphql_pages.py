"""Paging through connections: boundaries, cursors, counts, and lists that change while one reads."""

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from github_sandbox.world.records import iso
from tests.sandbox.graphql_world import HOUR, START, Bench, bench

WALK = """
query($after: String, $before: String, $first: Int, $last: Int, $field: IssueOrderField!, $direction: OrderDirection!) {
  repository(owner: "acme", name: "app") {
    pullRequests(
      first: $first, last: $last, after: $after, before: $before, orderBy: {field: $field, direction: $direction}
    ) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { number updatedAt }
    }
  }
}
"""
SMALL = '{ repository(owner: "acme", name: "app") { pullRequest(number: 12) { %s } } }'
SHARED = bench(30)


def pulls(world: Bench, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = world.data(WALK, variables)["repository"]["pullRequests"]
    return found


def walk(world: Bench, size: int, field: str, direction: str) -> list[int]:
    numbers: list[int] = []
    after = None
    while True:
        page = pulls(world, first=size, after=after, field=field, direction=direction)
        numbers += [each["number"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return numbers


@settings(max_examples=25, deadline=None)
@given(
    size=st.integers(1, 100),
    field=st.sampled_from(["CREATED_AT", "UPDATED_AT", "COMMENTS"]),
    direction=st.sampled_from(["ASC", "DESC"]),
)
def test_a_walk_in_any_order_and_page_size_sees_each_once(size: int, field: str, direction: str) -> None:
    numbers = walk(SHARED, size, field, direction)
    assert sorted(numbers) == list(range(2, 61, 2))
    assert numbers == walk(SHARED, 100, field, direction)


@settings(max_examples=25, deadline=None)
@given(size=st.integers(1, 31), field=st.sampled_from(["CREATED_AT", "UPDATED_AT", "COMMENTS"]))
def test_walking_back_from_the_end_sees_the_same(size: int, field: str) -> None:
    numbers: list[int] = []
    before = None
    while True:
        page = pulls(SHARED, last=size, before=before, field=field, direction="ASC")
        numbers = [each["number"] for each in page["nodes"]] + numbers
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert numbers == walk(SHARED, 100, field, "ASC")


def test_page_info_of_first_middle_last_and_empty_pages() -> None:
    first = pulls(SHARED, first=10, field="CREATED_AT", direction="ASC")
    assert (first["pageInfo"]["hasPreviousPage"], first["pageInfo"]["hasNextPage"]) == (False, True)
    middle = pulls(SHARED, first=10, after=first["pageInfo"]["endCursor"], field="CREATED_AT", direction="ASC")
    assert (middle["pageInfo"]["hasPreviousPage"], middle["pageInfo"]["hasNextPage"]) == (True, True)
    last = pulls(SHARED, first=10, after=middle["pageInfo"]["endCursor"], field="CREATED_AT", direction="ASC")
    assert (last["pageInfo"]["hasPreviousPage"], last["pageInfo"]["hasNextPage"]) == (True, False)
    beyond = pulls(SHARED, first=10, after=last["pageInfo"]["endCursor"], field="CREATED_AT", direction="ASC")
    assert beyond["nodes"] == []
    assert beyond["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }
    assert beyond["totalCount"] == 30


def test_a_pull_request_touched_during_a_walk_moves() -> None:
    """With UPDATED_AT ASC it shows up again at the end; with DESC it is never seen: there is no snapshot."""
    for direction, seen in (("ASC", 2), ("DESC", 0)):
        world = bench(30)
        first = pulls(world, first=15, field="UPDATED_AT", direction=direction)
        numbers = [each["number"] for each in first["nodes"]]
        touched = numbers[0] if direction == "ASC" else 2
        touch(world, touched, START + 9_000 * HOUR)
        after = first["pageInfo"]["endCursor"]
        rest = pulls(world, first=100, after=after, field="UPDATED_AT", direction=direction)
        numbers += [each["number"] for each in rest["nodes"]]
        assert numbers.count(touched) == seen


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_a_cursor_whose_pull_request_has_moved_leads_on_from_where_it_stood(direction: str) -> None:
    expected = walk(bench(30), 100, "UPDATED_AT", direction)
    world = bench(30)
    first = pulls(world, first=15, field="UPDATED_AT", direction=direction)
    touched = first["nodes"][-1]["number"]
    touch(world, touched, START + 9_000 * HOUR)
    after = first["pageInfo"]["endCursor"]
    rest = pulls(world, first=100, after=after, field="UPDATED_AT", direction=direction)
    again = [touched] if direction == "ASC" else []
    assert [each["number"] for each in rest["nodes"]] == expected[15:] + again
    back = pulls(world, last=100, before=after, field="UPDATED_AT", direction=direction)
    assert [each["number"] for each in back["nodes"]] == ([touched] if direction == "DESC" else []) + expected[:14]


def touch(world: Bench, number: int, seconds: int) -> None:
    found = world.repository.pulls.by_number(number)
    assert found is not None
    world.repository.pulls.pin(found)
    found.record["updatedAt"] = iso(seconds)
    world.repository.pulls.moved(found)


def test_states_and_branches_filter_and_count() -> None:
    query = """
    { repository(owner: "acme", name: "app") {
        open: pullRequests(states: [OPEN], first: 100) { totalCount nodes { state } }
        done: pullRequests(states: [CLOSED, MERGED]) { totalCount }
        topic: pullRequests(headRefName: "topic-8", first: 2) { totalCount nodes { number } }
        label: pullRequests(labels: ["label-1"]) { totalCount }
        other: pullRequests(labels: ["none"]) { totalCount }
    } }
    """
    found = SHARED.data(query)["repository"]
    assert {each["state"] for each in found["open"]["nodes"]} == {"OPEN"}
    assert found["open"]["totalCount"] + found["done"]["totalCount"] == 30
    assert found["topic"] == {"totalCount": 1, "nodes": [{"number": 8}]}
    assert (found["label"]["totalCount"], found["other"]["totalCount"]) == (30, 0)


def test_a_comment_deleted_between_two_pages_hides_no_other() -> None:
    world = bench(10)
    query = """query($after: String) { repository(owner: "acme", name: "app") { pullRequest(number: 12) {
        comments(first: 2, after: $after) { nodes { id } pageInfo { endCursor } } } } }"""
    found = world.repository.pulls.by_number(12)
    assert found is not None
    comments = found.connection("comments")
    expected = [each["id"] for each in comments]
    first = world.data(query)["repository"]["pullRequest"]["comments"]
    del comments[1]  # the one that the cursor names
    rest = world.data(query, {"after": first["pageInfo"]["endCursor"]})["repository"]["pullRequest"]["comments"]
    assert [each["id"] for each in first["nodes"] + rest["nodes"]] == expected[:4]


def test_only_counting_makes_no_children() -> None:
    world = bench(10)
    inner = "pullRequests(first: 10) { nodes { comments { totalCount } } }"
    world.data(f'{{ repository(owner: "acme", name: "app") {{ {inner} }} }}')
    assert world.source.made_children == 0


def error_of(inner: str) -> dict[str, Any]:
    answer = SHARED.run(SMALL % inner)
    assert len(answer.errors) == 1
    return answer.errors[0]


@pytest.mark.parametrize(
    ("inner", "kind", "message"),
    [
        (
            "reviews { nodes { id } }",
            "MISSING_PAGINATION_BOUNDARIES",
            "You must provide a `first` or `last` value to properly paginate the `reviews` connection.",
        ),
        (
            "reviews { edges { cursor } }",
            "MISSING_PAGINATION_BOUNDARIES",
            "You must provide a `first` or `last` value to properly paginate the `reviews` connection.",
        ),
        (
            "reviews(first: 101) { totalCount }",
            "EXCESSIVE_PAGINATION",
            "Requesting 101 records on the `reviews` connection exceeds the `first` limit of 100 records.",
        ),
        (
            "reviews(last: 200) { nodes { id } }",
            "EXCESSIVE_PAGINATION",
            "Requesting 200 records on the `reviews` connection exceeds the `last` limit of 100 records.",
        ),
        (
            "reviews(first: 0) { nodes { id } }",
            "UNPROCESSABLE",
            "`first` on the `reviews` connection must be between 1 and 100.",
        ),
        (
            "reviews(first: 1, last: 1) { nodes { id } }",
            "UNPROCESSABLE",
            "Passing both `first` and `last` to paginate the `reviews` connection is not supported.",
        ),
        (
            'reviews(first: 1, after: "nonsense") { nodes { id } }',
            "INVALID_CURSOR_ARGUMENTS",
            "`nonsense` does not appear to be a valid cursor.",
        ),
    ],
)
def test_paging_arguments_that_github_refuses(inner: str, kind: str, message: str) -> None:
    assert error_of(inner) == {
        "type": kind,
        "path": ["repository", "pullRequest", "reviews"],
        "locations": [{"line": 1, "column": SMALL.index("%s") + 1}],
        "message": message,
    }


def test_counts_and_page_info_need_no_boundaries() -> None:
    found = SHARED.data(SMALL % "reviews { totalCount pageInfo { hasNextPage } }")["repository"]["pullRequest"]
    assert found["reviews"] == {"totalCount": 2, "pageInfo": {"hasNextPage": False}}


def test_a_cursor_of_another_connection_is_refused() -> None:
    cursor = base64.b64encode(b"cursor:v2:somewhere").decode()
    assert error_of(f'reviews(first: 1, after: "{cursor}") {{ totalCount nodes {{ id }} }}')["type"] == (
        "INVALID_CURSOR_ARGUMENTS"
    )


def test_cursors_are_opaque_text_and_edges_carry_the_page_infos() -> None:
    edges = "files(first: 2) { edges { cursor node { path } } pageInfo { startCursor endCursor } }"
    files = SHARED.data(SMALL % edges)["repository"]["pullRequest"]["files"]
    assert [each["cursor"] for each in files["edges"]] == [
        files["pageInfo"]["startCursor"],
        files["pageInfo"]["endCursor"],
    ]


def test_total_count_may_exceed_what_is_shown() -> None:
    world = bench(10)
    found = world.repository.pulls.by_number(12)
    assert found is not None
    found.record["_totals"]["comments"] = 99
    answer = world.data(SMALL % "comments(first: 100) { totalCount nodes { id } }")
    comments = answer["repository"]["pullRequest"]["comments"]
    assert comments["totalCount"] == 99
    assert len(comments["nodes"]) == 5
