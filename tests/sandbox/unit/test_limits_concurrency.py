"""The limit on concurrent requests, with the whole stand-in in one process."""

import asyncio

from github_sandbox.clock import Clock
from github_sandbox.composition import Options, build_sandbox
from github_sandbox.http.messages import Request, Response
from github_sandbox.limits import CONCURRENT
from github_sandbox.population import build_world
from github_sandbox.service import Timing

NOW = 1_800_000_000.0


def at_once(requests: int) -> list[Response]:
    """Give the answers to requests of which none is answered before all have come in."""
    clock = Clock(lambda: NOW)
    world = build_world(clock.now, 7, ("sandbox/demo=generate:3",))
    sandbox = build_sandbox(world, clock, Options(secondary=True, timing=Timing(latency_ms=0.001)))
    headers = {"authorization": "Bearer any", "user-agent": "test"}

    async def all_of_them() -> list[Response]:
        asked = (sandbox.handle(Request("GET", "/repos/sandbox/demo", headers)) for _ in range(requests))
        return await asyncio.gather(*asked)

    return asyncio.run(all_of_them())


def test_requests_that_wait_for_the_latency_are_concurrent() -> None:
    assert {each.status for each in at_once(CONCURRENT)} == {200}
    refused = [each for each in at_once(CONCURRENT + 1) if each.status != 200]
    assert refused
    assert all(b"secondary rate limit" in each.body for each in refused)
