"""The price of a query follows from its shape alone."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from github_sandbox.graphql import GraphQLService, RefusedQueryError
from tests.sandbox.graphql_world import bench
from tests.support.examples import examples

FLAT = ("reviews", "comments", "reviewThreads", "commits", "files")
IDS = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on PullRequest { %s } } }"


@pytest.fixture(scope="module")
def service() -> GraphQLService:
    return bench(1).service


def flat(first: int = 100) -> str:
    return " ".join(f"{name}(first: {first}) {{ nodes {{ __typename }} }}" for name in FLAT)


def page(first: int, inner: str) -> str:
    return f'{{ repository(owner: "a", name: "b") {{ pullRequests(first: {first}) {{ nodes {{ {inner} }} }} }} }}'


def nested(first: int) -> str:
    inner = f"reviewThreads(first: {first}) {{ nodes {{ comments(first: 10) {{ totalCount }}"
    return flat().replace("reviewThreads(first: 100) { nodes {", inner)


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{ viewer { login } }", {}, (0, 1, 0)),
        (IDS % flat(), {"ids": ["x"] * 29}, (145, 1, 14_500)),
        (IDS % flat(), {"ids": ["x"] * 100}, (500, 5, 50_000)),
        (page(100, flat()), {}, (501, 5, 50_100)),
        (page(29, flat()), {}, (146, 1, 14_529)),
        (page(25, nested(100)), {}, (2_626, 26, 37_525)),
        (page(30, "reviews(first: 100) { nodes { comments(first: 1) { nodes { id } } } }"), {}, (3_031, 30, 6_030)),
        (page(50, "a: reviews { totalCount } b: commits { totalCount }"), {}, (101, 1, 50)),
        (page(50, "reviews { totalCount } ... on PullRequest { reviews { totalCount } }"), {}, (51, 1, 50)),
        (page(2, "title @include(if: false) reviews(first: 5) @skip(if: true) { totalCount }"), {}, (1, 1, 2)),
        ('{ search(query: "q", type: ISSUE, last: 50) { issueCount } }', {}, (1, 1, 50)),
        ("{ rateLimit { cost } __schema { types { name } } }", {}, (0, 1, 0)),
    ],
)
def test_lookups_points_and_nodes(
    service: GraphQLService, query: str, variables: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    prepared = service.prepare(query, variables)
    assert (prepared.lookups, prepared.cost, prepared.node_count) == expected


def test_the_documented_example_of_three_levels_costs_51_points(service: GraphQLService) -> None:
    inner = "issues(first: 50) { nodes { labels(first: 60) { nodes { id } } } }"
    prepared = service.prepare(f"{{ viewer {{ repositories(first: 100) {{ nodes {{ {inner} }} }} }} }}", None)
    assert (prepared.lookups, prepared.cost) == (5_101, 51)


SHARED = bench(1).service


@pytest.mark.no_cover  # the same lines again and again
@settings(max_examples=examples(4), deadline=None)
@given(aliases=st.integers(1, 160))
@example(aliases=49)
@example(aliases=149)
@example(aliases=150)
def test_each_alias_of_node_counts_its_connections_once(aliases: int) -> None:
    fields = " ".join(
        f'a{each}: node(id: "x") {{ ... on PullRequest {{ files(first: 100) {{ nodes {{ path }} }} }} }}'
        for each in range(aliases)
    )
    prepared = SHARED.prepare(f"{{ {fields} }}", None)
    assert prepared.lookups == aliases
    assert prepared.cost == max(1, (aliases + 50) // 100)


@pytest.mark.parametrize(("lookups", "nearest", "up"), [(1, 1, 1), (149, 1, 2), (150, 2, 2), (151, 2, 2), (200, 2, 2)])
def test_rounding_is_to_the_nearest_or_up(lookups: int, nearest: int, up: int) -> None:
    world = bench(1).world
    look_up = 'node(id: "x") { ... on User { repositories { totalCount } } }'
    query = f"{{ {' '.join(f'a{number}: {look_up}' for number in range(lookups))} }}"
    assert GraphQLService(world).prepare(query, None).cost == nearest
    assert GraphQLService(world, rounding="up").prepare(query, None).cost == up


def test_more_than_half_a_million_nodes_are_refused_before_execution(service: GraphQLService) -> None:
    inner = "reviewThreads(first: 100) { nodes { comments(first: 100) { nodes { id } } } }"
    with pytest.raises(RefusedQueryError) as refused:
        service.prepare(page(100, inner), None)
    assert refused.value.data_is_null
    assert refused.value.errors == [
        {
            "type": "MAX_NODE_LIMIT_EXCEEDED",
            "message": "By the time this query traverses to the comments connection, it is requesting up to 1,010,100 "
            "possible nodes which exceeds the maximum limit of 500,000.",
        }
    ]


HALF_A_MILLION = (
    "reviewThreads(first: 100) { nodes { comments(first: 48) { nodes { id } } } } files(first: 99) { totalCount }"
)


def test_exactly_half_a_million_nodes_pass_and_one_more_does_not(service: GraphQLService) -> None:
    query = page(100, HALF_A_MILLION)
    assert service.prepare(query, None).node_count == 100 + 100 * 100 + 100 * 100 * 48 + 100 * 99 == 500_000
    one_more = query.replace("{ repository", "{ viewer { repositories(first: 1) { totalCount } } repository", 1)
    with pytest.raises(RefusedQueryError) as refused:
        service.prepare(one_more, None)
    assert "up to 500,001 possible nodes" in refused.value.errors[0]["message"]


@pytest.mark.parametrize("size", ["first: null, last: 100", "last: 100, first: null"])
def test_a_null_that_is_written_out_is_no_size(service: GraphQLService, size: str) -> None:
    inner = "nodes { issues(first: 10) { totalCount } }"
    prepared = service.prepare(f"{{ viewer {{ repositories({size}) {{ {inner} }} }} }}", None)
    assert (prepared.lookups, prepared.node_count) == (101, 1_100)


def test_one_id_that_is_no_list_is_a_list_of_one(service: GraphQLService) -> None:
    query = '{ nodes(ids: "x") { ... on PullRequest { reviews(first: 10) { totalCount } } } }'
    assert service.prepare(query, None).lookups == 1


def test_the_shape_is_measured_anew_for_other_page_sizes(service: GraphQLService) -> None:
    query = "query($n: Int!) { viewer { repositories(first: $n) { nodes { issues(first: 10) { totalCount } } } } }"
    assert service.prepare(query, {"n": 2}).lookups == 3
    assert service.prepare(query, {"n": 90}).lookups == 91
    assert service.prepare(query, {"n": 2}).lookups == 3


def test_a_size_counts_for_the_variable_that_it_was_given_to(service: GraphQLService) -> None:
    """Two optional variables, one given at a time: the same numbers, another shape."""
    inner = "nodes { issues(first: $inner) { totalCount } }"
    query = f"query($outer: Int, $inner: Int) {{ viewer {{ repositories(first: $outer) {{ {inner} }} }} }}"
    assert service.prepare(query, {"outer": 9}).lookups == 10
    assert service.prepare(query, {"inner": 9}).lookups == 1


@pytest.mark.parametrize(
    ("query", "touched"),
    [
        (page(29, flat()), 29),
        (IDS % "title", 3),
        (IDS.replace("PullRequest", "PullRequestReviewThread") % "comments(first: 5) { totalCount }", 0),
        (
            '{ repository(owner: "a" name: "b") { x: pullRequest(number: 1) { id } y: pullRequest(number: 2) { id } }}',
            2,
        ),
        ('{ node(id: "x") { ... on PullRequest { title } } }', 1),
    ],
)
def test_the_pull_requests_that_a_query_may_touch_are_estimated(
    service: GraphQLService, query: str, touched: int
) -> None:
    variables = {"ids": ["x"] * 3} if "$ids" in query else None
    assert service.prepare(query, variables).pull_requests == touched


def test_a_fragment_that_spreads_fragments_twice_each_is_measured_quickly(service: GraphQLService) -> None:
    chain = "".join(f" fragment F{n} on User {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    prepared = service.prepare(f"{{ viewer {{ ...F0 }} }} {chain} fragment F60 on User {{ login }}", None)
    assert prepared.cost == 1
