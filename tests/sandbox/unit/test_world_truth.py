"""The truth holds every visible fact once, and says what an API cannot give."""

from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import pytest

from github_sandbox.graphql.schema import load_schema
from github_sandbox.model import FIELDS, REFERENCES, Record, World, connection, patch_of
from github_sandbox.truth import truth
from github_sandbox.world.truth_rows import UNAVAILABLE
from tests.sandbox.world_checks import pulls_of, repository_of, titled, world_of

if TYPE_CHECKING:
    from graphql import GraphQLObjectType


@pytest.fixture(scope="module")
def world() -> World:
    return world_of("a/b=generate:80", "hostile")


@pytest.fixture(scope="module")
def rows(world: World) -> list[Record]:
    return list(truth(world, "a", "b"))


def of(rows: list[Record], kind: str) -> list[Record]:
    return [row for row in rows if row["kind"] == kind]


def test_every_child_has_one_row(world: World, rows: list[Record]) -> None:
    pulls = pulls_of(repository_of(world, "a", "b"))
    expected = {
        "pullRequest": len(pulls),
        "review": sum(each.total("reviews") for each in pulls),
        "reviewThread": sum(each.total("reviewThreads") for each in pulls),
        "reviewComment": sum(len(each.review_comments()) for each in pulls),
        "issueComment": sum(each.total("comments") for each in pulls),
        "commit": sum(each.total("commits") for each in pulls),
        "file": sum(each.total("files") for each in pulls),
        "assignee": sum(each.total("assignees") for each in pulls),
        "requestedReviewer": sum(each.total("reviewRequests") for each in pulls),
    }
    counted = Counter(row["kind"] for row in rows)
    assert {kind: counted[kind] for kind in expected} == expected
    assert all(expected.values())


def test_rows_are_of_their_kind(rows: list[Record]) -> None:
    kinds = {
        "user": {"User", "Bot", "Mannequin", "Organization"},
        "repository": {"Repository"},
        "pullRequest": {"PullRequest"},
        "review": {"PullRequestReview"},
        "reviewThread": {"PullRequestReviewThread"},
        "reviewComment": {"PullRequestReviewComment"},
        "issueComment": {"IssueComment"},
        "commit": {"Commit"},
        "file": {"PullRequestChangedFile"},
        "milestone": {"Milestone"},
        "assignee": {"User"},
    }
    for kind, types in kinds.items():
        assert {row["__typename"] for row in of(rows, kind)} <= types, kind


def test_ids_are_unique_in_their_kind(rows: list[Record]) -> None:
    ids = Counter((row["kind"], row["id"]) for row in rows)
    assert not [key for key, count in ids.items() if count > 1]


def test_an_actor_stands_before_whoever_names_it(rows: list[Record]) -> None:
    told: set[str] = set()
    for row in rows:
        if row["kind"] in {"user", "team"}:
            told.add(row["id"])
        for name in ("author", "editor", "mergedBy", "resolvedBy", "owner", "creator"):
            value = row.get(name)
            if isinstance(value, str):
                assert value in told, (row["kind"], name)


def test_rows_hold_scalars_and_ids_only(rows: list[Record]) -> None:
    for row in rows:
        for key, value in row.items():
            assert not key.startswith("_") or key == "__typename"
            if key not in {"unavailable", "author", "committer", "parents"}:
                assert isinstance(value, str | int | float | bool | None), (row["kind"], key)


def test_what_is_unavailable_are_facts_of_the_row(rows: list[Record]) -> None:
    for row in rows:
        lacks: Any = row.get("unavailable", {})
        if isinstance(lacks, dict):
            for fields in lacks.values():
                assert set(fields) <= row.keys(), row["kind"]


def test_threads_are_unknown_to_rest(rows: list[Record]) -> None:
    assert all(row["unavailable"] == ["rest"] for row in of(rows, "reviewThread"))


def test_patches_are_unknown_to_graphql(rows: list[Record]) -> None:
    for row in of(rows, "file"):
        assert row["unavailable"] == {"graphql": ["patch", "previousPath", "sha"]}
        patch = row["patch"]
        if patch is not None:
            signs = Counter(line[0] for line in patch.splitlines())
            assert (signs["+"], signs["-"]) == (row["additions"], row["deletions"])


def test_commits_beyond_250_are_unknown_to_rest(world: World) -> None:
    number = titled(repository_of(world, "hostile", "everything"), "more than a hundred commits").number
    rows = [
        row for row in truth(world, "hostile", "everything") if row["kind"] == "commit" and row["pullRequest"] == number
    ]
    assert [row["position"] for row in rows] == list(range(270))
    assert [row["position"] for row in rows if row["unavailable"] == ["rest"]] == list(range(250, 270))


def test_files_beyond_3000_are_unknown_to_all(world: World) -> None:
    number = titled(repository_of(world, "hostile", "everything"), "more than three thousand files").number
    rows = list(truth(world, "hostile", "everything"))
    (pull,) = [row for row in of(rows, "pullRequest") if row["number"] == number]
    assert pull["changedFiles"] == 3_105
    assert sum(row["pullRequest"] == number for row in of(rows, "file")) == 3_000


@pytest.mark.parametrize("name", ["deleted", "blocked"])
def test_a_repository_that_is_gone_has_one_row(world: World, name: str) -> None:
    *_, row = truth(world, "hostile", name)
    assert (row["kind"], row["access"], row["unavailable"]) == ("repository", name, ["rest", "graphql"])


def test_a_former_name_tells_the_same_truth(world: World) -> None:
    assert list(truth(world, "hostile", "renamed")) == list(truth(world, "hostile", "renamed-since"))


def test_no_such_repository(world: World) -> None:
    with pytest.raises(KeyError):
        list(truth(world, "no", "where"))


def test_references_are_followed_by_id(world: World, rows: list[Record]) -> None:
    pull = next(iter(of(rows, "pullRequest")))
    record = pulls_of(repository_of(world, "a", "b"))[0].record
    for name in set(REFERENCES["PullRequest"]) & {"author", "mergedBy", "milestone", "headRepository"}:
        assert pull[name] == (record[name]["id"] if record[name] else None)
    for pull_request in pulls_of(repository_of(world, "a", "b")):
        for file in pull_request.connection("files"):
            assert (patch_of(file) is None) is not file["_restHasPatch"]
        for thread in pull_request.connection("reviewThreads"):
            assert connection(thread, "comments")


def test_the_table_names_kinds_that_exist() -> None:
    assert UNAVAILABLE.keys() <= FIELDS.keys()


def test_graphql_lacks_just_the_facts_that_its_schema_has_no_field_for(world: World) -> None:
    schema, seen = load_schema(), set()
    for row in (*truth(world, "hostile", "everything"), *truth(world, "hostile", "archived")):
        kind = row.get("__typename")
        if kind is None or kind in seen or row["kind"] in {"assignee", "requestedReviewer"}:
            continue
        seen.add(kind)
        fields = cast("GraphQLObjectType", schema.type_map[kind]).fields
        lacks = set(row.keys()) & set(FIELDS[kind]) - fields.keys() - {"__typename"}
        marks = row.get("unavailable", {})
        marked = set(marks.get("graphql", ())) if isinstance(marks, dict) else set()
        assert marked & set(FIELDS[kind]) == lacks, kind
    assert {"User", "Bot", "Mannequin", "Organization", "Team", "Repository", "Commit", "IssueComment"} <= seen


def test_rest_tells_of_a_repository_what_is_not_marked(world: World) -> None:
    record = repository_of(world, "hostile", "archived").record
    (row,) = [row for row in truth(world, "hostile", "archived") if row["kind"] == "repository"]
    assert (row["isArchived"], row["archivedAt"], row["isEmpty"]) == (True, record["archivedAt"], False)
    assert row["unavailable"] == {"rest": ["archivedAt", "isEmpty", "isLocked"]}
