"""A capture believes no answer that is not whole: what it stored before stays, and what is missing is told."""

import asyncio
import json
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from progressive_capture.capture.run import Captured
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.scope import Scope
from progressive_capture.wiring import Overrides, wire
from tests.support.capturing import Desk
from tests.support.stand_ins import Running, Start

if TYPE_CHECKING:
    from progressive_capture.capture.report import Progress


NAME = "sandbox/demo"
SIZE = 45
LONG = "sandbox/long"
LONGER = 104
"""More than a page of the list by REST."""
HOUR = 3_600.0


def fault(effect: dict[str, Any], **match: Any) -> dict[str, Any]:
    return {"name": "fault", "match": match, "effect": effect}


def deleted(desk: Desk, table: str) -> int:
    return sum(row["deleted_at"] is not None for row in desk.rows(table))


@pytest.fixture(scope="module")
def running(serve: Start) -> Running:
    """Two repositories that no test of this module changes."""
    return serve(f"--repo={NAME}=generate:{SIZE}", f"--repo={LONG}=generate:{LONGER}", "--points=1000000")


@pytest.fixture
def desk(running: Running, sqlite_url: str) -> Iterator[Desk]:
    """A desk with an empty database; its faults end with the test."""
    with Desk(running, sqlite_url) as made:
        yield made
        made.spoil()


HOLES = {"null_nodes": {"path": ["nodes", "reviews", "nodes"], "every": 2, "type": "INTERNAL", "message": "hiccup"}}
NO_THREADS = {
    "errors": [
        {"type": "INTERNAL", "message": "hiccup", "path": ["nodes", place, "reviewThreads"]} for place in range(40)
    ]
}
NOT_FOUND = {"null_nodes": {"path": ["nodes"], "type": "NOT_FOUND", "message": "Could not resolve to a node"}}
EMPTY_PAGE = {"status": 200, "body": [], "headers": {"link": ""}}
LIST = "GET /repos/{owner}/{repo}/pulls"


@pytest.mark.parametrize(
    ("effect", "tables"),
    [(HOLES, ["pr_reviews"]), (NO_THREADS, ["pr_review_threads", "pr_review_comments"])],
)
def test_a_reading_with_holes_marks_nothing_as_deleted(desk: Desk, effect: dict[str, Any], tables: list[str]) -> None:
    desk.capture(NAME, "graphql")
    desk.time.advance(HOUR)
    desk.spoil(fault(effect, operation="Hydrate"))
    captured = desk.capture(NAME, "graphql", full=True)
    assert captured.gap_count
    assert [deleted(desk, table) for table in tables] == [0] * len(tables)
    desk.spoil()
    desk.time.advance(HOUR)
    assert desk.capture(NAME, "graphql", full=True).gap_count == 0
    assert desk.differences(NAME, "graphql") == []


def test_comments_below_threads_that_were_not_seen_are_no_complete_list(desk: Desk) -> None:
    holes = {**HOLES["null_nodes"], "path": ["nodes", "reviewThreads", "nodes"]}
    desk.spoil(fault({"null_nodes": holes}, operation="Hydrate"))
    captured = desk.capture(NAME, "graphql")
    assert {Kind.REVIEW_THREADS, Kind.REVIEW_COMMENTS} <= {gap.kind for gap in captured.gaps}
    truth = [json.loads(line) for line in desk.truth(NAME)]
    ids = {row["id"]: row["number"] for row in desk.rows("pull_requests")}
    for row in desk.rows("completeness", kind="review_comments"):
        shown = sum(
            line["kind"] == "reviewComment" and line["pullRequest"] == ids[row["pull_request_id"]] for line in truth
        )
        assert row["state"] != "complete" or row["stored"] == shown


def test_pull_requests_that_github_says_are_not_there_stay_gaps(desk: Desk) -> None:
    desk.spoil(
        fault(NOT_FOUND, operation="Hydrate"),
        {**fault({"status": 404}, route="GET /repos/{owner}/{repo}/pulls/{pull_number}"), "name": "rest"},
    )
    captured = desk.capture(NAME)
    assert captured.gap_count
    assert deleted(desk, "pull_request_index") == 0
    desk.spoil()
    desk.time.advance(HOUR)
    assert desk.capture(NAME).gap_count == 0
    assert len(desk.rows("pull_requests")) == SIZE


@pytest.mark.parametrize("full", [False, True])
def test_a_list_that_ends_early_is_no_proof(desk: Desk, full: bool) -> None:  # noqa: FBT001 - parametrised
    if full:
        desk.capture(LONG)
        desk.time.advance(HOUR)
    desk.spoil(fault(EMPTY_PAGE, route=LIST, nth={"from": 2}))
    captured = desk.capture(LONG, full=full)
    assert captured.unlisted
    assert captured.gap_count >= captured.unlisted
    assert deleted(desk, "pull_request_index") == 0
    assert desk.verify(LONG).gap_count
    desk.spoil()
    desk.time.advance(HOUR)
    assert desk.capture(LONG, full=full).gap_count == 0
    assert desk.differences(LONG) == []
    assert desk.verify(LONG).gap_count == 0


def interrupted_after(desk: Desk, steps: int) -> Captured:
    """Capture until so many pages are stored, then ask to stop."""
    seen: list[Progress] = []
    desk.told.on_step = seen.append

    async def capture() -> Captured:
        overrides = Overrides(clock=desk.time.now, random=random.Random(1).random)  # noqa: S311 - no secret
        stopping = lambda: len(seen) >= steps  # noqa: E731 - one condition
        arguments = {"create": True, "reporter": desk.told, "pause": desk.time.pause, "stopping": stopping}
        async with wire(desk.own_settings, **arguments, overrides=overrides) as wired:  # type: ignore[arg-type]  # a dict of many types
            return await wired.capture(NAME, Scope())

    captured = asyncio.run(capture())
    desk.told.on_step = lambda _: None
    return captured


@pytest.fixture
def changing(serve: Start, sqlite_url: str) -> Iterator[Desk]:
    """A desk with a repository of its own."""
    with Desk(serve(f"--repo={NAME}=generate:{LONGER}", "--points=1000000"), sqlite_url) as made:
        yield made


def test_what_changed_since_a_broken_off_walk_is_captured_with_it(changing: Desk) -> None:
    desk = changing
    assert interrupted_after(desk, 4).interrupted
    desk.time.advance(7 * 24 * HOUR)
    number = desk.pull_requests(NAME)[0]["number"]
    desk.change(
        {"type": "pull_request.open", "repository": NAME, "title": "x", "author": "ada", "commits": 1, "files": 1}
    )
    desk.change({"type": "comment.add", "repository": NAME, "number": number, "author": "ada", "body": "new"})
    desk.time.advance(60)
    assert desk.capture(NAME).gap_count == 0
    assert desk.differences(NAME) == []


def test_a_row_that_was_lost_is_captured_again(desk: Desk, sqlite_url: str) -> None:
    desk.capture(NAME)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as database:
        database.execute("DELETE FROM pr_reviews WHERE rowid IN (SELECT rowid FROM pr_reviews LIMIT 3)")
    database.close()
    desk.time.advance(HOUR)
    assert desk.verify(NAME).gap_count
    assert desk.capture(NAME).gap_count == 0
    assert desk.differences(NAME) == []


UNLABELLED = {"null_nodes": {"path": ["node", "pullRequests", "nodes", "labels", "nodes"], "type": "INTERNAL"}}
"""No label comes whole by the list; looked up by number they do, unless that is spoilt too."""
UNTOLD = {"errors": [{"type": "INTERNAL", "message": "hiccup", "path": ["node", f"p{place}"]} for place in range(49)]}


def test_labels_that_the_list_gave_in_pieces_are_looked_up_in_the_same_capture(desk: Desk) -> None:
    desk.spoil(fault(UNLABELLED, operation="Index"))
    assert desk.capture(NAME, "graphql").gap_count == 0
    assert desk.differences(NAME, "graphql") == []


def test_gaps_of_labels_are_filled_by_the_next_capture_though_nothing_was_updated(desk: Desk) -> None:
    desk.spoil(fault(UNLABELLED, operation="Index"), {**fault(UNTOLD, operation="Numbers"), "name": "untold"})
    captured = desk.capture(NAME, "graphql")
    assert {gap.kind for gap in captured.gaps} == {Kind.LABELS}
    desk.spoil()
    desk.time.advance(HOUR)
    again = desk.capture(NAME, "graphql")
    assert (again.mode, again.gap_count, again.pull_requests) == ("incremental", 0, 0)
    assert again.requests <= 2 + 1 + len(captured.gaps) // 49 + 1
    assert desk.differences(NAME, "graphql") == []


def test_a_label_that_was_lost_is_captured_again(desk: Desk, sqlite_url: str) -> None:
    desk.capture(NAME)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as database:
        lost = database.execute("DELETE FROM pr_labels WHERE rowid IN (SELECT rowid FROM pr_labels LIMIT 3)").rowcount
    database.close()
    assert lost == 3
    desk.time.advance(HOUR)
    assert desk.verify(NAME).gap_count
    assert desk.capture(NAME).gap_count == 0
    assert desk.differences(NAME) == []


def test_one_pull_request_that_github_cannot_give_leaves_the_others_complete(serve: Start, sqlite_url: str) -> None:
    files = "GET /repos/{owner}/{repo}/pulls/{pull_number}/files"
    with Desk(serve("--repo", f"{NAME}=generate:14", "--points", "1000000"), sqlite_url) as desk:
        desk.spoil(fault({"status": 500}, route=files, nth={"from": 3, "to": 9}))
        assert desk.capture(NAME, "rest").pull_requests >= 12
        desk.spoil()
        desk.time.advance(HOUR)
        assert desk.capture(NAME, "rest").gap_count == 0


def test_two_tokens_of_one_user_share_one_budget_and_use_is_counted_once(
    serve: Start, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In two shards, as what is large is."""
    monkeypatch.setattr("progressive_capture.capture.index.SHARD_MIN", 30)
    tokens = tmp_path / "tokens.json"
    tokens.write_text(json.dumps({"tokens": {"alpha": {"user": "ada"}, "beta": {"user": "ada"}}}))
    with Desk(serve("--repo", f"{NAME}=generate:66", "--tokens", str(tokens)), sqlite_url) as desk:
        desk.tokens = "alpha,beta"
        captured = desk.capture(NAME)
        assert captured.gap_count == 0
        users = {row["principal"] for row in desk.rows("slots") if row["principal"].startswith("user:")}
        assert len(users) == 1
        [job] = desk.rows("progressive_capture_jobs")
        assert len(desk.rows("job_shards")) == 3
        assert job["used_points"] == captured.points
        assert job["used_requests"] <= captured.requests
