"""The control routes, with the whole stand-in in one process."""

import asyncio
import json
from typing import Any

import pytest

from github_sandbox.clock import Clock
from github_sandbox.composition import Options, build_sandbox
from github_sandbox.http.messages import Request, Response
from github_sandbox.population import build_world
from github_sandbox.service import Sandbox

ARCHIVE = {"changes": [{"type": "repository.archive", "repository": "sandbox/demo"}]}


@pytest.fixture
def sandbox() -> Sandbox:
    clock = Clock(lambda: 1_800_000_000.0)
    return build_sandbox(build_world(clock.now, 7, ("sandbox/demo=generate:3",)), clock, Options())


def ask(sandbox: Sandbox, method: str, path: str, body: object = None) -> Response:
    request = Request(method, f"/_sandbox/{path}", {}, b"" if body is None else json.dumps(body).encode())
    return asyncio.run(sandbox.handle(request))


@pytest.mark.parametrize("how", ["read to its end", "given up"])
def test_a_truth_is_of_one_moment(sandbox: Sandbox, how: str) -> None:
    chunks = ask(sandbox, "GET", "truth/sandbox/demo").chunks
    assert chunks is not None
    text = next(chunks)
    refused = ask(sandbox, "POST", "changes", ARCHIVE)
    assert refused.status == 409
    assert b"read it to its end" in refused.body
    if how == "given up":
        chunks.close()
    else:
        text += b"".join(chunks)
        rows: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
        assert [each["isArchived"] for each in rows if each["kind"] == "repository"] == [False]
    assert ask(sandbox, "POST", "changes", ARCHIVE).status == 200


def test_a_truth_that_nobody_reads_holds_no_change_up(sandbox: Sandbox) -> None:
    ask(sandbox, "HEAD", "truth/sandbox/demo")
    unread = ask(sandbox, "GET", "truth/sandbox/demo")
    assert ask(sandbox, "POST", "changes", ARCHIVE).status == 200
    assert unread.chunks is not None
