"""What the counters count, and what they do not."""

import json
from typing import Any

from github_sandbox.composition import Options
from github_sandbox.service import Timing
from tests.sandbox.in_process import InProcess, in_process

PULLS = """query ($n: Int!, $dry: Boolean = false) {
  repository(owner: "sandbox", name: "demo") { pullRequests(first: $n) { nodes { id } } }
  rateLimit(dryRun: $dry) { cost }
}"""


def graphql(sandbox: InProcess) -> Any:
    return json.loads(sandbox.ask("GET", "/_sandbox/stats").body)["graphql"]


def test_nodes_are_those_of_answered_queries() -> None:
    sandbox = in_process("sandbox/demo=generate:3", options=Options(timing=Timing(ms_per_pr=200.0)))
    sandbox.query(PULLS, n=10)
    assert graphql(sandbox) == {"requests": 1, "points": 1, "nodes": 10}
    sandbox.query(PULLS, n=20, dry=True)
    assert graphql(sandbox) == {"requests": 2, "points": 1, "nodes": 10}, "a dry run is free and holds nothing"
    late = sandbox.ask("POST", "/graphql", {"query": PULLS, "variables": {"n": 100}})
    assert late.status in {502, 504}
    assert graphql(sandbox) == {"requests": 3, "points": 2, "nodes": 10}, "a time-out is charged and holds nothing"
