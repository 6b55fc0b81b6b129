"""Records have exactly the documented keys, ids that lead back to them, and times that agree."""

import pytest

from github_sandbox.model import Repository, World, connection
from tests.sandbox.world_checks import (
    WITHOUT_ID,
    check_form,
    check_moments,
    pulls_of,
    records_of,
    repository_of,
    world_of,
)


@pytest.fixture(scope="module")
def world() -> World:
    return world_of("sandbox/demo=generate:60", "hostile")


@pytest.fixture(scope="module")
def demo(world: World) -> Repository:
    return repository_of(world, "sandbox", "demo")


def test_generated_and_hostile_records_have_the_documented_keys(world: World) -> None:
    for repository in world.repositories():
        check_form(repository.record)
        for name in ("labels", "milestones", "assignableUsers"):
            for each in connection(repository.record, name):
                check_form(each)
        for pull in pulls_of(repository):
            for record in records_of(pull):
                check_form(record)
    for actor in world.actors():
        check_form(actor)


def test_issues_fill_every_gap_and_have_the_documented_keys(demo: Repository) -> None:
    numbers = {each.number for each in pulls_of(demo)}
    issues = demo.issue_numbers()
    assert issues
    assert numbers.isdisjoint(issues)
    assert numbers | set(issues) == set(range(1, demo.last_number + 1))
    commented = set(demo.commented_issues())
    for number in issues:
        issue = demo.issue(number)
        assert issue is not None
        check_form(issue)
        assert bool(connection(issue, "comments")) is (number in commented)
        assert demo.issue_by_id(issue["databaseId"]) is issue
    assert demo.issue(min(numbers)) is None
    assert demo.issue(demo.last_number + 1) is None


def test_every_id_leads_to_its_own_record(world: World) -> None:
    seen: dict[str, int] = {}
    for repository in world.repositories():
        for pull in pulls_of(repository):
            for record in records_of(pull):
                kind = record["__typename"]
                if kind in WITHOUT_ID or kind == "Commit":
                    continue
                assert world.node(record["id"]) is record, kind
                assert seen.setdefault(record["id"], id(record)) == id(record), kind
            for edge in pull.connection("commits"):
                assert world.node(edge["commit"]["id"]) is edge["commit"]


def test_an_issue_comment_is_found_by_its_id(world: World, demo: Repository) -> None:
    issue = demo.issue(demo.commented_issues()[0])
    assert issue is not None
    for comment in connection(issue, "comments"):
        assert world.node(comment["id"]) is comment


@pytest.mark.parametrize(
    "node_id", ["", "PR", "PR_", "PR_kwDO", "X_kwDOAAAAAQ", "PR_kwDO\xe9", "U_kgDOAAAAAQ", "R_kgDO"]
)
def test_what_is_no_id_leads_nowhere(world: World, node_id: str) -> None:
    assert world.node(node_id) is None


def test_no_child_is_younger_than_its_pull_request_says(demo: Repository) -> None:
    for pull in pulls_of(demo):
        assert pull.record["createdAt"] <= pull.record["updatedAt"]
        assert pull.record["closedAt"] is None or pull.record["closedAt"] <= pull.record["updatedAt"]
        for record in records_of(pull):
            check_moments(record)


def test_sizes_and_counts_agree_with_the_children(demo: Repository) -> None:
    for pull in pulls_of(demo):
        record = pull.record
        stated = {name: pull.total(name) for name in ("reviews", "reviewThreads", "comments", "commits", "files")}
        spoken = list(pull.review_comments_of_all())
        files = pull.connection("files")
        assert stated == {name: len(pull.connection(name)) for name in stated}
        assert record["changedFiles"] == len(files) == len({each["path"] for each in files})
        assert record["additions"] == sum(each["additions"] for each in files)
        assert record["deletions"] == sum(each["deletions"] for each in files)
        assert record["_restReviewComments"] == len(spoken)
        assert record["totalCommentsCount"] == len(spoken) + stated["comments"]
        assert record["headRefOid"] == pull.connection("commits")[-1]["commit"]["oid"]


def test_review_comments_belong_to_one_thread_and_one_review(demo: Repository) -> None:
    for pull in pulls_of(demo):
        by_review = [each["id"] for review in pull.connection("reviews") for each in connection(review, "comments")]
        by_thread = [each["id"] for each in pull.review_comments_of_all()]
        assert sorted(by_review) == sorted(by_thread)
        for thread in pull.connection("reviewThreads"):
            first, *answers = connection(thread, "comments")
            assert first["replyTo"] is None
            assert all(each["replyTo"] is first and each["_thread"] is thread for each in answers)
