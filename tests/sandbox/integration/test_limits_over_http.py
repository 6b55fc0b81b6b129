"""Limits as a client meets them: charged before execution, shown on every answer, refused in every known form."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Running, Start

DEMO = "sandbox/demo=generate:30"
PULLS = """query Pulls($n: Int!) { rateLimit { cost limit nodeCount remaining resetAt used }
  repository(owner: "sandbox", name: "demo") { pullRequests(first: $n) { nodes { number
  reviews(first: 100) { totalCount } comments(first: 100) { nodes { id } } } } } }"""


def ask(client: httpx.Client, query: str, **variables: object) -> httpx.Response:
    return client.post("/graphql", json={"query": query, "variables": variables})


def advance(running: Running, seconds: float) -> None:
    assert httpx.post(f"{running.url}/_sandbox/clock", json={"advance": seconds}).status_code == 200


@pytest.fixture(scope="module")
def small(serve: Start) -> Running:
    """A stand-in with ten points a window, of which each test takes those of a token of its own."""
    return serve("--repo", DEMO, "--points", "10")


def test_a_query_is_charged_and_tells_its_price(small: Running) -> None:
    with small.client("price") as client:
        answer = ask(client, PULLS, n=100)
    rate = answer.json()["data"]["rateLimit"]
    assert rate["cost"] == 2, "1 + 100 x 2 look-ups"
    assert (rate["limit"], rate["remaining"], rate["used"]) == (10, 8, 2)
    headers = answer.headers
    assert headers["x-ratelimit-remaining"] == "8"
    assert headers["x-ratelimit-used"] == "2"
    assert headers["x-ratelimit-resource"] == "graphql"
    assert int(headers["x-ratelimit-reset"]) > 1_600_000_000


def test_a_dry_run_costs_nothing(small: Running) -> None:
    with small.client("dry") as client:
        answer = ask(client, PULLS.replace("rateLimit {", "rateLimit(dryRun: true) {"), n=100)
        assert answer.json()["data"]["rateLimit"]["cost"] == 2
        assert answer.headers["x-ratelimit-used"] == "0"


def test_rest_and_graphql_are_charged_apart_and_rate_limit_is_free(small: Running) -> None:
    with small.client("apart") as client:
        ask(client, "{ viewer { login } }")
        client.get("/repos/sandbox/demo")
        shown = client.get("/rate_limit").json()["resources"]
    assert (shown["core"]["used"], shown["graphql"]["used"], shown["search"]["used"]) == (1, 1, 0)


def test_a_refused_query_costs_nothing(small: Running) -> None:
    with small.client("invalid") as client:
        answer = ask(client, "{ nothing }")
        assert answer.json()["errors"][0]["message"].startswith("Field 'nothing' doesn't exist")
        assert answer.headers["x-ratelimit-used"] == "0"
        too_large = ask(
            client,
            '{ repository(owner: "sandbox", name: "demo") { pullRequests(first: 100) { nodes { reviews(first: 100) '
            "{ nodes { comments(first: 100) { nodes { id } } } } } } } }",
        )
        assert too_large.json()["errors"][0]["type"] == "MAX_NODE_LIMIT_EXCEEDED"


def test_the_primary_limit_refuses_in_both_graphql_forms_until_the_reset(small: Running) -> None:
    with small.client("spent") as client:
        *_, last = [ask(client, "{ viewer { login } }") for _ in range(10)]
        assert last.headers["x-ratelimit-remaining"] == "0"
        assert "data" in last.json(), "the last success carries remaining 0, too"
        types = set()
        for _ in range(2):
            refused = ask(client, "{ viewer { login } }")
            assert refused.status_code == 200
            assert refused.headers["x-ratelimit-remaining"] == "0"
            types.add(refused.json()["errors"][0]["type"])
        assert types == {"RATE_LIMITED", "RATE_LIMIT"}
        advance(small, 3_601)
        assert ask(client, "{ viewer { login } }").headers["x-ratelimit-remaining"] == "9"


def test_the_primary_limit_refuses_in_both_rest_forms(small: Running) -> None:
    with small.client("rest-spent") as client:
        for _ in range(10):
            assert client.get("/repos/sandbox/demo").status_code == 200
        refused = [client.get("/repos/sandbox/demo") for _ in range(2)]
        assert {answer.status_code for answer in refused} == {403, 429}
        for answer in refused:
            assert answer.headers["x-ratelimit-remaining"] == "0"
            assert answer.json()["message"].startswith("API rate limit exceeded")
        assert client.get("/rate_limit").status_code == 200


def test_without_a_token_graphql_is_closed(small: Running) -> None:
    with small.client("") as client:
        answer = ask(client, "{ viewer { login } }")
        assert answer.status_code == 401
        assert "errors" not in answer.json()


@pytest.mark.parametrize(
    ("body", "status", "complaint"),
    [
        (b"{", 400, "Problems parsing JSON"),
        (b"[]", 400, "Problems parsing JSON"),
        (b"[" * 100_000, 400, "Problems parsing JSON"),
        (b"{}", 200, "A query attribute must be specified and must be a string."),
        (b'{"query": "{"}', 200, "yntax"),
    ],
)
def test_bad_bodies_are_told(small: Running, body: bytes, status: int, complaint: str) -> None:
    with small.client("bodies") as client:
        answer = client.post("/api/graphql", content=body)
    assert answer.status_code == status
    assert complaint in answer.text


def test_tokens_of_one_principal_share_its_points(serve: Start, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("tokens") / "tokens.json"
    path.write_text(json.dumps({"tokens": {"one": {"user": "a", "points": 7}, "two": {"user": "a", "points": 7}}}))
    running = serve("--repo", DEMO, "--tokens", path)
    with running.client("one") as one, running.client("two") as two:
        ask(one, "{ viewer { login } }")
        assert ask(two, "{ viewer { login } }").headers["x-ratelimit-remaining"] == "5"
        assert ask(two, "{ viewer { login } }").json()["data"]["viewer"]["login"] == "a"


@pytest.fixture(scope="module")
def strict(serve: Start) -> Running:
    """A stand-in with secondary limits, where each pull request takes a second of server time."""
    return serve("--repo", DEMO, "--secondary", "--ms-per-pr", "1000", "--seed", "3")


def test_more_than_ten_seconds_of_server_time_time_out_and_cost_more(strict: Running) -> None:
    with strict.client("slow") as client:
        answers = [ask(client, PULLS, n=11) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [502, 504, 502]
        assert answers[0].json()["errors"][0]["message"].startswith("Something went wrong while executing your query.")
        assert "type" not in answers[0].json()["errors"][0]
        assert answers[2].headers["content-type"].startswith("text/html")
        assert answers[2].headers["x-ratelimit-used"] == "3"
        advance(strict, 3_601)
        assert int(ask(client, "{ viewer { login } }").headers["x-ratelimit-used"]) == 31


def test_server_time_a_minute_is_limited_in_every_form(strict: Running) -> None:
    advance(strict, 61)
    with strict.client("busy") as client:
        for _ in range(6):
            assert "data" in ask(client, PULLS, n=10).json()
        refused = [ask(client, "{ viewer { login } }") for _ in range(5)]
        assert sorted(answer.status_code for answer in refused) == [200, 403, 403, 429, 429]
        assert sorted("retry-after" in answer.headers for answer in refused) == [False, False, False, True, True]
        for answer in refused:
            assert "secondary rate limit" in answer.text
            assert answer.headers["x-ratelimit-remaining"] != "0"
        assert client.get("/repos/sandbox/demo").status_code == 200, "REST may have 30 s more"
        advance(strict, 61)
        assert "data" in ask(client, "{ viewer { login } }").json()


def test_nine_hundred_rest_requests_a_minute(serve: Start) -> None:
    running = serve("--repo", DEMO, "--secondary")
    with running.client("fast") as client:
        statuses = [client.get("/repos/sandbox/demo/labels").status_code for _ in range(901)]
        assert set(statuses[:900]) == {200}
        assert statuses[900] in {403, 429}


def test_points_round_up_when_asked_to(serve: Start, tmp_path: Path) -> None:
    del tmp_path
    running = serve("--repo", DEMO, "--rounding", "up", "--window", "60")
    with running.client() as client:
        rate: dict[str, Any] = ask(client, PULLS, n=60).json()["data"]["rateLimit"]
    assert rate["cost"] == 2, "121 look-ups"


def test_what_was_asked_is_counted(serve: Start) -> None:
    running = serve("--repo", DEMO)
    with running.client() as client:
        ask(client, PULLS, n=10)
        client.get("/api/v3/repos/sandbox/demo/pulls/1")
        client.get("/nothing")
        stats = client.get("/_sandbox/stats").json()
        assert stats["graphql"]["requests"] == 1
        assert stats["graphql"]["points"] == 1
        assert stats["graphql"]["nodes"] > 10
        assert stats["rest"] == {
            "requests": 2,
            "by_route": {"GET /repos/{owner}/{repo}/pulls/{pull_number}": 1, "GET unknown": 1},
        }
        assert stats["bytes_sent"] > 1_000
        assert stats["max_in_flight"] == 1
        client.post("/_sandbox/reset-stats")
        assert client.get("/_sandbox/stats").json()["rest"]["requests"] == 0
