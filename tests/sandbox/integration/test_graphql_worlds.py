"""Everything that can be asked of the sandbox's own worlds has an answer, and both engines give the same."""

from functools import cache

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from github_sandbox.graphql import Executed, GraphQLService, Prepared
from github_sandbox.graphql.schema import load_schema
from github_sandbox.population import build_world
from github_sandbox.world.state import World
from tests.sandbox.graphql_world import RATE, Someone

NOW = 1_780_000_000
UNAVAILABLE = "The changedFiles count for this commit is unavailable."
REPOSITORIES = ["hostile/everything", "hostile/archived", "hostile/empty", "made/up"]
PERSON = """{ __typename login url avatarUrl resourcePath ... on User { id databaseId name email isSiteAdmin }
  ... on Bot { id databaseId createdAt } ... on Mannequin { id databaseId createdAt }
  ... on Organization { id name } }"""


@cache
def world() -> World:
    return build_world(lambda: NOW, 7, ["hostile", "made/up=generate:30"])


@cache
def service() -> GraphQLService:
    return GraphQLService(world())


def leaves(kind: str) -> str:
    found = load_schema().type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    return " ".join(name for name, each in found.fields.items() if is_leaf_type(get_named_type(each.type)))


def everything(name: str) -> Prepared:
    owner, _, short = name.partition("/")
    comment = f"{leaves('PullRequestReviewComment')} author {PERSON} replyTo {{ id }} originalCommit {{ oid }}"
    commit = f"""{leaves("Commit")} author {{ {leaves("GitActor")} user {{ login }} }} committer {{ name }}
      authors(first: 9) {{ nodes {{ name }} }} parents(first: 9) {{ nodes {{ oid }} }}"""
    pull = f"""{leaves("PullRequest")} author {PERSON} mergedBy {PERSON} editor {PERSON}
      baseRef {{ name target {{ oid }} }} headRef {{ name }}
      headRepository {{ nameWithOwner }} headRepositoryOwner {{ login }} mergeCommit {{ oid }}
      milestone {{ {leaves("Milestone")} creator {PERSON} }} labels(first: 99) {{ nodes {{ {leaves("Label")} }} }}
      assignees(first: 99) {{ nodes {{ {leaves("User")} }} }} participants(first: 9) {{ totalCount nodes {{ login }} }}
      reviewRequests(first: 9) {{ nodes {{ {leaves("ReviewRequest")} requestedReviewer {{ __typename
        ... on User {{ login }} ... on Team {{ {leaves("Team")} }} ... on Bot {{ login }} }} }} }}
      reviews(first: 99) {{ totalCount nodes {{ {leaves("PullRequestReview")} author {PERSON} commit {{ oid }} }} }}
      comments(first: 99) {{ totalCount nodes {{ {leaves("IssueComment")} author {PERSON} }} }}
      reviewThreads(first: 50) {{ totalCount nodes {{ {leaves("PullRequestReviewThread")} resolvedBy {{ login }}
        comments(first: 9) {{ totalCount nodes {{ {comment} }} }} }} }}
      commits(first: 50) {{ totalCount nodes {{ {leaves("PullRequestCommit")} commit {{ {commit} }} }} }}
      files(first: 99) {{ totalCount nodes {{ {leaves("PullRequestChangedFile")} }} }}
      timelineItems(first: 50) {{ totalCount nodes {{ __typename ... on Node {{ id }} }} }}
      closingIssuesReferences(first: 9) {{ totalCount nodes {{ {leaves("Issue")} }} }}"""
    query = f"""{{ repository(owner: "{owner}", name: "{short}") {{ {leaves("Repository")} owner {{ login }}
      labels(first: 99) {{ nodes {{ {leaves("Label")} }} }} issues(first: 9) {{ nodes {{ {leaves("Issue")} }} }}
      pullRequests(first: 50) {{ totalCount nodes {{ {pull} }} }} }} }}"""
    return service().prepare(query, None)


def run(prepared: Prepared) -> Executed:
    return service().execute(prepared, asker=Someone(), rate=RATE)


@pytest.mark.parametrize("name", REPOSITORIES)
def test_every_field_of_every_record_has_the_value_that_the_schema_promises(name: str) -> None:
    answer = run(everything(name))
    assert {each["message"] for each in answer.errors} <= {UNAVAILABLE}
    found = world().repository(*name.split("/"))
    assert found is not None
    assert answer.data is not None
    assert answer.data["repository"]["pullRequests"]["totalCount"] == found.pulls.count


@pytest.mark.parametrize("name", REPOSITORIES)
def test_both_engines_answer_alike(name: str) -> None:
    prepared = everything(name)
    theirs = service().execute_by_reference(prepared, asker=Someone(), rate=RATE)
    assert run(prepared).body() == theirs.body()


@pytest.mark.parametrize(
    ("name", "kind"), [("private", "NOT_FOUND"), ("deleted", "NOT_FOUND"), ("blocked", "FORBIDDEN")]
)
def test_repositories_that_cannot_be_read(name: str, kind: str) -> None:
    prepared = service().prepare(f'{{ repository(owner: "hostile", name: "{name}") {{ id }} }}', None)
    answer = run(prepared)
    assert answer.data == {"repository": None}
    assert [each["type"] for each in answer.errors] == [kind]


def test_a_walk_over_every_page_of_every_connection_reads_what_is_shown() -> None:
    """More than 100 of each, page by page: nothing twice, nothing missed."""
    repository = world().repository("hostile", "everything")
    assert repository is not None
    for number in repository.pulls.numbers():
        pull = repository.pulls.by_number(number)
        assert pull is not None
        for connection in ("reviews", "comments", "reviewThreads", "commits", "files"):
            shown = pull.shown(connection, "reader")
            if len(shown) <= 100:
                continue
            key = "path" if connection == "files" else "id"
            assert walk(pull.record["id"], connection, key) == [each[key] for each in shown]


def walk(node: str, connection: str, key: str) -> list[str]:
    query = f"""query($id: ID!, $after: String) {{ node(id: $id) {{ ... on PullRequest {{
      {connection}(first: 100, after: $after) {{ nodes {{ {key} }} pageInfo {{ hasNextPage endCursor }} }} }} }} }}"""
    seen: list[str] = []
    after = None
    while True:
        answer = run(service().prepare(query, {"id": node, "after": after}))
        assert answer.data is not None
        page = answer.data["node"][connection]
        seen += [each[key] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return seen
