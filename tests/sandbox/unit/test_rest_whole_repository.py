"""Lists over a whole repository: in the right order, and a page makes no more than what stands on it."""

import json
import re
from typing import Any

import pytest

from github_sandbox.world.children import converse
from tests.sandbox.in_process import InProcess, in_process

LARGE = "sandbox/large=generate:600"
SMALL = "sandbox/small=generate:60"
ROUTES = ("issues/comments", "pulls/comments")


class Made:
    """Counts the pull requests whose conversation was made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0

        def counted(*args: Any) -> dict[str, list[dict[str, Any]]]:
            self.count += 1
            return converse(*args)

        monkeypatch.setattr("github_sandbox.world.planned.converse", counted)


@pytest.fixture(scope="module")
def large() -> InProcess:
    return in_process(LARGE)


@pytest.fixture(scope="module")
def small() -> InProcess:
    return in_process(SMALL)


def number_of(comment: dict[str, Any]) -> int:
    address = comment.get("issue_url") or comment["pull_request_url"]
    return int(address.rpartition("/")[2])


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "query", ["per_page=100", "per_page=100&page=7", "sort=created&direction=asc&page=20", "sort=updated", "since"]
)
def test_a_page_of_comments_makes_the_pull_requests_that_it_shows_and_no_other(
    large: InProcess, monkeypatch: pytest.MonkeyPatch, route: str, query: str
) -> None:
    made = Made(monkeypatch)
    wanted = "sort=updated&direction=asc&since=2026-03-01T00:00:00Z" if query == "since" else query
    shown = large.read(f"/repos/sandbox/large/{route}?{wanted}")
    assert shown
    assert made.count <= len({number_of(each) for each in shown})


@pytest.mark.parametrize(
    "query", ["sort=updated&since=2026-03-01T00:00:00Z", "labels=bug", "creator=nobody", "state=all"]
)
def test_a_page_of_issues_makes_no_conversation(large: InProcess, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    made = Made(monkeypatch)
    answer = large.ask("GET", f"/repos/sandbox/large/issues?{query}")
    assert answer.status == 200
    assert made.count == 0


def walk(sandbox: InProcess, target: str) -> list[dict[str, Any]]:
    """Follow Link from page to page."""
    rows: list[dict[str, Any]] = []
    while target:
        answer = sandbox.ask("GET", target)
        page = json.loads(answer.body)
        assert answer.status == 200
        assert page
        rows += page
        following = re.search(r'<http://sandbox\.test([^>]+)>; rel="next"', answer.headers.get("link", ""))
        target = following[1] if following else ""
    return rows


def all_of(sandbox: InProcess, route: str) -> list[dict[str, Any]]:
    """Every comment, gathered issue by issue."""
    under = "issues" if route.startswith("issues") else "pulls"
    numbers = [each["number"] for each in walk(sandbox, "/repos/sandbox/small/issues?state=all&per_page=100")]
    found: list[dict[str, Any]] = []
    for number in numbers:
        answer = sandbox.ask("GET", f"/repos/sandbox/small/{under}/{number}/comments?per_page=100")
        if answer.status == 200 and answer.body != b"[]":
            found += walk(sandbox, f"/repos/sandbox/small/{under}/{number}/comments?per_page=100")
    return found


@pytest.mark.no_cover  # the same lines for each order
@pytest.mark.parametrize("route", ROUTES)
def test_every_order_of_comments_is_the_order_of_what_is_shown(small: InProcess, route: str) -> None:
    everything = all_of(small, route)
    assert len(everything) > 100
    base = f"/repos/sandbox/small/{route}?per_page=40"
    by_id = sorted(everything, key=lambda each: int(each["id"]))
    assert walk(small, base) == by_id
    assert walk(small, base + "&direction=desc") == by_id, "direction counts for nothing without sort"
    stamps = sorted(str(each["updated_at"]) for each in everything)
    middle = stamps[len(stamps) // 2]
    late = [each for each in everything if each["updated_at"] >= middle]
    assert 0 < len(late) < len(everything)
    for rows, extra in ((everything, ""), (late, f"&since={middle}")):
        for sort in ("created", "updated"):
            wanted = sorted(rows, key=lambda each: (each[f"{sort}_at"], each["id"]))
            assert walk(small, f"{base}{extra}&sort={sort}&direction=asc") == wanted
            assert walk(small, f"{base}{extra}&sort={sort}") == wanted[::-1]
        assert walk(small, base + extra) == sorted(rows, key=lambda each: int(each["id"]))


def test_issues_are_chosen_by_since_and_by_filters(small: InProcess) -> None:
    base = "/repos/sandbox/small/issues?state=all&per_page=100"
    everything = walk(small, base)
    assert {bool(each.get("pull_request")) for each in everything} == {True, False}
    middle = sorted(str(each["updated_at"]) for each in everything)[len(everything) // 2]
    assert walk(small, f"{base}&since={middle}") == [each for each in everything if each["updated_at"] >= middle]
    label = next(each["labels"][0]["name"] for each in everything if each["labels"])
    assert walk(small, f"{base}&labels={label.upper()}") == [
        each for each in everything if label in {one["name"] for one in each["labels"]}
    ]
    assigned = [each for each in everything if each["assignees"]]
    assert 0 < len(assigned) < len(everything)
    assert walk(small, f"{base}&assignee=*") == assigned
    login = everything[0]["user"]["login"]
    assert walk(small, f"{base}&creator={login}") == [each for each in everything if each["user"]["login"] == login]
