"""Each change does what the reference says, moves `updatedAt` by the table, or is refused in one sentence."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from github_sandbox.changes import KINDS, MOVES_UPDATED_AT, SWITCH, ChangeError, apply_change
from github_sandbox.http.encoding import dumps
from github_sandbox.model import PullRequest, Record, World, connection, iso
from github_sandbox.truth import truth
from tests.sandbox.world_checks import NOW, check_form, pulls_of, records_of, repository_of, titled, world_of

IN = {"repository": "a/b"}
Change = Callable[..., list[Record]]


@pytest.fixture
def world() -> World:
    return world_of("a/b=generate:60")


@pytest.fixture
def pull(world: World) -> PullRequest:
    """A closed pull request with children of every kind, long untouched."""
    wanted = ("reviews", "reviewThreads", "comments", "commits", "files")
    pulls = repository_of(world, "a", "b").pulls
    made = (x for number in pulls.numbers() if (x := pulls.by_number(number)))
    full = (x for x in made if all(x.total(name) for name in wanted))
    return next(x for x in full if x.record["state"] == "CLOSED")


@pytest.fixture
def change(world: World, pull: PullRequest) -> Change:
    def apply(kind: str, **fields: Any) -> list[Record]:
        return apply_change(world, {"type": kind, **IN, "number": pull.number, **fields})

    return apply


# What each change of a pull request needs beside its number, and what must be so before.
FIELDS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "pull_request.edit": ({"title": "Another title"}, ()),
    "pull_request.close": ({}, ("pull_request.reopen",)),
    "pull_request.merge": ({}, ("pull_request.reopen",)),
    "pull_request.reopen": ({}, ()),
    "pull_request.push": ({"commits": 2}, ()),
    "pull_request.force_push": ({"commits": 3, "files": 5}, ()),
    "pull_request.label": ({"label": "bug"}, ()),
    "pull_request.unlabel": ({"label": "bug"}, ()),
    "review.submit": ({"state": "APPROVED"}, ()),
    "review.edit": ({"body": "Other words"}, ()),
    "review.dismiss": ({}, ("review.submit",)),
    "thread.comment": ({}, ()),
    "thread.resolve": ({}, ()),
    "thread.unresolve": ({}, ()),
    "thread_comment.edit": ({"body": "Other words"}, ()),
    "thread_comment.delete": ({}, ()),
    "comment.add": ({}, ()),
    "comment.edit": ({"body": "Other words"}, ()),
    "comment.delete": ({}, ()),
}


def test_the_tables_name_every_change() -> None:
    elsewhere = {kind for kind in KINDS if kind.startswith(("repository.", "user."))}
    assert FIELDS.keys() | {"pull_request.open", "user.rename"} == MOVES_UPDATED_AT.keys()
    assert MOVES_UPDATED_AT.keys() | elsewhere | {SWITCH} == set(KINDS)


@pytest.mark.no_cover  # the same lines for each kind of change
@pytest.mark.parametrize("moves", [None, True, False])
@pytest.mark.parametrize("kind", FIELDS)
def test_what_moves_updated_at(world: World, pull: PullRequest, change: Change, kind: str, moves: bool | None) -> None:  # noqa: FBT001
    fields, before = FIELDS[kind]
    for each in before:
        change(each, **FIELDS[each][0])
    if moves is not None:
        apply_change(world, {"type": SWITCH, "moves": {kind: moves}})
    world.now = lambda: NOW + 3_600
    stamp, revision = pull.record["updatedAt"], world.revision
    change(kind, **fields)
    moved = MOVES_UPDATED_AT[kind] if moves is None else moves
    assert pull.record["updatedAt"] == (iso(NOW + 3_600) if moved else stamp)
    assert world.revision == revision + 1
    last = repository_of(world, "a", "b").pulls.keys("UPDATED_AT")[-1]
    assert (last[1] == pull.number) is (moved or bool(before))
    for record in records_of(pull):
        check_form(record)


def test_the_default_table_is_the_issue_s() -> None:
    still = {kind for kind, moves in MOVES_UPDATED_AT.items() if not moves}
    assert still == {
        "thread.resolve", "thread.unresolve", "review.edit", "thread_comment.edit", "thread_comment.delete",
        "comment.edit", "comment.delete", "user.rename",
    }  # fmt: skip


@pytest.mark.parametrize("moves", [False, True])
def test_a_rename_may_move_all_that_the_user_wrote(world: World, *, moves: bool) -> None:
    repository = repository_of(world, "a", "b")
    pulls = pulls_of(repository)
    user = next(each.record["author"] for each in pulls if each.record["author"]["__typename"] == "User")
    written = {each.number for each in pulls if each.record["author"] is user}
    before = {each.number: each.record["updatedAt"] for each in pulls}
    if moves:
        apply_change(world, {"type": SWITCH, "moves": {"user.rename": True}})
    world.now = lambda: NOW + 3_600
    assert apply_change(world, {"type": "user.rename", "login": user["login"], "to": "somebody-new"}) == []
    for each in pulls_of(repository):
        moved = moves and each.number in written
        assert each.record["updatedAt"] == (iso(NOW + 3_600) if moved else before[each.number])
    last = {number for _, number in repository.pulls.keys("UPDATED_AT")[-len(written) :]}
    assert (last == written) is moves


def test_open(world: World) -> None:
    repository = repository_of(world, "a", "b")
    before = repository.last_number
    (event,) = apply_change(
        world, {"type": "pull_request.open", **IN, "title": "New", "commits": 3, "files": 4, "author": "nova"}
    )
    made = repository.pulls.by_number(before + 1)
    assert made is not None
    assert (made.record["title"], made.record["state"], made.record["author"]["login"]) == ("New", "OPEN", "nova")
    assert (made.total("commits"), made.total("files"), made.record["changedFiles"]) == (3, 4, 4)
    assert made.record["createdAt"] == iso(NOW)
    assert world.node(made.record["id"]) is made.record
    assert repository.pulls.keys("CREATED_AT")[-1] == (NOW, before + 1)
    assert event["payload"]["number"] == before + 1
    for record in records_of(made):
        check_form(record)


def test_close_reopen_merge(pull: PullRequest, change: Change) -> None:
    change("pull_request.reopen")
    assert (pull.record["state"], pull.record["closedAt"], pull.record["closed"]) == ("OPEN", None, False)
    change("pull_request.close")
    assert (pull.record["state"], pull.record["closedAt"]) == ("CLOSED", iso(NOW))
    change("pull_request.reopen")
    change("pull_request.merge", by="merger")
    record = pull.record
    assert (record["state"], record["mergedAt"], record["mergedBy"]["login"]) == ("MERGED", iso(NOW), "merger")
    assert pull.repository.commit(record["mergeCommit"]["oid"]) is record["mergeCommit"]
    with pytest.raises(ChangeError, match="MERGED, and must be OPEN"):
        change("pull_request.close")
    with pytest.raises(ChangeError, match="MERGED, and must be CLOSED"):
        change("pull_request.reopen")


def test_force_push_replaces_commits_and_files(pull: PullRequest, change: Change) -> None:
    old = [each["commit"]["oid"] for each in pull.connection("commits")]
    (event,) = change("pull_request.force_push", commits=2, files=3)
    new = [each["commit"]["oid"] for each in pull.connection("commits")]
    assert len(new) == 2
    assert not set(old) & set(new)
    assert all(pull.repository.commit(oid) is not None for oid in (*old, *new))
    assert (event["payload"]["before"], event["payload"]["after"]) == (old[-1], new[-1])
    files = pull.connection("files")
    assert pull.record["changedFiles"] == len(files) == 3
    assert pull.record["additions"] == sum(each["additions"] for each in files)
    assert all(each["isOutdated"] for each in pull.connection("reviewThreads"))


def test_push_keeps_the_old_commits(pull: PullRequest, change: Change) -> None:
    old = list(pull.connection("commits"))
    change("pull_request.push", commits=2)
    new = pull.connection("commits")
    assert new[: len(old)] == old
    assert connection(new[-1]["commit"], "parents")[0] is new[-2]["commit"]
    assert pull.record["headRefOid"] == new[-1]["commit"]["oid"]


def test_reviews(pull: PullRequest, change: Change) -> None:
    change("review.submit", author="nova", state="CHANGES_REQUESTED", body="No")
    review = pull.connection("reviews")[-1]
    assert (review["author"]["login"], review["state"], review["body"]) == ("nova", "CHANGES_REQUESTED", "No")
    assert pull.record["reviewDecision"] == "CHANGES_REQUESTED"
    change("review.edit", review=review["id"], body="Not yet")
    assert (review["body"], review["lastEditedAt"]) == ("Not yet", iso(NOW))
    change("review.dismiss", review=review["fullDatabaseId"])
    assert review["state"] == "DISMISSED"
    assert pull.record["reviewDecision"] != "CHANGES_REQUESTED"
    with pytest.raises(ChangeError, match="give one of APPROVED"):
        change("review.submit", state="PENDING")


def test_threads(world: World, pull: PullRequest, change: Change) -> None:
    count = pull.record["totalCommentsCount"]
    change("thread.comment", path="new.py", line=0, body="First")
    thread = pull.connection("reviewThreads")[-1]
    assert (thread["path"], thread["subjectType"]) == ("new.py", "FILE")
    change("thread.comment", thread=thread["id"], body="Second")
    first, second = connection(thread, "comments")
    assert [each["replyTo"] for each in (first, second)] == [None, first]
    assert pull.record["totalCommentsCount"] == count + 2
    assert world.node(second["id"]) is second
    change("thread_comment.edit", comment=second["fullDatabaseId"], body="Better")
    assert second["body"] == "Better"
    change("thread.resolve", thread=thread["id"], by="nova")
    assert (thread["isResolved"], thread["resolvedBy"]["login"]) == (True, "nova")
    change("thread.unresolve", thread=thread["id"])
    assert (thread["isResolved"], thread["resolvedBy"]) == (False, None)
    change("thread_comment.delete", comment=first["id"])
    assert connection(thread, "comments") == [second]
    assert second["replyTo"] is None
    change("thread_comment.delete", comment=second["id"])
    assert all(each is not thread for each in pull.connection("reviewThreads"))
    assert world.node(second["id"]) is None
    assert pull.record["totalCommentsCount"] == count


def test_comment_on_a_pull_request_closed_long_ago(world: World, pull: PullRequest, change: Change) -> None:
    assert pull.record["closedAt"] < iso(NOW - 86_400 * 30)
    change("comment.add", author="nova", body="Still so?")
    comment = pull.connection("comments")[-1]
    assert (comment["body"], comment["createdAt"]) == ("Still so?", iso(NOW))
    change("comment.edit", comment=comment["id"], body="Not any more")
    assert comment["body"] == "Not any more"
    change("comment.delete", comment=comment["id"])
    assert world.node(comment["id"]) is None


def test_labels(pull: PullRequest, change: Change) -> None:
    for _ in range(2):
        change("pull_request.label", label="PERFORMANCE")
    assert [each["name"] for each in pull.connection("labels")].count("performance") == 1
    change("pull_request.unlabel", label="performance")
    assert "performance" not in [each["name"] for each in pull.connection("labels")]
    with pytest.raises(ChangeError, match="there is no label 'absent'"):
        change("pull_request.label", label="absent")


def test_a_user_is_renamed_with_forks_and_no_webhook(world: World, pull: PullRequest) -> None:
    crossing = [each.record for each in pulls_of(pull.repository) if each.record["isCrossRepository"]]
    author = next(each["author"] for each in crossing if each["headRepository"] is not None)
    assert author is not None
    number, old, stamp = author["_restId"], author["login"], pull.record["updatedAt"]
    assert apply_change(world, {"type": "user.rename", "login": old, "to": "nova"}) == []
    assert author["login"] == "nova"
    assert author["url"] == "https://github.com/nova"
    assert world.actor("nova") is author
    assert world.actor(old) is None
    heads = [x.record["headRepository"] for x in pulls_of(pull.repository) if x.record["author"] is author]
    assert {x["nameWithOwner"] for x in heads if x and x["isFork"]} <= {"nova/b"}
    assert pull.record["updatedAt"] == stamp
    (event,) = apply_change(world, {"type": "pull_request.open", **IN, "author": old})
    again = json.loads(dumps(event))["payload"]["pull_request"]["user"]
    assert (again["login"], again["id"] == number) == (old, False)
    with pytest.raises(ChangeError, match="is empty or taken"):
        apply_change(world, {"type": "user.rename", "login": old, "to": "nova"})


def test_a_repository_moves(world: World, pull: PullRequest) -> None:
    apply_change(world, {"type": "comment.add", **IN, "number": pull.number})
    (event,) = apply_change(world, {"type": "repository.rename", **IN, "to": "c"})
    assert event["payload"]["changes"] == {"repository": {"name": {"from": "b"}}}
    (event,) = apply_change(world, {"type": "repository.transfer", "repository": "a/c", "to": "zed"})
    assert event["payload"]["repository"]["full_name"] == "zed/c"
    for name in (("a", "b"), ("a", "c")):
        found = world.find(*name)
        assert found is not None
        assert found.redirected
        assert found.repository is pull.repository
    for each in pulls_of(pull.repository):
        assert each.record["url"] == f"https://github.com/zed/c/pull/{each.number}"
        for review in each.connection("reviews"):
            assert review["url"].startswith(each.record["url"])
    with pytest.raises(ChangeError, match="no free name"):
        apply_change(world, {"type": "repository.rename", "repository": "zed/c", "to": "x/y"})


def test_a_repository_is_archived_hidden_and_deleted(world: World, pull: PullRequest) -> None:
    repository = pull.repository
    apply_change(world, {"type": "repository.archive", **IN})
    assert repository.record["archivedAt"] == iso(NOW)
    apply_change(world, {"type": "repository.privatize", **IN})
    assert not repository.visible_to("stranger")
    apply_change(world, {"type": "repository.delete", **IN})
    assert not repository.visible_to("a")
    assert [row["kind"] for row in truth(world, "a", "b")] == ["user", "repository"]
    with pytest.raises(ChangeError, match="no repository 'a/b' is served"):
        apply_change(world, {"type": "repository.archive", **IN})


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "type is missing"),
        ({"type": "pull_request.explode"}, "the kinds are pull_request.open"),
        ({"type": "comment.add"}, "repository is missing"),
        ({"type": "comment.add", "repository": "x/y"}, "no repository 'x/y' is served"),
        ({"type": "comment.add", **IN}, "number is missing"),
        ({"type": "comment.add", **IN, "number": "1"}, "not of the expected type"),
        ({"type": "comment.add", **IN, "number": True}, "not of the expected type"),
        ({"type": "comment.add", **IN, "number": 10**6}, "has no pull request 1000000"),
        ({"type": "pull_request.open", **IN, "commits": -1}, "whole number from 0"),
        ({"type": "pull_request.open", **IN, "colour": "red"}, "colour means nothing here"),
        ({"type": "user.rename", "login": "nobody", "to": "x"}, "nobody has the login"),
        ({"type": SWITCH, "moves": {"comment.add": 1}}, "is true or false"),
        ({"type": SWITCH, "moves": {"comment.sing": True}}, "comment.sing moves no pull request"),
    ],
)
def test_a_wrong_change_is_refused(world: World, wrong: Record, why: str) -> None:
    revision = world.revision
    with pytest.raises(ChangeError, match=why) as refused:
        apply_change(world, wrong)
    assert "\n" not in str(refused.value)
    assert world.revision == revision


def test_a_child_of_another_pull_request_is_refused(change: Change) -> None:
    with pytest.raises(ChangeError, match="does not hold"):
        change("thread.resolve", thread="PRRT_kwDOEeGjAM4C-vCA")
    with pytest.raises(ChangeError, match="give a title or a body"):
        change("pull_request.edit")


def test_a_rename_changes_no_commit_of_a_pull_request_made_later() -> None:
    """Commits keep the address of the first login, whether they were in memory at the rename or not."""
    early, late = world_of("a/b=generate:8"), world_of("a/b=generate:8")
    emails: list[list[str]] = []
    for world, before in ((early, True), (late, False)):
        repository = repository_of(world, "a", "b")
        if before:
            repository.pulls.prebuild()
        for user in [each for each in world.actors() if each["__typename"] == "User"]:
            apply_change(world, {"type": "user.rename", "login": user["login"], "to": f"{user['login']}-2"})
        commits = [each["commit"] for pull in pulls_of(repository) for each in pull.connection("commits")]
        emails.append([commit["author"]["email"] for commit in commits])
    assert emails[0] == emails[1]


def test_a_pending_review_stays_its_author_s_through_a_rename() -> None:
    world = world_of("hostile")
    pull = titled(repository_of(world, "hostile", "everything"), "pending review")
    apply_change(world, {"type": "user.rename", "login": "blake", "to": "blake-2"})
    assert [len(pull.shown("reviews", viewer)) for viewer in ("blake", "blake-2")] == [1, 2]
    assert [len(pull.review_comments(viewer)) for viewer in ("blake", "blake-2")] == [1, 3]


def test_a_transfer_onto_a_name_that_is_taken_is_refused() -> None:
    world = world_of("a/b=generate:1", "c/b=generate:1")
    with pytest.raises(ChangeError, match="'c' cannot take it"):
        apply_change(world, {"type": "repository.transfer", "repository": "a/b", "to": "c"})
    assert {each.record["nameWithOwner"] for each in world.repositories()} == {"a/b", "c/b"}
    apply_change(world, {"type": "repository.transfer", "repository": "a/b", "to": "d"})
    assert repository_of(world, "d", "b").record["nameWithOwner"] == "d/b"
