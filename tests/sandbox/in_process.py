"""The whole stand-in in the test's own process: requests go in as values, no socket is opened."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from github_sandbox.clock import Clock
from github_sandbox.composition import Options, build_sandbox
from github_sandbox.faults_file import Rule
from github_sandbox.http.messages import Request, Response
from github_sandbox.population import build_world
from github_sandbox.service import Sandbox
from github_sandbox.tokens_file import Credentials

NOW = 1_800_000_000.0
HEADERS = {"host": "sandbox.test", "authorization": "Bearer any", "user-agent": "test"}


@dataclass(frozen=True)
class InProcess:
    """A stand-in to ask."""

    sandbox: Sandbox

    def ask(self, method: str, target: str, body: object = None, **headers: str) -> Response:
        """Answer one request; underscores in the names of `headers` are hyphens."""
        given = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        content = b"" if body is None else json.dumps(body).encode()
        return asyncio.run(self.sandbox.handle(Request(method, target, given, content)))

    def read(self, target: str) -> Any:
        """Give the JSON of a good GET."""
        answer = self.ask("GET", target)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def query(self, query: str, **variables: object) -> Any:
        """Give the JSON of a GraphQL answer."""
        return json.loads(self.ask("POST", "/graphql", {"query": query, "variables": variables}).body)


def in_process(
    *repos: str, options: Options | None = None, credentials: Credentials | None = None, rules: tuple[Rule, ...] = ()
) -> InProcess:
    """Make a stand-in over these populations."""
    clock = Clock(lambda: NOW)
    world = build_world(clock.now, 7, repos)
    return InProcess(build_sandbox(world, clock, options or Options(), credentials, rules))
