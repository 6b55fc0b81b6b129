"""A GitHub that says what a test tells it to, a budget that grants all, and a clock that only tests move."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import msgspec

from progressive_capture.domain.budget import LEASE, Lease, Settlement, Wait, Want
from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.answer import Answer
from progressive_capture.github.api import GitHubApi
from progressive_capture.github.clock import ServerClock
from progressive_capture.github.credentials import Credential, Token
from progressive_capture.github.secrets import Secret
from progressive_capture.github.surroundings import Surroundings
from progressive_capture.github.transport import NoAnswer, Received, Request

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
RESET = int((NOW + timedelta(minutes=30)).timestamp())
ADDRESS = ApiAddress.parse("https://api.github.com")

Reply = Received | NoAnswer
Replies = Sequence[Reply | Callable[[Request], Reply]]


def json_bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


def answer(status: int, body: object = b"", **headers: str) -> Answer:
    """An answer; header names have underscores for dashes."""
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, json_bytes(body))


def rated(remaining: int, limit: int = 5_000, **more: str) -> dict[str, str]:
    """Headers of a budget that ends half an hour from now."""
    return {
        "x_ratelimit_limit": str(limit),
        "x_ratelimit_remaining": str(remaining),
        "x_ratelimit_reset": str(RESET),
    } | more


def reply(status: int, body: object = b"", **headers: str) -> Received:
    """An answer as the transport brings it, with the server's date."""
    made = answer(status, body, **{"date": http_date(NOW), **headers})
    return Received(made, len(made.body))


def http_date(time: datetime) -> str:
    return format_datetime(time, usegmt=True)


class FakeClock:
    """Our own clock: stands still until something is slept on."""

    def __init__(self, start: datetime = NOW) -> None:
        self.time = start
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


class Script:
    """A transport that answers from a list, and keeps what it was sent."""

    def __init__(self, *replies: Reply | Callable[[Request], Reply]) -> None:
        self.replies = list(replies)
        self.sent: list[Request] = []
        self.closed = False

    async def send(self, request: Request) -> Reply:
        self.sent.append(request)
        assert self.replies, f"an unexpected request: {request.method} {request.url}"
        following = self.replies.pop(0)
        return following(request) if callable(following) else following

    async def close(self) -> None:
        self.closed = True


class Grants:
    """A budget port that grants everything, unless told to make somebody wait, and keeps what it heard."""

    def __init__(self, *waits: Wait | None) -> None:
        self.waits = list(waits)
        self.settled: list[Settlement] = []
        self.wanted: list[Want] = []

    async def exchange(self, settle: Settlement | None, want: Want | None) -> Lease | Wait | None:
        if settle is not None:
            self.settled.append(settle)
        if want is None:
            return None
        self.wanted.append(want)
        wait = self.waits.pop(0) if self.waits else None
        return wait or Lease(want.principal, want.resource, want.cost, want.holder, NOW + LEASE)


class Memory:
    """Remembers principals."""

    def __init__(self, **known: str) -> None:
        self.known = known

    async def recall(self, fingerprint: str) -> str | None:
        return self.known.get(fingerprint)

    async def remember(self, fingerprint: str, principal: str) -> None:
        self.known[fingerprint] = principal


TOKEN = Token(Secret("ghp_made_up"))


def make_api(
    script: Script,
    budgets: Grants | None = None,
    *,
    credential: Credential = TOKEN,
    clock: FakeClock | None = None,
    memory: Memory | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> GitHubApi:
    """An API over a scripted GitHub; jitter is always half of its bound."""
    clock = clock or FakeClock()
    world = Surroundings(
        budgets=budgets or Grants(),
        holder="here:1",
        pause=clock.sleep,
        random=lambda: 0.5,
        clock=ServerClock(clock),
        principals=memory,
        note=note,
    )
    return GitHubApi(ADDRESS, credential, world, script)


def run(work: Awaitable[Any]) -> Any:
    """Run a coroutine to its end."""

    async def main() -> Any:
        return await work

    return asyncio.run(main())


def variables(request: Request) -> Mapping[str, Any]:
    """The variables of a GraphQL request."""
    assert request.body is not None
    found: Mapping[str, Any] = msgspec.json.decode(request.body)["variables"]
    return found
