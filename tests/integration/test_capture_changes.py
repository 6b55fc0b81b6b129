"""Repositories that change while they are captured, and after: the next capture equals the truth; nothing is erased."""

import json
from collections.abc import Iterator

import pytest

from github_sandbox.model import node_id
from tests.support.capturing import Desk
from tests.support.changing import Busy
from tests.support.stand_ins import Start

NAME = "sandbox/demo"
SIZE = 70
VANISHED = 999_999


@pytest.fixture
def desk(serve: Start, sqlite_url: str) -> Iterator[Desk]:
    """A desk with a repository of this test's own and an empty SQLite database."""
    with Desk(serve("--repo", f"{NAME}=generate:{SIZE}", "--points", "1000000"), sqlite_url) as made:
        yield made


@pytest.mark.parametrize("source", ["auto", "graphql"])
def test_one_incremental_capture_after_changes_in_the_walk_equals_the_truth(
    serve: Start, mostly_sqlite_url: str, source: str
) -> None:
    with Desk(serve("--repo", f"{NAME}=generate:150", "--points", "1000000"), mostly_sqlite_url) as desk:
        converges(desk, source, share=0.1)


def test_one_incremental_capture_after_changes_in_a_walk_by_rest_equals_the_truth(
    serve: Start, sqlite_url: str
) -> None:
    with Desk(serve("--repo", f"{NAME}=generate:40", "--points", "1000000"), sqlite_url) as desk:
        converges(desk, "rest", share=0.04)


def converges(desk: Desk, source: str, share: float) -> None:
    """Capture while things change, after each page those of a share of a second; then once more."""
    busy = Busy(desk, NAME)
    desk.told.on_step = lambda _: busy.second(share)
    desk.capture(NAME, source)
    desk.told.on_step = lambda _: None
    assert busy.made >= 20
    desk.time.advance(60)
    again = desk.capture(NAME, source)
    assert again.mode == "incremental"
    assert desk.differences(NAME, source) == []
    assert again.gap_count == desk.verify(NAME).gap_count == 0
    desk.time.advance(60)
    assert desk.capture(NAME, source).pull_requests == 0


def busiest(desk: Desk, kind: str) -> int:
    """The number of the pull request that has most lines of a kind."""
    lines: list[int] = [row["pullRequest"] for row in map(json.loads, desk.truth(NAME)) if row["kind"] == kind]
    return max(set(lines), key=lines.count)


def test_a_force_push_marks_what_it_replaced_deleted(desk: Desk) -> None:
    desk.capture(NAME)
    number = busiest(desk, "commit")
    (stored,) = desk.rows("pull_requests", number=number)
    before = {table: desk.rows(table, pull_request_id=stored["id"]) for table in ("pr_commits", "pr_files")}
    desk.time.advance(5)
    desk.change(
        {"type": "pull_request.force_push", "repository": NAME, "number": number, "commits": 1, "files": 1},
    )
    desk.time.advance(60)
    desk.capture(NAME)
    assert desk.differences(NAME) == []
    for table, key in (("pr_commits", "sha"), ("pr_files", "path")):
        rows = {row[key]: row for row in desk.rows(table, pull_request_id=stored["id"])}
        assert {row[key] for row in before[table]} <= rows.keys()
        assert sum(row["deleted_at"] is None for row in rows.values()) == 1


def test_a_comment_on_one_closed_long_ago_is_found_by_the_next_incremental_capture(desk: Desk) -> None:
    desk.capture(NAME)
    closed = [row for row in desk.pull_requests(NAME) if row["state"] != "OPEN"]
    oldest = min(closed, key=lambda row: row["closedAt"])
    desk.time.advance(60)
    desk.change({"type": "comment.add", "repository": NAME, "number": oldest["number"], "body": "Still so?"})
    desk.time.advance(60)
    again = desk.capture(NAME)
    assert (again.mode, again.pull_requests) == ("incremental", 1)
    assert "Still so?" in {row["body"] for row in desk.rows("pr_issue_comments")}
    assert desk.differences(NAME) == []


def test_only_a_full_capture_finds_what_moves_no_stamp(desk: Desk) -> None:
    desk.capture(NAME)
    talk, thread = busiest(desk, "issueComment"), busiest(desk, "reviewThread")
    names = {row["id"]: row["login"] for row in map(json.loads, desk.truth(NAME)) if row["kind"] == "user"}
    author = next(names[row["author"]] for row in desk.pull_requests(NAME) if row["author"])
    desk.time.advance(60)
    desk.change(
        {"type": "comment.edit", "repository": NAME, "number": talk, "body": "Said otherwise"},
        {"type": "comment.delete", "repository": NAME, "number": busiest(desk, "issueComment")},
        {"type": "thread.resolve", "repository": NAME, "number": thread},
        {"type": "thread_comment.edit", "repository": NAME, "number": thread, "body": "Put otherwise"},
        {"type": "thread_comment.delete", "repository": NAME, "number": busiest(desk, "reviewComment")},
        {"type": "user.rename", "login": author, "to": f"{author}-now"},
    )
    desk.time.advance(60)
    held = {table: len(desk.rows(table)) for table in ("pr_issue_comments", "pr_review_comments", "contributors")}
    assert desk.capture(NAME).pull_requests == 0
    assert desk.differences(NAME) != []
    full = desk.capture(NAME, full=True)
    assert (full.mode, full.pull_requests) == ("full", SIZE)
    assert desk.differences(NAME, renamed=True) == []
    assert {table: len(desk.rows(table)) for table in held} == held
    assert len([row for row in desk.rows("pr_issue_comments") if row["deleted_at"] is not None]) == 1
    logins = {row["login"] for row in desk.rows("contributor_logins")}
    assert {author, f"{author}-now"} <= logins


def test_a_renamed_repository_is_one_repository(desk: Desk) -> None:
    first = desk.capture(NAME)
    desk.change({"type": "repository.rename", "repository": NAME, "to": "renamed"})
    desk.time.advance(60)
    again = desk.capture(NAME)
    assert (again.repository, again.repository_id, again.mode) == (
        "sandbox/renamed",
        first.repository_id,
        "incremental",
    )
    assert {row["full_name"] for row in desk.rows("repository_names")} == {NAME, "sandbox/renamed"}
    desk.time.advance(60)
    desk.capture("sandbox/renamed", full=True)
    assert desk.differences("sandbox/renamed", renamed=True) == []


def add_vanished(desk: Desk, *, proven: bool) -> None:
    """Let the database know a pull request, 999999, that GitHub does not show: only GitHub's staff removes one."""
    place = {"number": VANISHED, "node_id": node_id("PullRequest", 300_000_000, 499_999_999)}
    (shown,) = desk.rows("pull_requests", number=1)
    (listed,) = desk.rows("pull_request_index", number=1)
    desk.add_row("pull_requests", shown | place | {"id": 1})
    desk.add_row("pull_request_index", listed | place | {"pull_request_id": 1})
    for row in desk.rows("completeness", pull_request_id=shown["id"]) if proven else ():
        desk.add_row("completeness", row | {"pull_request_id": 1, "expected": 0, "stored": 0})


def marked_deleted(desk: Desk) -> list[list[int]]:
    tables = ("pull_requests", "pull_request_index")
    return [[row["number"] for row in desk.rows(table) if row["deleted_at"] is not None] for table in tables]


def test_a_full_capture_marks_a_pull_request_deleted_that_vanished(desk: Desk) -> None:
    desk.capture(NAME)
    add_vanished(desk, proven=True)
    desk.time.advance(60)
    desk.capture(NAME)
    assert marked_deleted(desk) == [[], []]
    assert any(str(VANISHED) in line for line in desk.differences(NAME))
    desk.time.advance(60)
    desk.capture(NAME, full=True)
    assert marked_deleted(desk) == [[VANISHED], [VANISHED]]
    assert desk.differences(NAME) == []
    assert desk.verify(NAME).gap_count == 0


def test_a_pull_request_that_vanished_before_it_was_read_is_a_gap_until_a_full_capture(desk: Desk) -> None:
    desk.capture(NAME)
    add_vanished(desk, proven=False)
    desk.time.advance(60)
    incremental = desk.capture(NAME)
    assert {gap.number for gap in incremental.gaps} == {VANISHED}
    assert marked_deleted(desk) == [[], []]
    desk.time.advance(60)
    assert desk.capture(NAME, full=True).gap_count == 0
    assert marked_deleted(desk) == [[VANISHED], [VANISHED]]
