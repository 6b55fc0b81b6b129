"""Captures of whole repositories by every API into every database, each equal to the truth in every stored field."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from progressive_capture.domain.kinds import Kind, State
from tests.support.capturing import Desk
from tests.support.costing import AUTO, misjudged, too_dear
from tests.support.stand_ins import Running, Start

HUEY, CLICK, EVERYTHING = "coleifer/huey", "pallets/click", "hostile/everything"
SOURCES = ["graphql", "rest", "auto"]

Ends = set[tuple[Kind, State, int, int]]

HIDDEN: Ends = {(Kind.FILES, State.TRUNCATED, 3_000, 3_105), (Kind.ISSUE_COMMENTS, State.SHORT, 1, 2)}
"""What GitHub ends itself, and counts without showing it, by either API."""
ENDED_BY_REST: Ends = {(Kind.COMMITS, State.TRUNCATED, 250, 270)}
COUNTED_BY_GRAPHQL: Ends = {(Kind.REVIEWS, State.SHORT, 1, 3)}


@pytest.fixture(scope="module")
def sandbox(serve: Start, data: Path) -> Running:
    """The recorded repositories and the awkward ones, with budgets that last."""
    prs = data / "prs"
    repositories = ["--repo", f"{HUEY}={prs / 'huey.jsonl.gz'}", "--repo", f"{CLICK}={prs / 'click.jsonl.gz'}"]
    return serve(*repositories, "--repo", "hostile", "--points", "1000000")


@pytest.fixture(scope="module")
def truths() -> dict[str, list[bytes]]:
    """What the sandbox holds, by repository; nothing here changes it."""
    return {}


@pytest.fixture
def desk(sandbox: Running, database_url: str, truths: dict[str, list[bytes]]) -> Iterator[Desk]:
    """A desk with an empty database, once for each kind of database."""
    with Desk(sandbox, database_url, truths=truths) as made:
        yield made


@pytest.mark.parametrize("source", SOURCES)
def test_huey_equals_the_truth(desk: Desk, source: str) -> None:
    captured = desk.capture(HUEY, source)
    assert desk.differences(HUEY, source) == []
    assert (captured.gap_count, captured.short_count, captured.truncated_count) == (0, 0, 0)
    assert desk.verify(HUEY).gap_count == 0


@pytest.mark.parametrize("source", SOURCES)
def test_every_awkward_case_equals_the_truth(desk: Desk, source: str) -> None:
    captured = desk.capture(EVERYTHING, source)
    assert desk.differences(EVERYTHING, source) == []
    found = desk.verify(EVERYTHING)
    assert (captured.gap_count, found.gap_count) == (0, 0)
    ends = {(gap.kind, gap.state, gap.stored, gap.expected) for gap in found.gaps}
    assert ends == HIDDEN | (ENDED_BY_REST if source == "rest" else COUNTED_BY_GRAPHQL)


def test_contributors_are_counted_as_github_lists_them(sandbox: Running, sqlite_url: str) -> None:
    with Desk(sandbox, sqlite_url) as desk:
        desk.capture(HUEY, limit=1)
        (stored,) = desk.rows("repositories")
        pages = [desk.control.get(f"/repos/{HUEY}/contributors?per_page=100&page={page}").json() for page in (1, 2)]
        assert 1 < stored["contributors_total"] == sum(map(len, pages)) < 200


def test_patches_are_captured_where_they_are_asked_for(
    sandbox: Running, sqlite_url: str, truths: dict[str, list[bytes]]
) -> None:
    with Desk(sandbox, sqlite_url, truths=truths) as desk:
        desk.capture(EVERYTHING)
        with_files = {row["pull_request_id"] for row in desk.rows("pr_files")}
        assert desk.capture(EVERYTHING, patches=True).pull_requests >= len(with_files) > 0
        assert desk.differences(EVERYTHING, patches=True) == []
        assert desk.capture(EVERYTHING, patches=True).pull_requests == 0
        assert desk.capture(EVERYTHING, "graphql").pull_requests == 0


def test_click_equals_the_truth_at_the_cost_that_was_forecast(sandbox: Running, sqlite_url: str) -> None:
    with Desk(sandbox, sqlite_url) as desk:
        plan = desk.plan(CLICK)
        captured = desk.capture(CLICK)
        assert desk.differences(CLICK) == []
        assert captured.gap_count == desk.verify(CLICK).gap_count == 0
        assert too_dear(captured, AUTO) is None
        assert misjudged(plan, captured, 0.05) is None
