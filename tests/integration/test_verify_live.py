"""A live proof: GitHub's counts of now, where it gives them, against what each API had given."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from progressive_capture.domain.kinds import HYDRATE_KINDS, Kind
from progressive_capture.github.totals import REST_TOTALS
from tests.support.capturing import Desk
from tests.support.stand_ins import Running, Start

NAME = "sandbox/demo"
SIZE = 62
"""More than are counted in one query."""
SMALL = "sandbox/small"
FEW = 8
TALK = "sandbox/talk"
"""The only one that a test changes."""


@pytest.fixture(scope="module")
def running(serve: Start) -> Running:
    repositories = (f"--repo={NAME}=generate:{SIZE}", f"--repo={SMALL}=generate:{FEW}", f"--repo={TALK}=generate:{FEW}")
    return serve(*repositories, "--points", "1000000")


@pytest.fixture(scope="module")
def held(running: Running, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that holds the largest repository whole; to be copied."""
    path = Path(shutil.copy(migrated_file, tmp_path_factory.mktemp("held") / "capture.db"))
    with Desk(running, f"sqlite:///{path}") as first:
        first.capture(NAME)
    return path


@pytest.fixture
def desk(running: Running, sqlite_url: str) -> Iterator[Desk]:
    """A desk with an empty database."""
    with Desk(running, sqlite_url) as made:
        made.reset_stats()
        yield made
        made.spoil()


@pytest.fixture
def after_capture(desk: Desk, held: Path) -> Desk:
    """A desk at which the largest repository has been captured."""
    shutil.copy(held, desk.database_url.removeprefix("sqlite:///"))
    return desk


def fault(effect: dict[str, Any], **match: Any) -> dict[str, Any]:
    return {"name": "fault", "match": match, "effect": effect}


def nulls(path: str) -> dict[str, Any]:
    return {"null_nodes": {"path": [path], "every": 1, "type": "SERVICE_UNAVAILABLE"}}


def test_what_rest_could_not_give_is_not_asked_of_graphql(desk: Desk) -> None:
    desk.capture(SMALL, "rest")
    found = desk.verify(SMALL, live=True)
    assert (found.gap_count, found.unavailable) == (0, {Kind.REVIEW_THREADS: FEW})
    desk.spoil(fault(nulls("nodes"), operation="PullRequestTotals"))
    found = desk.verify(SMALL, live=True)
    compared = HYDRATE_KINDS - {Kind.REVIEW_THREADS, Kind.REVIEW_COMMENTS}
    assert {gap.kind for gap in found.gaps} == compared
    assert found.gap_count == len(compared) * FEW


def test_what_github_does_not_show_is_proven_of_nothing(after_capture: Desk) -> None:
    desk = after_capture
    desk.spoil(fault(nulls("nodes"), operation="PullRequestTotals", nth=2))
    found = desk.verify(NAME, live=True)
    assert (found.gap_count, found.incomplete) == (29 * len(HYDRATE_KINDS), 29)
    assert {(gap.expected, gap.why) for gap in found.gaps} == {(None, "GitHub does not say now how many there are")}
    desk.spoil(fault(nulls("nodes"), operation="ThreadTotals"))
    found = desk.verify(NAME, live=True)
    with_threads = {row["pull_request_id"] for row in desk.rows("pr_review_threads")}
    assert {(gap.pull_request_id, gap.kind) for gap in found.gaps} == {
        (number, Kind.REVIEW_COMMENTS) for number in with_threads
    }
    error = {"path": ["nodes", 0, "reviews"], "type": "SERVICE_UNAVAILABLE", "message": "No."}
    desk.spoil(fault({"errors": [error]}, operation="PullRequestTotals", nth=1))
    found = desk.verify(NAME, live=True)
    assert [(gap.kind, gap.expected) for gap in found.gaps] == [(Kind.REVIEWS, None)]


@pytest.mark.parametrize("operation", ["PullRequestTotals", "ThreadTotals"])
def test_counts_that_are_too_heavy_are_asked_for_by_fewer(after_capture: Desk, operation: str) -> None:
    desk = after_capture
    desk.reset_stats()
    desk.spoil(fault({"status": 502}, operation=operation, nth=1))
    assert desk.verify(NAME, live=True).gap_count == 0
    assert desk.stats()["faults"] == {"fault": 1}


CUT = "UPDATE completeness SET state = 'short', stored = stored - 1 WHERE pull_request_id = ? AND kind = 'reviews'"
MORE = "UPDATE completeness SET expected = expected + 1 WHERE pull_request_id = ? AND kind = 'reviews'"


def test_what_github_never_gave_is_no_gap_while_it_counts_the_same(after_capture: Desk) -> None:
    desk = after_capture
    known = {row["pull_request_id"]: row for row in desk.rows("completeness", kind="reviews") if row["stored"] > 1}
    number, row = next(iter(known.items()))
    with closing(sqlite3.connect(desk.database_url.removeprefix("sqlite:///"))) as database, database:
        lost = database.execute("SELECT min(id) FROM pr_reviews WHERE pull_request_id = ?", (number,)).fetchone()
        database.execute("DELETE FROM pr_reviews WHERE id = ?", lost)
        database.execute(CUT, (number,))
    found = desk.verify(NAME, live=True)
    assert (found.gap_count, found.short_count) == (0, 1)
    with closing(sqlite3.connect(desk.database_url.removeprefix("sqlite:///"))) as database, database:
        database.execute(MORE, (number,))
    (gap, _) = desk.verify(NAME, live=True).gaps
    assert (gap.pull_request_id, gap.kind, gap.expected) == (number, Kind.REVIEWS, row["expected"])


@pytest.mark.parametrize("change", ["comment.add", "comment.delete"])
def test_what_github_counts_otherwise_is_read_by_the_next_capture(desk: Desk, change: str) -> None:
    desk.capture(TALK)
    talk = desk.rows("pr_issue_comments")
    pulls = {row["id"]: row["number"] for row in desk.rows("pull_requests")}
    number = pulls[talk[0]["pull_request_id"]]
    what = {"comment": talk[0]["id"]} if change == "comment.delete" else {"author": "ada", "body": "new"}
    desk.time.advance(60)
    desk.change({"type": "updated_at.switch", "moves": {"comment.add": False}})
    desk.change({"type": change, "repository": TALK, "number": number, **what})
    desk.change({"type": "updated_at.switch", "moves": {"comment.add": True}})
    assert desk.capture(TALK).pull_requests == 0
    (gap,) = desk.verify(TALK, live=True).gaps
    assert (gap.number, gap.kind) == (number, Kind.ISSUE_COMMENTS)
    assert desk.verify(TALK).gap_count == 1
    desk.time.advance(60)
    assert desk.capture(TALK).pull_requests == 1
    assert desk.verify(TALK, live=True).gap_count == 0
    assert desk.differences(TALK) == []


def test_without_a_token_a_pull_request_that_is_gone_is_a_gap_of_what_rest_counts(
    running: Running, sqlite_url: str
) -> None:
    with Desk(running, sqlite_url, tokens="") as desk:
        desk.capture(NAME, limit=4)
        desk.spoil(fault({"status": 404}, route="/repos/{owner}/{repo}/pulls/{pull_number}", nth=2))
        found = desk.verify(NAME, live=True)
        desk.spoil()
    assert {gap.kind for gap in found.gaps} == REST_TOTALS
    assert found.incomplete == 1
