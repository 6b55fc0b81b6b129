"""What the ways in answer: names, numbers, ids, people, budgets, searches, and who may see what."""

from typing import Any, Literal

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, is_leaf_type

from github_sandbox.graphql.schema import load_schema
from github_sandbox.world.node_ids import node_id
from tests.sandbox.graphql_world import BOB, RATE, REPOSITORY_ID, Someone, actor, bench

SHARED = bench(20)
SCHEMA = load_schema()
NODES = {
    "PullRequest": node_id("PullRequest", REPOSITORY_ID, 400_000_012),
    "PullRequestReview": node_id("PullRequestReview", REPOSITORY_ID, 12_001),
    "PullRequestReviewThread": node_id("PullRequestReviewThread", REPOSITORY_ID, 14_000),
    "PullRequestReviewComment": node_id("PullRequestReviewComment", REPOSITORY_ID, 2**33 + 14_000),
    "IssueComment": node_id("IssueComment", REPOSITORY_ID, 12_002),
    "ReviewRequest": node_id("ReviewRequest", REPOSITORY_ID, 12),
    "Commit": node_id("Commit", REPOSITORY_ID, oid=f"{12:020x}{0:020x}"),
    "PullRequestCommit": node_id("PullRequestCommit", REPOSITORY_ID, 400_000_012, oid=f"{12:020x}{0:020x}"),
    "Issue": node_id("Issue", REPOSITORY_ID, 700_000_007),
    "Label": node_id("Label", REPOSITORY_ID, 1),
    "Repository": node_id("Repository", REPOSITORY_ID),
    "User": node_id("User", 11),
    "Bot": node_id("Bot", 13),
    "Mannequin": node_id("Mannequin", 14),
    "Organization": node_id("Organization", 15),
}
HERE = [{"line": 1, "column": 3}]


def leaves_of(kind: str) -> list[str]:
    found = SCHEMA.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    bare = {name: each.type for name, each in found.fields.items()}
    return [
        name for name, each in bare.items() if is_leaf_type(each.of_type if isinstance(each, GraphQLNonNull) else each)
    ]


def of_pull_request(fields: str) -> dict[str, Any]:
    node = SHARED.data(f'{{ node(id: "{NODES["PullRequest"]}") {{ ... on PullRequest {{ {fields} }} }} }}')["node"]
    return dict(node)


@pytest.mark.parametrize("kind", NODES)
def test_every_leaf_of_a_node_has_a_value_where_one_is_promised(kind: str) -> None:
    leaves = leaves_of(kind)
    query = f'{{ node(id: "{NODES[kind]}") {{ __typename ... on {kind} {{ {" ".join(leaves)} }} }} }}'
    found = SHARED.data(query)["node"]
    assert set(found) == {"__typename", *leaves}
    assert found["__typename"] == kind
    assert found["id"] == NODES[kind]


def test_leaves_that_follow_from_others() -> None:
    fields = "bodyText bodyHTML resourcePath permalink checksUrl revertResourcePath titleHTML viewerDidAuthor"
    assert of_pull_request(fields) == {
        "bodyText": "Body of 12",
        "bodyHTML": '<p dir="auto">Body of 12</p>',
        "resourcePath": "/acme/app/pull/12",
        "permalink": "https://github.com/acme/app/pull/12",
        "checksUrl": "https://github.com/acme/app/pull/12/checks",
        "revertResourcePath": "/acme/app/pull/12/revert",
        "titleHTML": "Change 12",
        "viewerDidAuthor": False,
    }


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ('repository(owner: "acme", name: "none") { id }', "a Repository with the name 'acme/none'."),
        ('organization(login: "alice") { id }', "an Organization with the login of 'alice'."),
        ('user(login: "acme") { id }', "a User with the login of 'acme'."),
        ('node(id: "PR_x") { id }', "a node with the global id of 'PR_x'"),
    ],
)
def test_what_is_not_there_is_not_found(field: str, message: str) -> None:
    answer = SHARED.run(f"{{ {field} }}")
    key = field.partition("(")[0]
    assert answer.data == {key: None}
    assert answer.errors == [
        {"type": "NOT_FOUND", "path": [key], "locations": HERE, "message": f"Could not resolve to {message}"}
    ]


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("pullRequest(number: 7)", "a PullRequest with the number of 7."),
        ("issue(number: 12)", "an Issue with the number of 12."),
        ("issueOrPullRequest(number: 999)", "an issue or pull request with the number of 999."),
    ],
)
def test_numbers_that_are_not_there(field: str, message: str) -> None:
    answer = SHARED.run(f'{{ repository(owner: "acme", name: "app") {{ id {field} {{ __typename }} }} }}')
    key = field.partition("(")[0]
    assert answer.data == {"repository": {"id": NODES["Repository"], key: None}}
    assert answer.errors[0]["message"] == f"Could not resolve to {message}"
    assert answer.errors[0]["path"] == ["repository", key]


def test_a_missing_node_among_nodes_nulls_its_place_alone() -> None:
    answer = SHARED.run("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [NODES["User"], "x", NODES["Bot"]]})
    assert answer.data == {"nodes": [{"id": NODES["User"]}, None, {"id": NODES["Bot"]}]}
    assert [(each["type"], each["path"]) for each in answer.errors] == [("NOT_FOUND", ["nodes", 1])]


def test_a_private_repository_exists_only_for_those_who_may_read_it() -> None:
    world = bench(5)
    world.repository.access = "private"
    pull = world.repository.pulls.by_number(10)
    assert pull is not None
    node = pull.record["id"]
    query = f'{{ a: repository(owner: "ACME", name: "App") {{ name }} b: node(id: "{node}") {{ id }} }}'
    stranger = world.run(query)
    assert stranger.data == {"a": None, "b": None}
    assert {each["type"] for each in stranger.errors} == {"NOT_FOUND"}
    reader = world.run(query, asker=Someone(private=frozenset({"acme/app"})))
    assert reader.data == {"a": {"name": "app"}, "b": {"id": node}}


@pytest.mark.parametrize("access", ["blocked", "deleted"])
def test_no_one_reads_a_node_of_a_blocked_or_deleted_repository(access: Literal["blocked", "deleted"]) -> None:
    world = bench(5)
    pull = world.repository.pulls.by_number(10)
    assert pull is not None
    query = f'{{ node(id: "{pull.record["id"]}") {{ id }} }}'
    assert world.data(query) == {"node": {"id": pull.record["id"]}}
    world.repository.access = access
    answer = world.run(query, asker=Someone(private=frozenset({"acme/app"})))
    assert answer.data == {"node": None}
    assert [each["type"] for each in answer.errors] == ["NOT_FOUND"]


def test_a_deleted_repository_is_gone_and_a_blocked_one_is_forbidden() -> None:
    world = bench(5)
    query = '{ repository(owner: "acme", name: "app") { name } }'
    world.repository.access = "deleted"
    assert world.run(query).errors[0]["type"] == "NOT_FOUND"
    world.repository.access = "blocked"
    assert world.run(query).errors[0]["type"] == "FORBIDDEN"


def test_a_former_name_leads_on_unless_told_not_to() -> None:
    world = bench(5)
    world.world.rename_repository(world.repository, BOB, "renamed")
    query = '{ repository(owner: "acme", name: "app"%s) { nameWithOwner } }'
    assert world.data(query % "")["repository"] == {"nameWithOwner": "bob/renamed"}
    assert world.run(query % ", followRenames: false").errors[0]["type"] == "NOT_FOUND"


def test_a_pending_review_is_shown_to_its_author_only() -> None:
    world = bench(10)
    pull = world.repository.pulls.by_number(12)
    assert pull is not None
    review = pull.connection("reviews")[0]
    review |= {"state": "PENDING", "submittedAt": None, "_visibleTo": "alice"}
    pull.record["_holdsPending"] = True
    query = (
        f'{{ a: node(id: "{NODES["PullRequest"]}") {{ ... on PullRequest {{ reviews(first: 9) {{ totalCount }} }} }} '
        f'b: node(id: "{review["id"]}") {{ id }} }}'
    )
    author, other = world.run(query, asker=Someone("alice")), world.run(query)
    assert author.data == {"a": {"reviews": {"totalCount": 2}}, "b": {"id": review["id"]}}
    assert other.data == {"a": {"reviews": {"totalCount": 1}}, "b": None}


def test_the_viewer_is_whoever_asks_with_or_without_an_account() -> None:
    query = '{ viewer { login databaseId isViewer } user(login: "newcomer") { id } }'
    found = SHARED.run(query, asker=Someone("newcomer", 99)).data
    assert found is not None
    assert found["viewer"] == {"login": "newcomer", "databaseId": 99, "isViewer": True}
    assert SHARED.run("{ viewer { id } }", asker=Someone("alice")).data == {"viewer": {"id": NODES["User"]}}
    own = SHARED.run(f'{{ node(id: "{found["user"]["id"]}") {{ id }} }}', asker=Someone("newcomer", 99))
    assert own.errors == []


def test_a_login_that_changed_hands_names_its_present_owner() -> None:
    world = bench(2)
    carol = world.world.add_actor(actor("User", 21, "carol"))
    world.world.rename_actor(carol, "carola")
    assert world.run('{ user(login: "carol") { id } }').errors[0]["type"] == "NOT_FOUND"
    assert world.data('{ user(login: "carola") { databaseId } }') == {"user": {"databaseId": 21}}


def test_the_budget_is_what_the_caller_was_charged() -> None:
    fields = "cost limit nodeCount remaining resetAt used"
    inner = 'repository(owner: "acme", name: "app") { pullRequests(first: 7) { totalCount } }'
    assert SHARED.data(f"{{ rateLimit {{ {fields} }} {inner} }}")["rateLimit"] == {
        "cost": 1,
        "limit": RATE.limit,
        "nodeCount": 7,
        "remaining": RATE.remaining,
        "resetAt": RATE.reset_at,
        "used": RATE.used,
    }


def test_a_dry_run_tells_the_price_and_evaluates_nothing() -> None:
    world = bench(5)
    inner = "pullRequests(first: 5) { nodes { reviews(first: 100) { nodes { id } } } }"
    asked = (
        f'repository(owner: "acme", name: "app") {{ {inner} }} ... on Query {{ rateLimit(dryRun: $dry) {{ cost }} }}'
    )
    query = f"query($dry: Boolean) {{ {asked} }}"
    prepared = world.prepare(query, {"dry": True})
    assert prepared.dry_run
    answer = world.run(query, {"dry": True})
    assert answer.data == {"rateLimit": {"cost": 1}}
    assert world.source.made_children == 0
    assert "repository" in world.data(query, {"dry": False})


def test_a_timeline_holds_all_kinds_in_the_order_of_time() -> None:
    fields = "totalCount pageCount filteredCount updatedAt nodes { __typename ... on Node { id } }"
    found = of_pull_request(f"timelineItems(first: 100) {{ {fields} }}")["timelineItems"]
    kinds = [each["__typename"] for each in found["nodes"]]
    assert set(kinds) == {
        "ReviewRequestedEvent",
        "LabeledEvent",
        "PullRequestCommit",
        "PullRequestReview",
        "IssueComment",
    }
    assert found["totalCount"] == found["pageCount"] == found["filteredCount"] == len(kinds)
    assert len({each["id"] for each in found["nodes"]}) == len(kinds)


@pytest.mark.parametrize(
    ("text", "kind", "numbers"),
    [
        ("repo:acme/app is:pr is:open sort:created-asc", "ISSUE", [6, 12, 18, 24, 30, 36]),
        ("repo:acme/app is:pr is:merged created:<2023-11-15T12:00:00Z", "ISSUE", [10, 4]),
        ("repo:acme/app is:issue sort:created-asc", "ISSUE", list(range(1, 40, 2))),
        ("repo:acme/other is:pr", "ISSUE", []),
        ('repo:acme/app "Change 18"', "ISSUE", [18]),
        ("repo:acme/app is:pr author:bob sort:updated-asc", "ISSUE", [2, 12, 22, 32]),
    ],
)
def test_searching(text: str, kind: str, numbers: list[int]) -> None:
    query = """query($q: String!, $type: SearchType!) { search(query: $q, type: $type, first: 50) { issueCount
        nodes { ... on PullRequest { number } ... on Issue { number } } } }"""
    found = SHARED.data(query, {"q": text, "type": kind})["search"]
    assert [each["number"] for each in found["nodes"]] == numbers
    assert found["issueCount"] == len(numbers)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://github.com/acme/app/pull/12", "PullRequest"),
        ("https://github.com/acme/app/issues/7", "Issue"),
        ("https://github.com/acme/app", "Repository"),
        ("https://github.com/alice", "User"),
        ("https://github.com/acme/app/wiki/x/y", None),
        ("https://example.org/", None),
    ],
)
def test_resources_by_address(url: str, kind: str | None) -> None:
    found = SHARED.data("query($url: URI!) { resource(url: $url) { __typename } }", {"url": url})["resource"]
    assert found == (None if kind is None else {"__typename": kind})


def test_reviews_are_filtered_and_latest_ones_are_one_per_author() -> None:
    fields = """approved: reviews(states: [APPROVED], first: 9) { totalCount nodes { state } }
        bobs: reviews(author: "bob", first: 9) { nodes { author { login } } }
        latestReviews(first: 9) { nodes { author { login } } } latestOpinionatedReviews { totalCount }"""
    pull = node_id("PullRequest", REPOSITORY_ID, 400_000_014)
    found: dict[str, Any] = SHARED.data(f'{{ node(id: "{pull}") {{ ... on PullRequest {{ {fields} }} }} }}')["node"]
    assert found["approved"] == {"totalCount": 1, "nodes": [{"state": "APPROVED"}]}
    assert all(each["author"]["login"] == "bob" for each in found["bobs"]["nodes"])
    logins = [each["author"]["login"] for each in found["latestReviews"]["nodes"]]
    assert len(logins) == len(set(logins))
    assert found["latestOpinionatedReviews"]["totalCount"] <= len(logins)


def test_comments_can_be_had_newest_first() -> None:
    order = "{field: UPDATED_AT, direction: DESC}"
    comments = of_pull_request(f"comments(first: 9, orderBy: {order}) {{ nodes {{ updatedAt }} }}")["comments"]
    stamps = [each["updatedAt"] for each in comments["nodes"]]
    assert len(stamps) == 5
    assert stamps == sorted(stamps, reverse=True)
