"""Captures of whole repositories by every API into every database, each equal to the truth in every stored field."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sandbox.conftest import Running, start, stop
from tests.support.capturing import Desk

HUEY, CLICK, EVERYTHING = "coleifer/huey", "pallets/click", "hostile/everything"
SOURCES = ["graphql", "rest", "auto"]

NewDesk = Callable[[Running, str], Desk]


@pytest.fixture(scope="module")
def sandbox(data: Path) -> Iterator[Running]:
    """The recorded repositories and the awkward ones, with budgets that last."""
    prs = data / "prs"
    repositories = ["--repo", f"{HUEY}={prs / 'huey.jsonl.gz'}", "--repo", f"{CLICK}={prs / 'click.jsonl.gz'}"]
    running = start(*repositories, "--repo", "hostile", "--points", "1000000")
    yield running
    assert stop(running) == ""


@pytest.fixture
def desk(sandbox: Running, database_url: str) -> Iterator[Desk]:
    """A desk with an empty database, once for each kind of database."""
    with Desk(sandbox, database_url) as made:
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
    assert {(gap.kind, gap.state) for gap in found.gaps}


def test_patches_are_captured_where_they_are_asked_for(desk: Desk) -> None:
    desk.capture(HUEY, patches=True)
    assert desk.differences(HUEY, patches=True) == []


def test_click_equals_the_truth(sandbox: Running, sqlite_url: str) -> None:
    with Desk(sandbox, sqlite_url) as desk:
        captured = desk.capture(CLICK)
        assert desk.differences(CLICK) == []
        assert captured.gap_count == desk.verify(CLICK).gap_count == 0
