"""The faults file and what its rules do to answers."""

import json
import math
from typing import Any

import pytest

from github_sandbox.composition import served_routes
from github_sandbox.config_file import ConfigError, Table
from github_sandbox.faults import Asked, Faults, instead, seal
from github_sandbox.faults_file import Rule, parse_rules
from github_sandbox.http.answers import json_answer
from github_sandbox.http.messages import Response
from github_sandbox.refusals import FORMS, Context

PAGE = Asked("POST", "/graphql", "Pulls", "token-a", "c1")
CONTEXT = Context(7, "AB:1", 60)
BODY = {
    "data": {"repository": {"pullRequests": {"nodes": [{"id": 1}, {"id": 2}, {"id": 3}], "pageInfo": {}}}},
}


def rules(*rows: dict[str, Any]) -> tuple[Rule, ...]:
    return parse_rules(Table("file", {"faults": list(rows)}), served_routes())


def faults(*rows: dict[str, Any], seed: int = 7) -> Faults:
    return Faults(rules(*rows), seed)


def bent(effect: dict[str, Any], body: object = BODY) -> Any:
    made = faults({"effect": effect})
    rule = made.choose(PAGE)
    assert rule is not None
    return json.loads(made.bend(rule.effect, PAGE, json_answer(body)).body)


def answered(effect: dict[str, Any], asked: Asked = PAGE) -> Response | None:
    return instead(rules({"effect": effect})[0].effect, asked, CONTEXT)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"effect": {}, "extra": 1}, "unknown extra"),
        ({"match": {"path": "/x"}, "effect": {}}, "unknown path"),
        ({"effect": {"statsu": 500}}, "unknown statsu"),
        ({"match": {}}, "effect is missing"),
        ({"effect": {"status": "500"}}, "status must be int"),
        ({"effect": {"status": 99}}, "between 200 and 599"),
        ({"effect": {"disconnect": "after"}}, "one of before, within"),
        ({"effect": {"truncate": 1.5}}, "below 1"),
        ({"effect": {"refusal": "no"}}, "one of primary-200-rate-limited"),
        ({"effect": {"errors": [{"path": []}]}}, "path must be"),
        ({"effect": {"null_nodes": {"every": 0}}}, "every must be 1 or more"),
        ({"match": {"nth": 0}, "effect": {}}, "nth counts from 1"),
        ({"match": {"nth": {"until": 3}}, "effect": {}}, "unknown until"),
        ({"match": {"nth": {"from": 0}}, "effect": {}}, "from must be 1 or more"),
        ({"match": {"nth": {"from": 3, "to": 2}}, "effect": {}}, "to must not be below from"),
        ({"match": {"probability": 2}, "effect": {}}, "between 0 and 1"),
        ({"match": {"probability": math.nan}, "effect": {}}, "probability must be a number"),
        ({"match": {"probability": -1}, "effect": {}}, "probability must be zero or more"),
        ({"match": {"route": "/repos/{owner}/{name}/pulls"}, "effect": {}}, "no route '/repos/{owner}/{name}/pulls'"),
        ({"match": {"route": "DELETE /repos/{owner}/{repo}/pulls"}, "effect": {}}, "served for GET, HEAD, not DELETE"),
        ({"match": {"route": ""}, "effect": {}}, "route must not be empty"),
        ({"match": {"operation": "no name"}, "effect": {}}, "name of a GraphQL operation"),
        ({"match": {"token": " "}, "effect": {}}, "token must not be empty"),
        ({"effect": {"delay_ms": math.nan}}, "delay_ms must be a number"),
        ({"effect": {"delay_ms": math.inf}}, "delay_ms must be a number"),
        ({"effect": {"delay_ms": -1}}, "delay_ms must be zero or more"),
        ({"effect": {"truncate": math.nan}}, "truncate must be a number"),
        ({"effect": {"date_offset_s": -math.inf}}, "date_offset_s must be a number"),
        ({"effect": {"headers": {"x": "two\nlines"}}}, "one line of ASCII"),
        ({"effect": {"headers": {"a b": "x"}}}, "one line of ASCII"),
        ({"effect": {"headers": {"x": 1}}}, "one line of ASCII"),
    ],
)
def test_what_a_file_may_not_say_is_refused_in_one_line(row: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        rules(row)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("nth", "hit"),
    [
        (2, [2]),
        ([1, 4], [1, 4]),
        ({"every": 3}, [3, 6]),
        ({"from": 2, "to": 3}, [2, 3]),
        ({"from": 5}, [5, 6]),
        ({"every": 2, "from": 3}, [4, 6]),
        ({"every": 2, "to": 5}, [2, 4]),
        ({"every": 2, "from": 3, "to": 5}, [4]),
    ],
)
def test_nth_counts_the_requests_that_match(nth: object, hit: list[int]) -> None:
    made = faults({"match": {"operation": "Pulls", "nth": nth}, "effect": {"html": True}})
    other = Asked("POST", "/graphql", "Other", "token-a")
    seen = []
    for turn in range(1, 7):
        assert made.choose(other) is None
        if made.choose(PAGE) is not None:
            seen.append(turn)
    assert seen == hit


@pytest.mark.parametrize(
    ("match", "concerns"),
    [
        ({"operation": "Pulls"}, True),
        ({"operation": "Other"}, False),
        ({"route": "/graphql"}, True),
        ({"route": "POST /graphql"}, True),
        ({"route": "GET /graphql"}, False),
        ({"route": "/repos/{owner}/{repo}/pulls"}, False),
        ({"token": "token-a"}, True),
        ({"token": "token-b"}, False),
    ],
)
def test_a_rule_concerns_what_it_names(match: dict[str, Any], *, concerns: bool) -> None:
    assert (faults({"match": match, "effect": {}}).choose(PAGE) is not None) is concerns


def test_probability_is_decided_by_the_seed_alone() -> None:
    def hits(seed: int) -> list[int]:
        made = faults({"match": {"probability": 0.3}, "effect": {}}, seed=seed)
        return [turn for turn in range(1_000) if made.choose(PAGE) is not None]

    assert hits(1) == hits(1)
    assert hits(1) != hits(2)
    assert 230 < len(hits(1)) < 370


def test_of_two_rules_the_first_holds_and_both_count() -> None:
    made = faults(
        {"name": "one", "match": {"nth": 2}, "effect": {}}, {"name": "two", "match": {"nth": [2, 3]}, "effect": {}}
    )
    names = [rule.name if (rule := made.choose(PAGE)) else None for _ in range(4)]
    assert names == [None, "one", "two", None]


def test_nodes_are_blanked_with_an_error_on_each_path() -> None:
    body = bent({"null_nodes": {"every": 2}})
    assert body["data"]["repository"]["pullRequests"]["nodes"] == [{"id": 1}, None, {"id": 3}]
    assert body["errors"] == [
        {
            "type": "RESOURCE_LIMITS_EXCEEDED",
            "path": ["repository", "pullRequests", "nodes", 1],
            "message": "Resource limits for this query exceeded.",
        }
    ]


def test_nodes_at_a_path_are_blanked_wherever_it_repeats() -> None:
    nested = {"data": {"nodes": [{"files": {"nodes": [1]}}, {"files": {"nodes": [2]}}]}}
    body = bent({"null_nodes": {"path": ["nodes", "files", "nodes"], "type": "X", "message": "m"}}, nested)
    assert body["data"]["nodes"] == [{"files": {"nodes": [None]}}, {"files": {"nodes": [None]}}]
    assert [error["path"] for error in body["errors"]] == [
        ["nodes", 0, "files", "nodes", 0],
        ["nodes", 1, "files", "nodes", 0],
    ]


def test_an_error_on_a_path_nulls_what_stands_there() -> None:
    path = ["repository", "pullRequests", "nodes", 0, "id"]
    body = bent({"errors": [{"path": path, "type": "FORBIDDEN", "message": "no"}]})
    assert body["data"]["repository"]["pullRequests"]["nodes"][0] == {"id": None}
    assert body["errors"] == [{"type": "FORBIDDEN", "path": path, "message": "no"}]


def test_an_error_on_a_path_that_is_not_there_says_nothing() -> None:
    assert bent({"errors": [{"path": ["repository", "issues", "nodes"]}]}) == BODY


def test_a_page_comes_reordered() -> None:
    assert bent({"page": "reorder"})["data"]["repository"]["pullRequests"]["nodes"] == [{"id": 3}, {"id": 2}, {"id": 1}]
    assert bent({"page": "reorder"}, [1, 2, 3]) == [3, 2, 1]


def test_a_page_comes_twice() -> None:
    made = faults({"match": {"nth": 2}, "effect": {"page": "duplicate"}})
    assert made.choose(PAGE) is None
    made.remember(PAGE, json_answer({"page": 1}, headers={"link": "next"}))
    rule = made.choose(PAGE)
    assert rule is not None
    again = made.bend(rule.effect, PAGE, json_answer({"page": 2}))
    assert json.loads(again.body) == {"page": 1}
    assert again.headers["link"] == "next"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (("/pulls?state=all&page=1", None), ("/pulls?page=2&state=all", None), True),
        (("/pulls?state=all&page=1", None), ("/pulls?state=open&page=2", None), False),
        (("/repos/a/b/pulls", None), ("/repos/a/c/pulls?page=2", None), False),
        (("/graphql", {"name": "a", "after": None}), ("/graphql", {"after": "c", "name": "a"}), True),
        (("/graphql", {"name": "a", "after": None}), ("/graphql", {"after": "c", "name": "b"}), False),
    ],
)
def test_a_page_comes_twice_within_its_own_walk_alone(
    first: tuple[str, Any], second: tuple[str, Any], *, same: bool
) -> None:
    made = faults({"effect": {"page": "duplicate"}})
    earlier, later = (Asked("GET", "/r", None, "t", None, target, values) for target, values in (first, second))
    made.remember(earlier, json_answer({"page": 1}))
    rule = made.choose(later)
    assert rule is not None
    answer = made.bend(rule.effect, later, json_answer({"page": 2}))
    assert json.loads(answer.body) == {"page": 1 if same else 2}


def test_what_happens_to_a_page_that_came_twice_leaves_the_kept_one_alone() -> None:
    made = faults({"effect": {"page": "duplicate"}})
    made.remember(PAGE, json_answer({"page": 1}))
    rule = made.choose(PAGE)
    assert rule is not None
    spoilt = made.bend(rule.effect, PAGE, json_answer({"page": 2}))
    spoilt.body, spoilt.headers["content-encoding"] = b"packed", "gzip"
    again = made.bend(rule.effect, PAGE, json_answer({"page": 3}))
    assert json.loads(again.body) == {"page": 1}
    assert "content-encoding" not in again.headers


def test_what_takes_the_place_of_an_answer() -> None:
    before = answered({"disconnect": "before"})
    assert before is not None
    assert before.drop
    expired = answered({"expire_token": True})
    assert expired is not None
    assert expired.status == 401
    page = answered({"html": True})
    assert page is not None
    assert (page.status, page.body[:15]) == (502, b"<!DOCTYPE html>")
    error = answered({"status": 503, "body": {"code": "x"}})
    assert error is not None
    assert (error.status, error.body) == (503, b'{"code":"x"}')
    assert answered({"delay_ms": 5}) is None


def test_only_a_request_with_a_cursor_can_find_it_expired() -> None:
    refused = answered({"expire_cursor": True})
    assert refused is not None
    assert json.loads(refused.body)["errors"][0]["message"] == "`c1` does not appear to be a valid cursor."
    assert answered({"expire_cursor": True}, Asked("POST", "/graphql", "Pulls", "token-a")) is None


@pytest.mark.parametrize("name", sorted(FORMS))
def test_every_refusal_can_be_asked_for_by_name(name: str) -> None:
    refused = answered({"refusal": name})
    assert refused is not None
    text = refused.body.decode()
    assert "rate limit" in text or "too quickly" in text
    assert ("retry-after" in refused.headers) is name.endswith("retry-after")
    assert refused.status == (200 if "-200" in name else 429 if "-429" in name else 403)


def test_a_body_is_cut_and_a_connection_broken() -> None:
    cut = seal(rules({"effect": {"truncate": 0.5, "headers": {"X-One": "1"}}})[0].effect, json_answer("12345678"))
    assert (cut.body, cut.headers["x-one"], cut.cut) == (b'"1234', "1", None)
    broken = seal(rules({"effect": {"disconnect": "within"}})[0].effect, json_answer("12345678"))
    assert (broken.cut, len(broken.body)) == (5, 10)
