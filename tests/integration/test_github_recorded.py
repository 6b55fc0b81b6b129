"""Exchanges recorded from GitHub: every body is readable, every recorded limit is a limit."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from progressive_capture.domain.records import Records
from progressive_capture.github import rest_bodies as rest
from progressive_capture.github import rest_rows
from progressive_capture.github.answer import UNNUMBERED, Answer, linked_page
from progressive_capture.github.limits import Refusals
from progressive_capture.github.outcomes import Missing, Moved, Outcome, Page, Throttled
from progressive_capture.github.payload import Shape
from progressive_capture.github.people import People
from progressive_capture.github.rest_answer import RestPage, decode_rest
from tests.unit.github.fakes import NOW

SHAPES: dict[str, Shape[Any]] = {
    r"/user": Shape(rest.User),
    r"/repos/[^/]+/[^/?]+": Shape(rest.Repository),
    r"/repositories/\d+": Shape(rest.Repository),
    r"/repos/[^/]+/[^/]+/pulls": Shape(list[rest.ListedPullRequest]),
    r"/repos/[^/]+/[^/]+/pulls/\d+": Shape(rest.PullRequest),
    r"/repos/[^/]+/[^/]+/pulls/\d+/reviews": Shape(list[rest.Review]),
    r"/repos/[^/]+/[^/]+/pulls/\d+/comments": Shape(list[rest.ReviewComment]),
    r"/repos/[^/]+/[^/]+/issues/\d+/comments": Shape(list[rest.IssueComment]),
    r"/repos/[^/]+/[^/]+/pulls/\d+/commits": Shape(list[rest.Commit]),
    r"/repos/[^/]+/[^/]+/pulls/\d+/files": Shape(list[rest.ChangedFile]),
}


def exchanges(data: Path) -> Iterator[dict[str, Any]]:
    for name in ("hub4j_exchanges", "octokit_fixtures_exchanges"):
        with gzip.open(data / "rest" / f"{name}.jsonl.gz") as lines:
            yield from (msgspec.json.decode(line) for line in lines)


def shape_of(exchange: dict[str, Any]) -> tuple[str, Shape[Any]] | None:
    path = exchange["request"]["url"].split("?")[0]
    if exchange["request"]["method"] != "GET":
        return None
    return next(((pattern, shape) for pattern, shape in SHAPES.items() if re.fullmatch(pattern, path)), None)


def decoded(exchange: dict[str, Any], shape: Shape[Any]) -> Outcome[RestPage[Any]]:
    recorded = exchange["response"]
    body = recorded["body"]
    raw = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    return decode_rest(Answer(recorded["status"], recorded["headers"], raw), shape, NOW, Refusals())


def test_every_recorded_body_of_our_routes_is_readable(data: Path) -> None:
    read: Counter[str] = Counter()
    for exchange in exchanges(data):
        found = shape_of(exchange)
        if found is None or exchange["response"]["status"] != 200:
            continue
        outcome = decoded(exchange, found[1])
        assert isinstance(outcome, Page), (exchange["scenario"], exchange["request"]["url"], outcome)
        read[found[0]] += 1
    assert sum(read.values()) > 100
    assert len(read) >= 7, read


def test_every_recorded_limit_is_a_limit_and_nothing_else_is(data: Path) -> None:
    limits: Counter[int] = Counter()
    for exchange in exchanges(data):
        scenario, status = exchange["scenario"], exchange["response"]["status"]
        outcome = decoded(exchange, Shape(Any))
        if status in {403, 429} and re.match(r"(AbuseLimit|RateLimit)Handler", scenario):
            assert isinstance(outcome, Throttled), (scenario, outcome)
            assert outcome.until > NOW
            limits[status] += 1
        elif status < 400:
            assert not isinstance(outcome, Throttled)
    assert limits[403] >= 10
    assert limits[429] >= 4


def test_recorded_lists_lead_on_by_their_links(data: Path) -> None:
    pages = [
        (linked_page(exchange["response"]["headers"], "next"), exchange["request"]["url"])
        for exchange in exchanges(data)
        if 'rel="next"' in exchange["response"]["headers"].get("link", "")
    ]
    assert len(pages) > 10
    assert all(page == UNNUMBERED or (page is not None and page >= 2) for page, _ in pages)
    assert sum(page != UNNUMBERED for page, _ in pages) > 10


@pytest.mark.parametrize(("status", "kind"), [(404, Missing), (301, Moved)])
def test_recorded_absences_and_moves(data: Path, status: int, kind: type) -> None:
    outcomes = [decoded(each, Shape(Any)) for each in exchanges(data) if each["response"]["status"] == status]
    assert outcomes
    assert all(isinstance(each, kind) for each in outcomes)


def test_recorded_pull_requests_become_rows(data: Path) -> None:
    records, people = Records(), People()
    shape = Shape[rest.PullRequest](rest.PullRequest)
    for exchange in exchanges(data):
        found = shape_of(exchange)
        if found and found[0].endswith(r"pulls/\d+") and exchange["response"]["status"] == 200:
            rest_rows.pull_request(records, people, decoded(exchange, shape).data.body)  # type: ignore[union-attr] # 200
    assert len(records.pull_requests) > 20
    assert {row.state for row in records.pull_requests} >= {"OPEN", "CLOSED"}
    assert all(row.body is not None for row in records.pull_requests)
