"""Forecasts of captures of what is held already: what they say is what the capture then asks for."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from progressive_capture.domain.kinds import INDEX_KINDS
from tests.support.capturing import Desk
from tests.support.stand_ins import Running, Start

NAME = "sandbox/demo"
SIZE = 104
"""More than a page of the list by REST, two by GraphQL."""
LARGE = "sandbox/large"
FAR = 490


@pytest.fixture(scope="module")
def running(serve: Start) -> Running:
    """A repository of two pages and one of five, with a budget that lasts."""
    repositories = (f"--repo={NAME}=generate:{SIZE}", f"--repo={LARGE}=generate:{FAR}")
    return serve(*repositories, "--points", "1000000")


@pytest.fixture
def desk(running: Running, sqlite_url: str) -> Iterator[Desk]:
    """A desk with the module's repository and an empty SQLite database."""
    with Desk(running, sqlite_url) as made:
        yield made


def talk(desk: Desk, count: int) -> None:
    """Let `count` pull requests be updated now, and a minute pass."""
    numbers = sorted(row["number"] for row in desk.pull_requests(NAME))[:count]
    desk.change(*({"type": "comment.add", "repository": NAME, "number": each, "body": "So?"} for each in numbers))
    desk.time.advance(60)


def checked(desk: Desk, source: str, hydrated: int, **scope: Any) -> None:
    """Forecast, capture, and compare all that both tell."""
    plan = desk.plan(NAME, source, **scope)
    assert plan.spent.points <= 5
    assert plan.spent.requests <= 60
    captured = desk.capture(NAME, source, **scope)
    assert (plan.counts.hydrated, captured.pull_requests) == (hydrated, hydrated)
    told = (plan.forecast.requests, plan.forecast.rest_requests, plan.forecast.points)
    assert told == (captured.requests, captured.rest_requests, captured.points)


@pytest.mark.parametrize(("source", "many"), [("auto", SIZE), ("graphql", 60)])
def test_a_complete_repository_costs_its_changes(desk: Desk, source: str, many: int) -> None:
    desk.capture(NAME, source)
    desk.time.advance(3_600)
    checked(desk, source, 0)
    talk(desk, 20)
    checked(desk, source, 20)
    desk.time.advance(3_600)
    talk(desk, many)
    checked(desk, source, many)


def test_by_rest_each_change_costs_six_requests(desk: Desk) -> None:
    desk.capture(NAME, "rest", limit=10)
    desk.time.advance(3_600)
    talk(desk, 3)
    checked(desk, "rest", 3, limit=6)
    numbers = tuple(sorted(row["number"] for row in desk.rows("pull_request_index"))[:4])
    checked(desk, "rest", 0, numbers=numbers)


def a_limit(_desk: Desk) -> dict[str, Any]:
    return {"limit": 102}


def numbers(desk: Desk) -> dict[str, Any]:
    """More than one query asks for."""
    return {"numbers": tuple(sorted(row["number"] for row in desk.pull_requests(NAME))[:60])}


def a_span(desk: Desk) -> dict[str, Any]:
    stamps = sorted(row["updatedAt"] for row in desk.pull_requests(NAME))
    return {"updated_from": stamps[20], "updated_to": stamps[-41]}


def since(desk: Desk) -> dict[str, Any]:
    stamps = sorted(row["updatedAt"] for row in desk.pull_requests(NAME))
    return {"updated_from": stamps[60]}


@pytest.mark.parametrize("part", [a_limit, numbers, a_span, since])
def test_a_part_that_is_held_costs_its_changes(desk: Desk, part: Callable[[Desk], dict[str, Any]]) -> None:
    scope = part(desk)
    first = desk.capture(NAME, **scope)
    desk.time.advance(3_600)
    checked(desk, "auto", 0, **scope)
    assert desk.plan(NAME, full=True, **scope).counts.hydrated == first.pull_requests
    assert desk.plan(NAME).counts.hydrated == SIZE - first.pull_requests


def test_kinds_that_the_list_carries_cost_the_list(desk: Desk) -> None:
    checked(desk, "auto", 0, kinds=INDEX_KINDS)


def test_a_walk_by_updates_costs_pages_that_overlap(desk: Desk) -> None:
    """Six for 490: of those that do not overlap it takes five."""
    part = {"kinds": INDEX_KINDS, "limit": FAR}
    forecast = desk.capture(LARGE, "rest", **part).forecast
    assert forecast is not None
    assert forecast.requests == 2 + 1 + 6, "with the contributors"
    assert desk.plan(LARGE, "rest", **part).forecast.requests == desk.capture(LARGE, "rest", **part).requests == 2 + 6
    assert len(desk.rows("pull_request_index")) == FAR
