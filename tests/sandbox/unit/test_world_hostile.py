"""Every awkward case is really there, each found by the title of its pull request."""

import json
from typing import Any

import pytest

from github_sandbox.hostile import NEW_NAME, NEW_OWNER, READER
from github_sandbox.hostile_cases import EMOJI, MEGABYTE, NUL, SURROGATE
from github_sandbox.model import INT_MAX, PullRequest, Repository, World, connection, patch_of, shown
from github_sandbox.truth import truth
from tests.sandbox.world_checks import pulls_of, repository_of, titled, world_of


@pytest.fixture(scope="module")
def world() -> World:
    return world_of("hostile")


@pytest.fixture(scope="module")
def everything(world: World) -> Repository:
    return repository_of(world, "hostile", "everything")


def author(pull: PullRequest) -> Any:
    return pull.record["author"]


def test_deleted_author(everything: Repository) -> None:
    pull = titled(everything, "deleted author")
    assert author(pull) is None
    assert pull.connection("reviews")[0]["author"] is None
    assert pull.connection("comments")[0]["author"] is None
    thread = pull.connection("reviewThreads")[0]
    assert connection(thread, "comments")[0]["author"] is None
    assert thread["isResolved"]
    assert thread["resolvedBy"] is None


@pytest.mark.parametrize(
    ("title", "kind", "rest"),
    [
        ("bot author", "Bot", "dependabot[bot]"),
        ("mannequin author", "Mannequin", "imported-mona"),
        ("organization author", "Organization", "hostile"),
    ],
)
def test_actors_of_other_kinds(everything: Repository, title: str, kind: str, rest: str) -> None:
    who = author(titled(everything, title))
    assert (who["__typename"], who["_restLogin"]) == (kind, rest)
    assert not who["login"].endswith("[bot]")


def test_bot_without_a_numeric_id(everything: Repository) -> None:
    who = author(titled(everything, "bot without a numeric id"))
    assert who["databaseId"] is None
    assert isinstance(who["_restId"], int)


def test_renamed_login_keeps_its_id(world: World, everything: Repository) -> None:
    before = titled(everything, "login renamed, first under the old one")
    after = titled(everything, "login renamed, then under the new one")
    assert author(before) is author(after)
    assert author(before)["login"] == "river-new"
    assert "river-old@" in before.connection("commits")[0]["commit"]["author"]["email"]
    assert world.actor("river-old") is None


def test_reused_login_has_another_id(world: World, everything: Repository) -> None:
    first = titled(everything, "login reused, first holder")
    second = titled(everything, "login reused, second holder")
    assert author(first)["id"] != author(second)["id"]
    assert author(first)["login"] == "casey-before"
    assert author(second) is world.actor("casey")
    assert "casey@" in first.connection("commits")[0]["commit"]["author"]["email"]


def test_deleted_head_repository(everything: Repository) -> None:
    record = titled(everything, "deleted head repository").record
    assert (record["headRepository"], record["headRepositoryOwner"], record["headRef"]) == (None, None, None)
    assert record["headRefName"]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("empty body", ""),
        ("one megabyte body", "m" * MEGABYTE),
        ("emoji", EMOJI),
        ("NUL", NUL),
        ("lone surrogates", SURROGATE),
    ],
)
def test_texts(everything: Repository, title: str, text: str) -> None:
    pull = titled(everything, title)
    spoken = [pull.record, pull.connection("comments")[0], pull.connection("reviews")[0], *pull.review_comments()]
    assert [each["body"] for each in spoken] == [text] * 4
    assert json.loads(json.dumps(text)) == text


def test_the_awkward_texts_are_awkward() -> None:
    assert "\x00" in NUL
    assert "\u202e" in EMOJI
    with pytest.raises(UnicodeEncodeError):
        SURROGATE.encode()


@pytest.mark.parametrize(
    ("title", "commits", "files", "shown_files"),
    [
        ("zero changes in one commit", 1, 0, 0),
        ("zero of everything", 0, 0, 0),
        ("more than a hundred commits", 270, 1, 1),
        ("more than a hundred files", 1, 150, 150),
        ("more than three thousand files", 1, 3_105, 3_000),
    ],
)
def test_sizes(everything: Repository, title: str, commits: int, files: int, shown_files: int) -> None:
    pull = titled(everything, title)
    assert pull.total("commits") == len(pull.connection("commits")) == commits
    assert pull.record["changedFiles"] == files
    assert pull.total("files") == len(pull.connection("files")) == shown_files
    if not files:
        assert (pull.record["additions"], pull.record["deletions"]) == (0, 0)


def test_more_than_a_hundred(everything: Repository) -> None:
    assert titled(everything, "more than a hundred reviews").total("reviews") == 230
    assert titled(everything, "more than a hundred comments").total("comments") == 250
    threads = titled(everything, "more than a hundred threads in one review")
    assert threads.total("reviewThreads") == 120
    assert len(connection(threads.connection("reviews")[0], "comments")) == 120
    (thread,) = titled(everything, "more than a hundred comments in one thread").connection("reviewThreads")
    assert len(connection(thread, "comments")) == 130


def test_a_pending_review_is_its_author_s_alone(everything: Repository) -> None:
    pull = titled(everything, "pending review")
    pending = pull.connection("reviews")[-1]
    assert (pending["state"], pending["submittedAt"]) == ("PENDING", None)
    for viewer, reviews, threads, comments in ((None, 1, 1, 1), ("avery", 1, 1, 1), ("blake", 2, 2, 3)):
        assert len(pull.shown("reviews", viewer)) == pull.total("reviews", viewer) == reviews
        assert len(pull.shown("reviewThreads", viewer)) == threads
        assert len(pull.review_comments(viewer)) == comments
    first = pull.connection("reviewThreads")[0]
    assert len(connection(first, "comments")) == 2
    assert len(shown(first, "comments", None)) == 1
    assert pull.record["_restReviewComments"] == 1
    assert pending["id"] not in {row["id"] for row in truth(everything.world, "hostile", "everything")}


def test_a_count_higher_than_what_is_shown(everything: Repository) -> None:
    pull = titled(everything, "count higher than what is shown")
    assert pull.total("reviews") == len(pull.shown("reviews")) + 2
    assert pull.total("comments") == len(pull.shown("comments")) + 1


def test_ids_above_32_bits(everything: Repository) -> None:
    pull = titled(everything, "more than a hundred comments in one thread")
    held = [pull.record, *pull.connection("reviews"), *pull.review_comments()]
    assert all(int(each["fullDatabaseId"]) > INT_MAX and each["databaseId"] is None for each in held)


def test_numbers_have_gaps(everything: Repository) -> None:
    assert everything.pulls.count < len(everything.issue_numbers())
    issue = everything.issue(1)
    assert issue is not None
    assert issue["__typename"] == "Issue"


def test_states(everything: Repository) -> None:
    closed = titled(everything, "closed unmerged").record
    assert (closed["state"], closed["mergedAt"], closed["closed"]) == ("CLOSED", None, True)
    merged = titled(everything, "merged by an account since deleted").record
    assert (merged["state"], merged["mergedBy"]) == ("MERGED", None)
    assert merged["mergedAt"]
    assert merged["mergeCommit"]
    assert titled(everything, "draft").record["isDraft"]
    assert titled(everything, "locked").record["activeLockReason"] == "TOO_HEATED"
    assert titled(everything, "conflicting").record["mergeable"] == "CONFLICTING"
    dismissed = titled(everything, "dismissed review of a commit that is gone").connection("reviews")[0]
    assert (dismissed["state"], dismissed["commit"]) == ("DISMISSED", None)


def test_places_of_threads(everything: Repository) -> None:
    pull = titled(everything, "threads on a file, a left side, a range and lines that are gone")
    file, left, lines, gone = pull.connection("reviewThreads")
    assert (file["subjectType"], file["line"]) == ("FILE", None)
    assert left["diffSide"] == "LEFT"
    assert (lines["startLine"], lines["line"], lines["startDiffSide"]) == (4, 12, "RIGHT")
    assert (gone["isOutdated"], gone["line"], gone["originalLine"]) == (True, None, 40)
    assert connection(gone, "comments")[0]["position"] is None


def test_kinds_of_changed_files(everything: Repository) -> None:
    files = {each["path"]: each for each in titled(everything, "every kind of changed file").connection("files")}
    assert {each["changeType"] for each in files.values()} == {
        "ADDED", "CHANGED", "COPIED", "DELETED", "MODIFIED", "RENAMED"
    }  # fmt: skip
    assert files["renamed.py"]["_restPreviousPath"] == "before/renamed.py"
    assert patch_of(files["binary.png"]) is None
    assert patch_of(files["huge.json"]) is None
    patch = patch_of(files["renamed and changed.py"])
    assert patch is not None
    assert [line[0] for line in patch.splitlines()] == ["@", "-", "+", "+"]


def test_oddities(everything: Repository) -> None:
    commit = titled(everything, "commit of nobody, in 1970 and 2099").connection("commits")[0]["commit"]
    assert (commit["author"]["user"], commit["author"]["name"], commit["changedFilesIfAvailable"]) == (None, None, None)
    assert (commit["authoredDate"][:4], commit["committedDate"][:4]) == ("1970", "2099")
    edited, hidden = titled(everything, "edited and minimized comments").connection("comments")
    assert edited["lastEditedAt"] > edited["createdAt"]
    assert hidden["minimizedReason"] == "spam"
    asked = titled(everything, "team and user asked for review").connection("reviewRequests")
    assert [each["requestedReviewer"]["__typename"] for each in asked] == ["User", "Team"]


def test_ties_in_time(everything: Repository) -> None:
    ties = [each for each in pulls_of(everything) if each.record["title"].startswith("the same second")]
    assert len(ties) == 5
    assert len({each.record["updatedAt"] for each in ties}) == 1


def test_hard_to_reach_repositories(world: World) -> None:
    names = {f"{each.owner}/{each.name}" for each in world.repositories()}
    served = ("everything", "archived", "private", "deleted", "blocked", "empty", "no-issues")
    assert names == {f"hostile/{name}" for name in served} | {f"hostile/{NEW_NAME}", f"{NEW_OWNER}/transferred"}
    archived = repository_of(world, "hostile", "archived").record
    assert archived["isArchived"]
    assert archived["archivedAt"]
    assert repository_of(world, "hostile", "deleted").access == "deleted"
    blocked = repository_of(world, "hostile", "blocked")
    assert blocked.access == "blocked"
    assert blocked.blocked_at
    empty = repository_of(world, "hostile", "empty")
    assert empty.record["isEmpty"]
    assert empty.pulls.count == 0


def test_a_private_repository_is_missing_for_others(world: World) -> None:
    private = repository_of(world, "hostile", "private")
    assert private.record["visibility"] == "PRIVATE"
    assert [private.visible_to(viewer) for viewer in (None, "anyone", READER, "hostile")] == [False, False, True, True]
    assert not repository_of(world, "hostile", "deleted").visible_to("hostile")


@pytest.mark.parametrize(
    ("old", "new"), [("renamed", f"hostile/{NEW_NAME}"), ("transferred", f"{NEW_OWNER}/transferred")]
)
def test_moved_repositories_redirect(world: World, old: str, new: str) -> None:
    found = world.find("hostile", old.upper())
    assert found is not None
    assert found.redirected
    assert found.repository.record["nameWithOwner"] == new
    for pull in pulls_of(found.repository):
        held = [pull.record, *pull.connection("reviews"), *pull.connection("comments"), *pull.review_comments()]
        assert all(each["url"].startswith(f"https://github.com/{new}/pull/") for each in held)
