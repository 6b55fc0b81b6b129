"""The stand-in as one handler: who asks, which fault, which limit, which API, then GitHub's headers; never a socket."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from github_sandbox.actions import archive
from github_sandbox.clock import http_date
from github_sandbox.faults import Asked, Faults, instead, seal
from github_sandbox.http import control, finish
from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.http.exchange import ENTERPRISE, Exchange
from github_sandbox.http.graphql_endpoint import Timed
from github_sandbox.http.messages import Response
from github_sandbox.refusals import Context
from github_sandbox.tokens import ANONYMOUS, BadCredentialsError, Viewer

if TYPE_CHECKING:
    from github_sandbox.actions.service import Actions
    from github_sandbox.clock import Clock
    from github_sandbox.faults_file import Effect
    from github_sandbox.http.app_routes import AppRoutes
    from github_sandbox.http.graphql_endpoint import GraphQLEndpoint
    from github_sandbox.http.messages import Request
    from github_sandbox.http.request_log import RequestLog
    from github_sandbox.http.stats import Stats
    from github_sandbox.meter import Meter
    from github_sandbox.rest.api import RestApi
    from github_sandbox.tokens import Tokens

DEFAULT_VERSION = "2022-11-28"
VERSIONS = (DEFAULT_VERSION, "2026-03-10")
RESOURCES = ("core", "search", "graphql")
FORBIDDEN_AGENT = (
    "\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header "
    "(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required).\r\n"
)
_RETRY_AFTER_FAULT = 60


@dataclass(frozen=True, slots=True)
class Timing:
    """Time that answers take: `latency_ms` always, server time (`ms_per_pr`) only when `real_time`."""

    latency_ms: float = 0.0
    ms_per_pr: float = 0.0
    real_time: bool = False


@dataclass(slots=True)
class Sandbox:
    """Everything behind the socket. `compress` says whether bodies are gzipped for those who accept it."""

    clock: Clock
    tokens: Tokens
    meter: Meter
    stats: Stats
    faults: Faults
    rest: RestApi
    graphql: GraphQLEndpoint
    apps: AppRoutes
    control: control.Control
    timing: Timing
    log: RequestLog
    actions: Actions
    compress: bool = False
    requests: int = 0

    async def handle(self, request: Request) -> Response:
        """Answer one request."""
        if request.path.startswith(control.PREFIX):
            answer = await self.control.answer(request)
            self.faults = self.control.new_faults or self.faults
            return answer
        if request.path.startswith(archive.PREFIX):
            return self.actions.downloads.answer(request.path)
        self.stats.enter()
        try:
            exchange = self._exchange(request)
            answer = await self._api(exchange)
            self.log.note(exchange, answer, self.clock.now())
        finally:
            self.stats.leave()
        return answer

    async def _lag(self) -> None:
        if self.timing.latency_ms:
            await asyncio.sleep(self.timing.latency_ms / 1_000)

    async def _api(self, exchange: Exchange) -> Response:
        self._count(exchange)
        try:
            self._identify(exchange)
        except BadCredentialsError as error:
            await self._lag()
            answer = message(401, str(error))
            finish.dress(exchange, answer, self.clock.now())
            return answer
        exchange.describe()
        self.meter.enter(exchange)
        try:
            await self._lag()  # within: requests that wait are concurrent ones to the secondary limits
            return await self._faulty(exchange)
        finally:
            self.meter.leave(exchange)

    def _exchange(self, request: Request) -> Exchange:
        self.requests += 1
        host = request.header("host") or "127.0.0.1"
        under = request.path == ENTERPRISE or request.path.startswith(ENTERPRISE + "/")
        path = (request.path.removeprefix(ENTERPRISE) or "/") if under else request.path
        base = f"http://{host}{ENTERPRISE if under else ''}"
        version = request.header("x-github-api-version") or DEFAULT_VERSION
        request_id = f"5B0C:{self.requests:06X}:{self.requests * 7:06X}"
        exchange = Exchange(request, request_id, Viewer(ANONYMOUS, ""), version, base, path)
        if not exchange.is_graphql:
            exchange.app_found = self.apps.find(request.method, path)
            exchange.found = self.rest.find(request.method, path)
        return exchange

    def _identify(self, exchange: Exchange) -> None:
        """Fill in who asks; raise BadCredentialsError when nobody can be made out."""
        authorization = exchange.request.header("authorization")
        if exchange.app_found is not None:
            exchange.app, exchange.viewer = self.apps.viewer(authorization)
        else:
            exchange.viewer = self.tokens.viewer(authorization, self.clock.now())

    def _count(self, exchange: Exchange) -> None:
        if exchange.is_graphql:
            self.stats.graphql_requests += 1
            return
        self.stats.rest_requests += 1
        self.stats.by_route[f"{exchange.request.method} {exchange.route}"] += 1

    async def _faulty(self, exchange: Exchange) -> Response:
        rule = self.faults.choose(exchange.asked)
        if rule is None:
            answer = await self._charged(exchange)
            self.faults.remember(exchange.asked, answer)
            return self._finished(exchange, answer)
        exchange.fault = rule.name
        self.stats.faults[rule.name] += 1
        if rule.effect.delay_ms:
            await asyncio.sleep(rule.effect.delay_ms / 1_000)
        return await self._bent(exchange, rule.effect, exchange.asked)

    async def _bent(self, exchange: Exchange, effect: Effect, asked: Asked) -> Response:
        context = Context(exchange.viewer.principal.database_id, exchange.request_id, _RETRY_AFTER_FAULT)
        answer = instead(effect, asked, context)
        if answer is None:
            answer = self.faults.bend(effect, asked, await self._charged(exchange))
        if answer.drop:
            return answer
        answer = self._finished(exchange, answer)
        if (effect.refusal or "").startswith("primary"):
            answer.headers.update(
                {"x-ratelimit-remaining": "0", "x-ratelimit-used": answer.headers["x-ratelimit-limit"]}
            )
        if effect.date_offset_s:
            answer.headers["date"] = http_date(self.clock.now() + effect.date_offset_s)
        return seal(effect, answer)

    async def _charged(self, exchange: Exchange) -> Response:
        """Answer within the limits, and count the server time."""
        early = self._refusal(exchange)
        if early is not None:
            return early
        timed = self.graphql.answer(exchange) if exchange.is_graphql else await self._rest(exchange)
        self.meter.spend(exchange, timed.seconds)
        if self.timing.real_time and timed.seconds:
            await asyncio.sleep(timed.seconds)
        return timed.response

    def _refusal(self, exchange: Exchange) -> Response | None:
        if not exchange.request.header("user-agent"):
            return Response(403, {"content-type": "text/plain; charset=utf-8"}, FORBIDDEN_AGENT.encode())
        if exchange.version not in VERSIONS:
            return message(400, f"Unsupported API version {exchange.version!r}: use one of {', '.join(VERSIONS)}.")
        if exchange.is_graphql and not exchange.viewer.authenticated:
            return message(401, "This endpoint requires you to be authenticated.")
        refusal = None if exchange.path == "/rate_limit" else self.meter.refusal(exchange)
        self.stats.refused += refusal is not None
        return refusal

    async def _rest(self, exchange: Exchange) -> Timed:
        if exchange.path == "/rate_limit" and exchange.request.method in {"GET", "HEAD"}:
            return Timed(self._rate_limit(exchange), 0.0)
        self.meter.charge(exchange, 1)
        seconds = self.timing.ms_per_pr / 1_000
        request = exchange.request
        if exchange.app is not None and exchange.app_found is not None:
            answer = await self.apps.answer(exchange.app, request, exchange.app_found, exchange.base)
        elif exchange.found is not None:
            answer = self.rest.answer(request, exchange.found, exchange.viewer, exchange.base, exchange.version)
        else:
            answer = not_found()
        return Timed(self._conditional(exchange, answer), seconds)

    def _conditional(self, exchange: Exchange, answer: Response) -> Response:
        """Add the ETag; a 304 gives the point back to a token's owner."""
        if answer.status != 200:  # noqa: PLR2004 - OK
            return answer
        finish.tag(exchange, answer)
        if not finish.unchanged(exchange.request, answer):
            return answer
        if exchange.viewer.authenticated:
            self.meter.charge(exchange, -1)
        return finish.not_modified(answer)

    def _rate_limit(self, exchange: Exchange) -> Response:
        rates = {name: self.meter.rate(exchange, name) for name in RESOURCES}
        shown = {
            name: {"limit": rate.limit, "used": rate.used, "remaining": rate.remaining, "reset": rate.reset}
            for name, rate in rates.items()
        }
        old = {"rate": shown["core"]} if exchange.version == DEFAULT_VERSION else {}
        return json_answer({"resources": shown, **old})

    def _finished(self, exchange: Exchange, answer: Response) -> Response:
        finish.dress(exchange, answer, self.clock.now())
        finish.show_rate(answer, self.meter.rate(exchange))
        if self.compress:
            finish.compress(exchange.request, answer)
        return answer
