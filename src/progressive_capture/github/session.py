"""One credential's requests, through the shared budget, counted, decoded and where useful repeated; never a row."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeGuard, TypeVar

import msgspec

from progressive_capture.domain.budget import Lease, Settlement, Wait, Want
from progressive_capture.domain.kinds import Source
from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.answer import Answer, date, rate
from progressive_capture.github.credentials import Credential
from progressive_capture.github.documents import Document
from progressive_capture.github.graphql_answer import GraphQLShape, decode_graphql
from progressive_capture.github.headers import request_headers
from progressive_capture.github.limits import Refusals
from progressive_capture.github.outcomes import (
    OF_THE_TOKEN,
    Broken,
    Denied,
    DeniedReason,
    Failure,
    Moved,
    NotModified,
    Outcome,
    Page,
    Partial,
    Throttled,
    ThrottleKind,
    TooHeavy,
)
from progressive_capture.github.payload import Shape
from progressive_capture.github.rest_answer import RestPage, decode_rest
from progressive_capture.github.secrets import Secret
from progressive_capture.github.surroundings import Surroundings
from progressive_capture.github.transport import Lack, NoAnswer, Received, Request, Transport
from progressive_capture.github.usage import ApiUsage, Usage

T = TypeVar("T")

MOST_REDIRECTS: Final = 3

RESOURCE: Final = {Source.REST: "core", Source.GRAPHQL: "graphql"}
"""GitHub's names of the two budgets."""


class Answered(NamedTuple, Generic[T]):
    """An outcome, and when by the server's clock its request began."""

    outcome: Outcome[T]
    requested_at: str


class RestAnswered(NamedTuple, Generic[T]):
    """The same of REST, which gives a page or none."""

    outcome: Page[RestPage[T]] | Failure
    requested_at: str


_Decode: TypeAlias = Callable[[Answer, datetime, Refusals], Outcome[T]]


class _Call(NamedTuple, Generic[T]):
    """A request to be sent, perhaps more than once."""

    source: Source
    method: str
    url: str
    body: bytes | None
    cost: int
    decode: _Decode[T]
    small: bool = False
    """It cannot be made lighter, so that a heavy answer is worth a second try."""
    repeats: bool = True
    """Whether sending it twice does no harm: what has no answer may have arrived."""


@dataclass(slots=True)
class Session:
    """Sends requests one at a time."""

    address: ApiAddress
    credential: Credential
    transport: Transport
    world: Surroundings
    usage: Usage = field(default_factory=Usage)
    _principal: str | None = None
    _recalled: bool = False
    _settlement: Settlement | None = None
    _refused: dict[Source, int] = field(default_factory=lambda: dict.fromkeys(Source, 0))
    _seconds: dict[Source, float] = field(default_factory=lambda: dict.fromkeys(Source, 1.0))
    _rounds_up: bool = False
    """GitHub was seen to charge more than look-ups divided by a hundred and rounded to the nearest whole number."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def graphql(
        self,
        document: Document,
        variables: Mapping[str, Any],
        shape: GraphQLShape[T],
        lookups: int,
        *,
        small: bool = False,
        flaw: Callable[[T], str | None] | None = None,
    ) -> Answered[T]:
        """Send a query that asks for `lookups` connections by GitHub's formula.

        `small` says that it cannot be made lighter, `flaw` why data that came cannot be used (then it is asked again).
        """
        if self.credential.is_anonymous:
            why = "GitHub's GraphQL API wants a token: set GITHUB_TOKEN, or use --source rest."
            # No token was refused: other requests can be answered without one.
            return Answered(Denied(why, DeniedReason.PERMISSION), self.world.clock.stamp(self.world.clock.ours()))
        body = msgspec.json.encode({"query": document.text, "variables": variables})
        decode = _graphql_decoder(shape, flaw)
        cost = max(1, -(-lookups // 100) if self._rounds_up else (lookups + 50) // 100)
        return await self._ask(_Call(Source.GRAPHQL, "POST", self.address.graphql, body, cost, decode, small))

    async def rest(self, path: str, shape: Shape[T], *, empty: T | None = None) -> RestAnswered[T]:
        """Get a REST path, following redirects that stay on the same server."""
        answered = await self._get(self.address.url(path), _rest_decoder(shape, empty), MOST_REDIRECTS)
        assert not isinstance(answered.outcome, Partial), "REST has no errors beside data"
        return RestAnswered(answered.outcome, answered.requested_at)

    async def post(
        self, path: str, body: Mapping[str, Any] | None, shape: Shape[T], *, empty: T, repeats: bool
    ) -> RestAnswered[T]:
        """Post to a REST path; `empty` stands for an answer without a body, `repeats` allows to send it twice."""
        content = b"" if body is None else msgspec.json.encode(body)
        call = _Call(
            Source.REST, "POST", self.address.url(path), content, 1, _post_decoder(shape, empty), repeats=repeats
        )
        answered = await self._ask(call)
        assert not isinstance(answered.outcome, Partial), "REST has no errors beside data"
        return RestAnswered(answered.outcome, answered.requested_at)

    async def _get(self, url: str, decode: _Decode[RestPage[T]], redirects: int) -> Answered[RestPage[T]]:
        answered = await self._ask(_Call(Source.REST, "GET", url, None, 1, decode))
        if not isinstance(answered.outcome, Moved) or not redirects:
            return answered
        target = self.address.same_origin(answered.outcome.location)
        return answered if target is None else await self._get(target, decode, redirects - 1)

    async def finish(self) -> None:
        """Hand over the last request's settlement, which frees the slot."""
        async with self._turn:
            await self._settle()

    async def close(self) -> None:
        """Finish, and give up the connections."""
        await self.finish()
        await self.transport.close()

    async def _settle(self) -> None:
        if self._settlement is not None:
            settlement, self._settlement = self._settlement, None
            await self.world.budgets.exchange(settlement, None)

    async def _ask(self, call: _Call[T]) -> Answered[T]:
        began = self.world.clock.ours()
        renewed = False
        attempt = 1
        while True:
            async with self._turn:
                answered = await self._once(call)
            outcome = answered.outcome
            if _is_refused_token(outcome) and not renewed and self.credential.forget():
                renewed = True
                continue
            if not call.repeats or not _may_pass(outcome, small=call.small):
                return Answered(self._placed(outcome), answered.requested_at)
            elapsed = (self.world.clock.ours() - began).total_seconds()
            pause = self.world.retries.pause(attempt, elapsed, self.world.random)
            if pause is None:
                return answered
            await self.finish()
            attempt += 1
            self.world.note(f"{outcome.why} Trying again ({attempt} of {self.world.retries.attempts}).")
            await self.world.pause(pause)

    def _placed(self, outcome: Outcome[T]) -> Outcome[T]:
        """Say of several tokens which one was refused."""
        place = self.credential.place
        if place and isinstance(outcome, Denied) and outcome.reason in OF_THE_TOKEN:
            return replace(outcome, why=f"{place.capitalize()}: {outcome.why}")
        return outcome

    async def _once(self, call: _Call[T]) -> Answered[T]:
        clock = self.world.clock
        token = await self.credential.token(self._send_outside_budget)
        if token is not None and not isinstance(token, Secret):
            return Answered(token, clock.stamp(clock.ours()))
        leave = await self._leave(call)
        if not isinstance(leave, Lease):
            return Answered(leave, clock.stamp(clock.ours()))
        self._settlement = Settlement(leave)
        headers = request_headers(token)
        if call.body is not None:
            headers["content-type"] = "application/json"
        sent = clock.ours()
        received = await self._send(Request(call.method, call.url, headers, call.body), call.source)
        if isinstance(received, NoAnswer):
            return Answered(_without_answer(received, call.source), clock.stamp(sent))
        outcome = call.decode(received.answer, clock.now(), Refusals(self._refused[call.source]))
        self._account(call, leave, received.answer, outcome)
        return Answered(outcome, clock.stamp(sent))

    async def _leave(self, call: _Call[T]) -> Lease | Throttled:
        settlement, self._settlement = self._settlement, None
        want = Want(
            principal=await self.budget_principal(),
            resource=RESOURCE[call.source],
            cost=call.cost,
            holder=self.world.holder,
            expected_seconds=self._seconds[call.source],
            per_minute=self.world.pace.of(call.source),
        )
        answer = await self.world.budgets.exchange(settlement, want)
        if isinstance(answer, Lease):
            return answer
        assert isinstance(answer, Wait), "a wish is granted or put off"
        kind = ThrottleKind(answer.kind.value)
        if kind is not ThrottleKind.SLOT and kind is not ThrottleKind.PACING:
            self.usage.of(call.source).waits += 1
        return Throttled(answer.until, answer.why, kind)

    async def known_principal(self) -> str | None:
        """Who asks, as far as the credential, GitHub or an earlier run told."""
        self._principal = self.credential.principal or self._principal
        if self._principal is None and not self._recalled and self.world.principals is not None:
            self._principal = await self.world.principals.recall(self.credential.fingerprint)
            self._recalled = True
        return self._principal

    async def budget_principal(self) -> str:
        """Whose budget to use: of a credential whose principal nobody knows yet, its own."""
        return await self.known_principal() or f"token:{self.credential.fingerprint[:16]}"

    async def learn_user(self, number: int) -> None:
        """GitHub said which user asks; an installation's requests are its own."""
        user = f"user:{number}"
        if self.credential.principal is not None or user == self._principal:
            return
        self._principal = user
        if self.world.principals is not None:
            await self.world.principals.remember(self.credential.fingerprint, user)

    async def _send_outside_budget(self, request: Request) -> Received | NoAnswer:
        """An App's own requests have limits of their own."""
        return await self._send(request, Source.REST)

    async def _send(self, request: Request, source: Source) -> Received | NoAnswer:
        clock, usage = self.world.clock, self.usage.of(source)
        sent = clock.ours()
        usage.requests += 1
        received = await self.transport.send(request)
        ended = clock.ours()
        seconds = max(0.0, (ended - sent).total_seconds())
        self._seconds[source] += (seconds - self._seconds[source]) / 4
        usage.busy_ms += round(seconds * 1000)
        if isinstance(received, NoAnswer):
            usage.timeouts += received.lack is Lack.TIMEOUT
            return received
        usage.bytes_in += received.bytes_in
        usage.timeouts += received.answer.status in {502, 504}
        clock.observe(date(received.answer.headers), sent, ended)
        return received

    def _account(self, call: _Call[T], lease: Lease, answer: Answer, outcome: Outcome[T]) -> None:
        """Count the answer, and make its settlement."""
        usage = self.usage.of(call.source)
        known = rate(answer.headers)
        refused = outcome if isinstance(outcome, Throttled) else None
        cost = _cost(call, outcome)
        self._refused[call.source] = self._refused[call.source] + 1 if refused else 0
        self._rounds_up |= cost is not None and cost > call.cost
        usage.waits += refused is not None
        usage.points += cost if cost is not None else call.cost
        limit, left, reset_at = known.limit, known.remaining, known.reset_at
        if known.resource is not None and known.resource != RESOURCE[call.source]:
            limit = left = reset_at = None
        _remember_left(usage, limit, left)
        self._settlement = Settlement(
            lease,
            cost=cost,
            limit=limit,
            remaining=left,
            reset_at=reset_at,
            refused_until=refused.until if refused else None,
            refused_all=refused is not None and refused.kind is ThrottleKind.SECONDARY,
            reason=refused.why if refused else "",
        )


def _remember_left(usage: ApiUsage, limit: int | None, left: int | None) -> None:
    usage.limit = limit if limit is not None else usage.limit
    usage.left = left if left is not None else usage.left


def _graphql_decoder(shape: GraphQLShape[T], flaw: Callable[[T], str | None] | None) -> _Decode[T]:
    def decode(answer: Answer, now: datetime, refusals: Refusals) -> Outcome[T]:
        outcome = decode_graphql(answer, shape, now, refusals)
        if flaw is None or not isinstance(outcome, Page | Partial):
            return outcome
        why = flaw(outcome.data)
        return outcome if why is None else Broken(why, retryable=True)

    return decode


def _rest_decoder(shape: Shape[T], empty: T | None) -> _Decode[RestPage[T]]:
    return lambda answer, now, refusals: decode_rest(answer, shape, now, refusals, empty=empty)


def _post_decoder(shape: Shape[T], empty: T) -> _Decode[RestPage[T]]:
    def decode(answer: Answer, now: datetime, refusals: Refusals) -> Outcome[RestPage[T]]:
        if answer.status == HTTPStatus.ACCEPTED:
            return Page(RestPage(empty, None, None))
        return decode_rest(answer, shape, now, refusals, empty=empty)

    return decode


def _is_refused_token(outcome: Outcome[Any]) -> bool:
    return isinstance(outcome, Denied) and outcome.reason in {DeniedReason.CREDENTIALS, DeniedReason.EXPIRED}


def _may_pass(outcome: Outcome[Any], *, small: bool) -> TypeGuard[Broken | TooHeavy]:
    """Whether the same request may have an answer in a moment."""
    if isinstance(outcome, TooHeavy):
        return small
    return isinstance(outcome, Broken) and outcome.retryable and not outcome.by_environment


def _without_answer(lacking: NoAnswer, source: Source) -> Failure:
    """A query that did not end in time is too heavy; a REST page cannot be made lighter."""
    if lacking.lack is Lack.TOO_LARGE or (lacking.lack is Lack.TIMEOUT and source is Source.GRAPHQL):
        return TooHeavy(lacking.why)
    return lacking.broken


def _cost(call: _Call[T], outcome: Outcome[T]) -> int | None:
    """What the request took from the hour's points, None where the answer does not tell."""
    if isinstance(outcome, Throttled | NotModified):
        return 0
    if call.source is Source.REST:
        return call.cost
    if isinstance(outcome, Page | Partial):
        limit = getattr(outcome.data, "rate_limit", None)
        return limit.cost if limit is not None else None
    return None
