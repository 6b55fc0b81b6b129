"""Arguments that choose and order records: labels, milestones, issues, repositories, threads, searches."""

from typing import Any

import pytest

from github_sandbox.graphql import RefusedQueryError
from github_sandbox.world.node_ids import node_id
from tests.sandbox.graphql_world import REPOSITORY_ID, Bench, bench, made

SHARED = bench(20)


def repository(fields: str, world: Bench = SHARED) -> dict[str, Any]:
    answer = world.data(f'{{ repository(owner: "acme", name: "app") {{ {fields} }} }}')
    return dict(answer["repository"])


def milestone(number: int, state: str, due: str | None) -> dict[str, Any]:
    return made(
        "Milestone",
        id=node_id("Milestone", REPOSITORY_ID, number),
        number=number,
        title=f"Release {number}",
        state=state,
        dueOn=due,
        createdAt=f"2025-01-0{number}T00:00:00Z",
        updatedAt=f"2025-02-0{9 - number}T00:00:00Z",
    )


def test_labels_by_name_and_in_order() -> None:
    found = repository(
        """upward: labels(first: 9, orderBy: {field: NAME, direction: DESC}) { nodes { name } }
        asked: labels(first: 9, query: "EL-1") { totalCount nodes { name } }
        one: label(name: "LABEL-2") { name } none: label(name: "x") { name }"""
    )
    assert [each["name"] for each in found["upward"]["nodes"]] == ["label-2", "label-1", "label-0"]
    assert found["asked"] == {"totalCount": 1, "nodes": [{"name": "label-1"}]}
    assert (found["one"], found["none"]) == ({"name": "label-2"}, None)


def test_milestones_by_state_and_in_order() -> None:
    world = bench(2)
    world.repository.record["_connections"]["milestones"] += [
        milestone(1, "OPEN", None),
        milestone(2, "CLOSED", "2025-09-01T00:00:00Z"),
        milestone(3, "OPEN", "2025-08-01T00:00:00Z"),
    ]
    found = repository(
        """open: milestones(first: 9, states: [OPEN]) { nodes { number } }
        due: milestones(first: 9, orderBy: {field: DUE_DATE, direction: DESC}) { nodes { number } }
        updated: milestones(first: 9, orderBy: {field: UPDATED_AT, direction: ASC}) { nodes { number } }
        two: milestone(number: 2) { title } none: milestone(number: 7) { title }""",
        world,
    )
    numbers = {key: [each["number"] for each in found[key]["nodes"]] for key in ("open", "due", "updated")}
    assert numbers == {"open": [1, 3], "due": [2, 3, 1], "updated": [3, 2, 1]}
    assert (found["two"], found["none"]) == ({"title": "Release 2"}, None)


def test_issues_by_state_and_in_order() -> None:
    found = repository(
        """all: issues(first: 2, orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { number } }
        updated: issues(first: 2, states: [OPEN], orderBy: {field: UPDATED_AT, direction: ASC}) { nodes { number } }
        talked: issues(last: 1, orderBy: {field: COMMENTS, direction: ASC}) { nodes { number } }
        closed: issues(states: [CLOSED]) { totalCount } labelled: issues(labels: ["label-1"]) { totalCount }"""
    )
    assert found["all"] == {"totalCount": 20, "nodes": [{"number": 39}, {"number": 37}]}
    assert found["updated"] == {"nodes": [{"number": 1}, {"number": 3}]}
    assert found["talked"] == {"nodes": [{"number": 39}]}
    assert (found["closed"], found["labelled"]) == ({"totalCount": 0}, {"totalCount": 0})


def test_the_repositories_of_an_account() -> None:
    fields = "repositories(first: 9%s) { totalCount nodes { nameWithOwner } }"
    query = f"""{{ organization(login: "acme") {{ {fields % ""} app: repository(name: "app") {{ name }}
        gone: repository(name: "gone") {{ name }} }} user(login: "alice") {{ {fields % ""} }}
        repositoryOwner(login: "acme") {{ ... on Organization {{ private: {fields % ", privacy: PRIVATE"} }} }}
        bot: repositoryOwner(login: "dependabot") {{ login }} }}"""
    assert SHARED.data(query) == {
        "organization": {
            "repositories": {"totalCount": 1, "nodes": [{"nameWithOwner": "acme/app"}]},
            "app": {"name": "app"},
            "gone": None,
        },
        "user": {"repositories": {"totalCount": 0, "nodes": []}},
        "repositoryOwner": {"private": {"totalCount": 0, "nodes": []}},
        "bot": None,
    }


def test_a_threads_first_comments_can_be_skipped() -> None:
    thread = node_id("PullRequestReviewThread", REPOSITORY_ID, 14_000)
    fields = "all: comments(first: 9) { nodes { id } } rest: comments(first: 9, skip: 1) { totalCount nodes { id } }"
    found = SHARED.data(f'{{ node(id: "{thread}") {{ ... on PullRequestReviewThread {{ {fields} }} }} }}')["node"]
    assert found["rest"] == {"totalCount": 1, "nodes": found["all"]["nodes"][1:]}


def test_a_timeline_from_a_time_on_without_its_beginning() -> None:
    pull = node_id("PullRequest", REPOSITORY_ID, 400_000_012)
    since = SHARED.data(
        f'{{ node(id: "{pull}") {{ ... on PullRequest {{ comments(first: 1) {{ nodes {{ createdAt }} }} }} }} }}'
    )
    stamp = since["node"]["comments"]["nodes"][0]["createdAt"]
    fields = f"""late: timelineItems(first: 99, since: "{stamp}") {{ totalCount nodes {{ __typename }} }}
        all: timelineItems {{ totalCount }} rest: timelineItems(skip: 3) {{ totalCount }}"""
    found = SHARED.data(f'{{ node(id: "{pull}") {{ ... on PullRequest {{ {fields} }} }} }}')["node"]
    assert {each["__typename"] for each in found["late"]["nodes"]} == {"IssueComment"}
    assert found["rest"]["totalCount"] == found["all"]["totalCount"] - 3


def test_commits_are_found_by_their_full_id_only() -> None:
    oid = f"{12:020x}{0:020x}"
    found = repository(
        f"""commit: object(oid: "{oid}") {{ oid ... on Commit {{ messageHeadline }} }}
        short: object(expression: "{oid[:7]}") {{ oid }} branch: object(expression: "main:README.md") {{ oid }}
        languages(first: 3) {{ nodes {{ name }} edges {{ size }} }}"""
    )
    assert found == {
        "commit": {"oid": oid, "messageHeadline": "Change it"},
        "short": None,
        "branch": None,
        "languages": {"nodes": [{"name": "Python"}], "edges": [{"size": 0}]},
    }


@pytest.mark.parametrize(
    ("text", "kind", "count"),
    [
        ("app user:acme", "REPOSITORY", 1),
        ("user:bob", "REPOSITORY", 0),
        ("ali", "USER", 1),
        ("anything", "DISCUSSION", 0),
        ("repo:acme/app is:closed is:unmerged is:pr", "ISSUE", 7),
        ("repo:acme/app is:pr label:LABEL-1 language:python", "ISSUE", 20),
        ("repo:acme/app is:pr closed:*..2030-01-01", "ISSUE", 14),
        ("repo:acme/app is:pr created:2023-11-14..2023-11-14", "ISSUE", 0),
        ("repo:acme/app is:pr created:2023-11-15", "ISSUE", 12),
        ("repo:acme/app is:pr created:>=2023-11-16", "ISSUE", 8),
        ('repo:acme/app "unclosed', "ISSUE", 0),
    ],
)
def test_searching_by_kind_and_qualifier(text: str, kind: str, count: int) -> None:
    fields = "issueCount repositoryCount userCount discussionCount nodes { __typename }"
    query = f"query($q: String!, $type: SearchType!) {{ search(query: $q, type: $type, first: 100) {{ {fields} }} }}"
    found = SHARED.data(query, {"q": text, "type": kind})["search"]
    assert len(found["nodes"]) == count
    assert {name: each for name, each in found.items() if name != "nodes"} == {
        "issueCount": count if kind == "ISSUE" else 0,
        "repositoryCount": count if kind == "REPOSITORY" else 0,
        "userCount": count if kind == "USER" else 0,
        "discussionCount": 0,
    }


def test_search_pages_by_offset() -> None:
    query = """query($after: String) { search(query: "repo:acme/app is:pr sort:created-asc", type: ISSUE, first: 15,
        after: $after) { pageInfo { hasNextPage endCursor } nodes { ... on PullRequest { number } } } }"""
    first = SHARED.data(query)["search"]
    rest = SHARED.data(query, {"after": first["pageInfo"]["endCursor"]})["search"]
    assert [each["number"] for each in first["nodes"] + rest["nodes"]] == list(range(2, 41, 2))
    assert not rest["pageInfo"]["hasNextPage"]


def test_a_cursor_of_a_commit_that_a_force_push_replaced_goes_on_in_the_same_place() -> None:
    world = bench(10)
    pull = world.repository.pulls.by_number(14)
    assert pull is not None
    commits = pull.connection("commits")
    assert len(commits) == 3
    query = """query($id: ID!, $after: String) { node(id: $id) { ... on PullRequest {
        commits(first: 1, after: $after) { nodes { commit { oid } } pageInfo { endCursor } } } } }"""
    first = world.data(query, {"id": pull.record["id"]})["node"]["commits"]
    last = commits[2]["commit"]["oid"]
    del commits[:2]
    rest = world.data(query, {"id": pull.record["id"], "after": first["pageInfo"]["endCursor"]})["node"]["commits"]
    assert [each["commit"]["oid"] for each in rest["nodes"]] == [last]


def test_a_misplaced_fragment_is_refused_with_its_name() -> None:
    with pytest.raises(RefusedQueryError) as refused:
        SHARED.prepare("{ viewer { ...F } } fragment F on Bot { id }")
    assert refused.value.errors[0]["path"] == ["query", "viewer", "... F"]
