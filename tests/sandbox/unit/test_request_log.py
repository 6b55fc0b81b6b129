"""Who asks what a client did is told the last requests."""

import json
from typing import Any

import pytest

from github_sandbox.composition import served_routes
from github_sandbox.config_file import Table
from github_sandbox.faults_file import parse_rules
from github_sandbox.http import request_log
from tests.sandbox.in_process import InProcess, in_process

SECRET = "Bearer tell-nobody"


def told(sandbox: InProcess) -> list[dict[str, Any]]:
    return list(json.loads(sandbox.ask("GET", "/_sandbox/requests").body))


def test_requests_are_told_with_their_answers_and_without_tokens() -> None:
    gone = {"name": "gone", "match": {"route": "/repos/{owner}/{repo}"}, "effect": {"disconnect": "before"}}
    rules = parse_rules(Table("faults", {"faults": [gone]}), served_routes())
    sandbox = in_process("sandbox/demo=generate:3", rules=rules)
    sandbox.ask("GET", "/repos/sandbox/demo/pulls?state=all", authorization=SECRET)
    sandbox.ask("GET", "/repos/sandbox/demo", authorization=SECRET)
    sandbox.ask("POST", "/graphql", {"query": "query Me { viewer { login } }"}, authorization=SECRET)
    sandbox.ask("GET", "/nothing", authorization="Bearer")
    rows = told(sandbox)
    seen = [(row["method"], row["target"], row["route"], row["operation"], row["status"], row["fault"]) for row in rows]
    assert seen == [
        ("GET", "/repos/sandbox/demo/pulls?state=all", "/repos/{owner}/{repo}/pulls", None, 200, None),
        ("GET", "/repos/sandbox/demo", "/repos/{owner}/{repo}", None, None, "gone"),
        ("POST", "/graphql", "/graphql", "Me", 200, None),
        ("GET", "/nothing", "unknown", None, 401, None),
    ]
    assert rows[0]["bytes"] > 100
    assert len({row["login"] for row in rows[:3]}) == 1
    assert rows[3]["login"] == ""
    assert "tell-nobody" not in json.dumps(rows)
    sandbox.ask("POST", "/_sandbox/reset-stats")
    assert told(sandbox) == []


def test_a_thousand_requests_are_kept() -> None:
    assert request_log.KEPT == 1_000


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("github_sandbox.http.request_log.KEPT", 10)
    sandbox = in_process("sandbox/demo=generate:3")
    for number in range(12):
        sandbox.ask("GET", f"/nothing/{number}")
    rows = told(sandbox)
    assert (len(rows), rows[0]["target"], rows[-1]["target"]) == (10, "/nothing/2", "/nothing/11")
