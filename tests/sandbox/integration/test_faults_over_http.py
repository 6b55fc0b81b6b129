"""Faults as a client meets them on the wire."""

import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.sandbox.conftest import Running, Start

if TYPE_CHECKING:
    from pathlib import Path

LIST = """query List($after: String) { repository(owner: "sandbox", name: "demo") {
  pullRequests(first: 5, after: $after) { nodes { number title } pageInfo { endCursor hasNextPage } } } }"""
PULLS = "/repos/sandbox/demo/pulls"


@pytest.fixture(scope="module")
def running(serve: Start) -> Running:
    return serve("--repo", "sandbox/demo=generate:20")


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    with running.client() as made:
        yield made
        made.post("/_sandbox/faults", json={"faults": []})


def install(client: httpx.Client, effect: dict[str, Any], **match: object) -> None:
    answer = client.post("/_sandbox/faults", json={"faults": [{"name": "it", "match": match, "effect": effect}]})
    assert answer.status_code == 200, answer.text


def ask(client: httpx.Client, after: str | None = None) -> httpx.Response:
    return client.post("/graphql", json={"query": LIST, "variables": {"after": after}})


def test_the_second_list_is_refused_and_costs_nothing(client: httpx.Client) -> None:
    install(client, {"refusal": "secondary-403-retry-after"}, operation="List", nth=2)
    before = int(ask(client).headers["x-ratelimit-used"])
    refused = ask(client)
    assert (refused.status_code, refused.headers["retry-after"]) == (403, "60")
    assert int(ask(client).headers["x-ratelimit-used"]) == before + 1
    assert client.get("/_sandbox/stats").json()["faults"]["it"] >= 1


def test_a_primary_refusal_shows_an_empty_budget(client: httpx.Client) -> None:
    install(client, {"refusal": "primary-429"}, route=f"GET {'/repos/{owner}/{repo}/pulls'}")
    refused = client.get(PULLS)
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (429, "0")


def test_the_connection_breaks_before_an_answer(client: httpx.Client) -> None:
    install(client, {"disconnect": "before"}, operation="List")
    with pytest.raises(httpx.RemoteProtocolError):
        ask(client)


def test_the_connection_breaks_within_the_body(client: httpx.Client) -> None:
    install(client, {"disconnect": "within"}, operation="List")
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        ask(client)


def test_json_is_cut_short_though_the_answer_is_whole(client: httpx.Client) -> None:
    install(client, {"truncate": 0.6}, operation="List")
    answer = ask(client)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_html_comes_instead_of_json(client: httpx.Client) -> None:
    install(client, {"html": True, "status": 504}, route="/repos/{owner}/{repo}/pulls")
    answer = client.get(PULLS)
    assert answer.status_code == 504
    assert answer.text.startswith("<!DOCTYPE html>")


def test_nodes_go_missing_with_errors(client: httpx.Client) -> None:
    install(client, {"null_nodes": {"every": 2}}, operation="List")
    body = ask(client).json()
    nodes = body["data"]["repository"]["pullRequests"]["nodes"]
    assert [node is None for node in nodes] == [False, True, False, True, False]
    assert [error["path"][-1] for error in body["errors"]] == [1, 3]


def test_a_page_is_served_twice_and_the_walk_still_ends(client: httpx.Client) -> None:
    install(client, {"page": "duplicate"}, operation="List", nth=2)
    numbers: list[int] = []
    after, pages = None, 0
    while True:
        page = ask(client, after).json()["data"]["repository"]["pullRequests"]
        numbers += [node["number"] for node in page["nodes"]]
        after, pages = page["pageInfo"]["endCursor"], pages + 1
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (pages, len(numbers), len(set(numbers))) == (5, 25, 20)


def test_a_cursor_expires(client: httpx.Client) -> None:
    install(client, {"expire_cursor": True}, operation="List")
    page = ask(client).json()["data"]["repository"]["pullRequests"]
    refused = ask(client, page["pageInfo"]["endCursor"]).json()
    assert refused["errors"][0]["type"] == "INVALID_CURSOR_ARGUMENTS"


def test_a_token_expires_for_one_of_two(client: httpx.Client, running: Running) -> None:
    install(client, {"expire_token": True}, token="any")
    assert client.get(PULLS).status_code == 401
    with running.client("other") as other:
        assert other.get(PULLS).status_code == 200


def test_the_date_is_wrong(client: httpx.Client) -> None:
    right = parsedate_to_datetime(client.get(PULLS).headers["date"])
    install(client, {"date_offset_s": -86_400, "headers": {"X-Test": "1"}})
    answer = client.get(PULLS)
    wrong = parsedate_to_datetime(answer.headers["date"])
    assert (right - wrong).total_seconds() == pytest.approx(86_400, abs=30)
    assert answer.headers["x-test"] == "1"


def test_a_status_goes_with_a_real_body(client: httpx.Client) -> None:
    install(client, {"status": 202}, route="/repos/{owner}/{repo}/pulls")
    answer = client.get(PULLS)
    assert (answer.status_code, len(answer.json())) == (202, len(client.get(PULLS).json()))


def test_a_bad_rule_is_refused_in_words_and_changes_nothing(client: httpx.Client) -> None:
    install(client, {"status": 503}, route="/repos/{owner}/{repo}/pulls")
    answer = client.post("/_sandbox/faults", json={"faults": [{"effect": {"statu": 1}}]})
    assert answer.status_code == 422
    assert "unknown statu" in answer.json()["message"]
    assert client.get(PULLS).status_code == 503


def test_a_file_of_faults_is_read_at_the_start(serve: Start, tmp_path_factory: pytest.TempPathFactory) -> None:
    path: Path = tmp_path_factory.mktemp("faults") / "faults.toml"
    path.write_text('[[faults]]\nmatch = {operation = "List", nth = 1}\neffect = {status = 502, html = true}\n')
    running = serve("--repo", "sandbox/demo=generate:20", "--faults", path)
    with running.client() as client:
        assert [ask(client).status_code for _ in range(2)] == [502, 200]
