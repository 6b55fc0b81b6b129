"""The compiled plan and graphql-core answer alike, errors and all."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings

from github_sandbox.graphql import RefusedQueryError
from github_sandbox.world.node_ids import node_id
from tests.sandbox.graphql_queries import queries
from tests.sandbox.graphql_world import RATE, REPOSITORY_ID, ROBOT, Bench, Someone, bench
from tests.support.examples import examples

SHARED = bench(20)
PULL = node_id("PullRequest", REPOSITORY_ID, 400_000_012)

CORPUS: dict[str, tuple[str, dict[str, Any]]] = {
    "index page": (
        """{ repository(owner: "acme", name: "app") { nameWithOwner
          pullRequests(first: 5, orderBy: {field: UPDATED_AT, direction: DESC}) {
            totalCount pageInfo { hasNextPage endCursor }
            nodes { id number updatedAt labels(first: 3) { nodes { name } } assignees(first: 3) { nodes { login } }
              reviewRequests(first: 2) {
                nodes { requestedReviewer { __typename ... on User { login } ... on Team { slug } } } } } } } }""",
        {},
    ),
    "hydrate": (
        """query($ids: [ID!]!, $n: Int = 100) {
          nodes(ids: $ids) { __typename id ...Pull } rateLimit { cost nodeCount limit remaining used resetAt } }
        fragment Pull on PullRequest { number title author { ...Who }
          reviews(first: $n) { ...Page nodes { id state author { ...Who } commit { oid } } }
          comments(first: $n) { nodes { id body author { ...Who } } }
          reviewThreads(first: $n) { nodes { id resolvedBy { login } } }
          commits(first: $n) { nodes { commit { oid author { name email user { login } } } } }
          files(first: $n) { totalCount pageInfo { endCursor } nodes { path additions } } }
        fragment Who on Actor { __typename login ... on User { databaseId name } ... on Bot { databaseId } }
        fragment Page on PullRequestReviewConnection { totalCount pageInfo { hasNextPage endCursor } }""",
        {"ids": [PULL, node_id("PullRequest", REPOSITORY_ID, 400_000_018), "gone", node_id("User", 11)]},
    ),
    "follow up of threads": (
        """query($ids: [ID!]!) { nodes(ids: $ids) { ... on PullRequestReviewThread { id
          comments(first: 100) { totalCount nodes { id fullDatabaseId databaseId replyTo { id } } } } } }""",
        {"ids": [node_id("PullRequestReviewThread", REPOSITORY_ID, 14_000 + each) for each in range(2)]},
    ),
    "aliases of one connection": (
        """query($id: ID!) {
          a: node(id: $id) { ... on PullRequest { files(first: 2) { edges { cursor node { path } } } } }
          b: node(id: $id) { ... on PullRequest { files(last: 2) { nodes { path } } } } }""",
        {"id": PULL},
    ),
    "renamed keys and counts within counts": (
        """{ repository(owner: "acme", name: "app") {
          pullRequests(first: 20, orderBy: {field: UPDATED_AT, direction: ASC}) { nodes {
            node_id: id id: databaseId changed: changedFiles comments { totalCount }
            r: reviews(first: 100) { totalCount nodes { comments { totalCount } } }
            by: mergedBy { type: __typename ... on User { id login site: isSiteAdmin } } } } } }""",
        {},
    ),
    "timeline": (
        """{ repository(owner: "acme", name: "app") { pullRequest(number: 12) { timelineItems(
          first: 100, itemTypes: [LABELED_EVENT, CLOSED_EVENT, MERGED_EVENT, PULL_REQUEST_REVIEW]) {
            filteredCount pageInfo { endCursor }
            nodes { kind: __typename ... on LabeledEvent { label { name } actor { login } }
              ... on ClosedEvent { id url closer { __typename } } ... on MergedEvent { pullRequest { url } }
              ... on PullRequestReview { state author { login } } } } } } }""",
        {},
    ),
    "reactions that nobody gave": (
        """{ repository(owner: "acme", name: "app") {
          pullRequests(first: 3, orderBy: {field: CREATED_AT, direction: DESC}) { nodes {
            reactions(first: 100) { totalCount nodes { content } }
            comments(first: 5) { nodes { reactionGroups { content createdAt } } } } } } }""",
        {},
    ),
    "several repositories, one missing": (
        """{ repo0: repository(name: "app", owner: "acme") { nameWithOwner databaseId }
          repo1: repository(name: "none", owner: "acme") { nameWithOwner databaseId } rateLimit { cost } }""",
        {},
    ),
    "directives by variable": (
        """query($deep: Boolean!) { viewer { login @skip(if: $deep) id @include(if: $deep)
          repositories(first: 1) @include(if: $deep) { nodes { name } } } }""",
        {"deep": True},
    ),
    "errors at several depths": (
        """{ repository(owner: "acme", name: "app") { id issue(number: 12) { id } a: pullRequest(number: 7) { id }
          b: pullRequest(number: 12) { reviews { nodes { id } } files(first: 101) { nodes { path } }
            commits(first: 1, after: "x") { nodes { id } } } } }""",
        {},
    ),
    "a dry run": ("""{ rateLimit(dryRun: true) { cost nodeCount } viewer { login } }""", {}),
    "introspection": ("""{ __type(name: "PullRequest") { name fields { name } } viewer { login } }""", {}),
}


def assert_alike(world: Bench, query: str, variables: dict[str, Any] | None = None) -> None:
    ours, theirs = world.run(query, variables), world.reference(query, variables)
    assert ours.body() == theirs.body()


@pytest.mark.parametrize("name", CORPUS)
def test_known_queries_are_answered_alike(name: str) -> None:
    query, variables = CORPUS[name]
    assert_alike(SHARED, query, variables)
    assert_alike(SHARED, query, variables)  # once more from the remembered plan


@pytest.mark.no_cover  # the same lines again and again
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(query=queries())
def test_random_queries_are_answered_alike(query: str) -> None:
    try:
        SHARED.prepare(query)
    except RefusedQueryError:  # too many nodes
        reject()
    assert_alike(SHARED, query)


def test_one_text_serves_other_variables() -> None:
    query, _ = CORPUS["directives by variable"]
    assert set(SHARED.data(query, {"deep": True})["viewer"]) == {"id", "repositories"}
    assert set(SHARED.data(query, {"deep": False})["viewer"]) == {"login"}
    assert set(SHARED.data(query, {"deep": True})["viewer"]) == {"id", "repositories"}


@pytest.mark.parametrize(
    ("field", "break_it"),
    [
        ("title", lambda pull: pull.record.update(title=None)),
        ("body", lambda pull: pull.record.pop("body")),
        ("repository", lambda pull: pull.record.update(repository=None)),
        ("reviews", lambda pull: pull.connection("reviews").__setitem__(0, None)),
        ("review", lambda pull: pull.connection("reviews")[1].update(state=None)),
        ("commit", lambda pull: pull.connection("commits")[0].update(commit=None)),
        ("owner", lambda pull: pull.record.update(headRepositoryOwner=ROBOT)),
    ],
)
def test_a_promise_that_the_world_breaks_nulls_the_same_place(field: str, break_it: Any) -> None:
    world = bench(10)
    pull = world.repository.pulls.by_number(12)
    assert pull is not None
    pull.connection("reviews")
    break_it(pull)
    query = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on PullRequest { number title body repository { name }
        headRepositoryOwner { login } reviews(first: 9) { nodes { state } }
        commits(first: 9) { nodes { commit { oid } } } } } }"""
    assert_alike(world, query, {"ids": [PULL]})
    answer = world.run(query, {"ids": [PULL]})
    assert answer.data is not None
    if field == "reviews":
        assert answer.errors == []
        assert answer.data["nodes"][0]["reviews"]["nodes"][0] is None
        return
    assert len(answer.errors) == 1
    told = "Runtime Object type 'Bot' is" if field == "owner" else "Cannot return null for non-nullable field "
    assert answer.errors[0]["message"].startswith(told)
    assert (answer.data["nodes"][0] is None) == (field in {"title", "body", "repository"})


def test_a_null_that_nothing_may_hold_leaves_no_data() -> None:
    query = "{ nodes(ids: [" + '"x", ' * 101 + "]) { id } }"
    assert_alike(SHARED, query)
    answer = SHARED.run(query)
    assert answer.data is None
    assert answer.errors == [
        {
            "type": "ARGUMENT_LIMIT",
            "path": ["nodes"],
            "locations": [{"line": 1, "column": 3}],
            "message": "You may not provide more than 100 node ids; you provided 101.",
        }
    ]


def test_keys_come_in_the_order_of_the_query() -> None:
    fields = "url reviews { totalCount } number author { login } id"
    query = f'{{ node(id: "{PULL}") {{ ... on PullRequest {{ {fields} }} }} }}'
    assert list(SHARED.data(query)["node"]) == ["url", "reviews", "number", "author", "id"]


def test_what_is_named_in_a_plan_is_not_remembered_across_askers() -> None:
    query = "{ viewer { login isViewer } }"
    prepared = SHARED.prepare(query)
    for login in ("one", "two"):
        answer = SHARED.service.execute(prepared, asker=Someone(login), rate=RATE)
        assert answer.data == {"viewer": {"login": login, "isViewer": True}}
