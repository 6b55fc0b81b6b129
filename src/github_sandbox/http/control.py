"""The control routes under /_sandbox: clock, counters, changes, truth, faults; GitHub has none of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

from github_sandbox.config_file import ConfigError, Table
from github_sandbox.faults import Faults
from github_sandbox.faults_file import parse_rules
from github_sandbox.http.answers import json_answer
from github_sandbox.http.encoding import dumps, loads
from github_sandbox.http.messages import Response
from github_sandbox.webhook_delivery import Hook, Spoil, check_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator

    from github_sandbox.clock import Clock
    from github_sandbox.faults_file import Served
    from github_sandbox.http.encoding import Json
    from github_sandbox.http.messages import Request
    from github_sandbox.http.request_log import RequestLog
    from github_sandbox.http.stats import Stats
    from github_sandbox.webhook_delivery import Deliveries
    from github_sandbox.world.state import World

PREFIX = "/_sandbox/"
TRUTH_ROWS_AT_ONCE = 500


@dataclass(slots=True)
class Control:
    """Answers control routes; `hook` is where webhooks go unless a request says otherwise.

    `served` are the routes that faults may name.
    """

    world: World
    clock: Clock
    stats: Stats
    log: RequestLog
    deliveries: Deliveries
    seed: int
    served: Served
    hook: Hook | None
    apply_change: Callable[[World, dict[str, Json]], list[dict[str, Json]]]
    truth: Callable[[World, str, str], Iterator[dict[str, Json]]]
    new_faults: Faults | None = None
    truths_under_way: int = 0

    async def answer(self, request: Request) -> Response:
        """Answer one control route; what a body may not say is refused with 422 and one sentence."""
        name = request.path.removeprefix(PREFIX)
        if request.method == "GET" and name.startswith("truth/"):
            return self._truth(name.removeprefix("truth/"))
        routes: dict[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._advance,
            ("GET", "stats"): self._stats,
            ("POST", "reset-stats"): self._reset,
            ("POST", "changes"): self._changes,
            ("POST", "faults"): self._faults,
            ("GET", "deliveries"): self._deliveries,
            ("GET", "requests"): self._requests,
        }
        handle = routes.get((request.method, name))
        if handle is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in routes)
            return json_answer({"message": f"no such control route; known are {known}"}, 404)
        try:
            return await handle(request)
        except (ConfigError, ValueError, KeyError) as error:
            return json_answer({"message": str(error)}, 422)

    async def _clock(self, _request: Request) -> Response:
        return json_answer({"now": self.clock.now()})

    async def _advance(self, request: Request) -> Response:
        body = Table("clock", _body(request))
        seconds = body.number("advance")
        body.done()
        return json_answer({"now": self.clock.advance(seconds or 0.0)})

    async def _stats(self, _request: Request) -> Response:
        return json_answer(self.stats.report())

    async def _requests(self, _request: Request) -> Response:
        return json_answer(self.log.rows())

    async def _reset(self, _request: Request) -> Response:
        self.stats.reset()
        self.log.reset()
        return json_answer({})

    async def _deliveries(self, _request: Request) -> Response:
        rows = [{**each.summary(), "lost": each.lost, "url": each.hook.url} for each in self.deliveries.sent]
        return json_answer(rows)

    async def _faults(self, request: Request) -> Response:
        rules = parse_rules(Table("faults", _body(request)), self.served)
        self.new_faults = Faults(rules, self.seed)
        return json_answer({"rules": [rule.name for rule in rules]})

    async def _changes(self, request: Request) -> Response:
        if self.truths_under_way:
            text = "a truth is being read, and is of one moment: read it to its end, then ask for changes again"
            return json_answer({"message": text}, 409)
        body = Table("changes", _body(request))
        changes = body.take("changes", list) or []
        options = body.take("webhooks", dict)
        body.done()
        hook, spoil, delay = self._webhooks(options)
        done, events, refusal = 0, [], ""
        for change in changes:
            try:
                events += self.apply_change(self.world, Table(f"changes[{done}]", change).raw())
            except ValueError as error:
                refusal = f"changes[{done}]: {error}"
                break
            done += 1
        if hook is not None:
            for event in events:
                await self.deliveries.send(hook, event["event"], event["payload"], spoil, delay)
        told = {"revision": self.world.revision, "applied": done, "events": [_named(event) for event in events]}
        return json_answer({"message": refusal, **told} if refusal else told, 422 if refusal else 200)

    def _webhooks(self, options: dict[str, Json] | None) -> tuple[Hook | None, Spoil, float]:
        if options is None:
            return self.hook, "", 0.0
        table = Table("changes.webhooks", options)
        url, secret = table.take("url", str), table.take("secret", str)
        spoil, delay = table.take("mode", str) or "", table.number("delay_ms") or 0.0
        table.done()
        if spoil not in get_args(Spoil):
            raise ConfigError(f"changes.webhooks: mode must be one of {', '.join(filter(None, get_args(Spoil)))}")
        hook = self.hook if url is None else Hook(check_url(url), secret or "")
        return hook, cast("Spoil", spoil), delay / 1_000

    def _truth(self, name: str) -> Response:
        owner, _, repository = name.partition("/")
        if self.world.repository(owner, repository) is None:
            return json_answer({"message": f"no repository {name} is served"}, 404)
        rows = self.truth(self.world, owner, repository)
        return Response(200, {"content-type": "application/x-ndjson"}, chunks=self._of_one_moment(rows))

    def _of_one_moment(self, rows: Iterable[dict[str, Json]]) -> Generator[bytes, None, None]:
        """Write the rows; while they leave, the world does not change."""
        self.truths_under_way += 1
        try:
            yield from _lines(rows)
        finally:
            self.truths_under_way -= 1


def _lines(rows: Iterable[dict[str, Json]]) -> Iterator[bytes]:
    held: list[bytes] = []
    for row in rows:
        held.append(dumps(row))
        if len(held) >= TRUTH_ROWS_AT_ONCE:
            yield b"\n".join(held) + b"\n"
            held.clear()
    if held:
        yield b"\n".join(held) + b"\n"


def _named(event: dict[str, Json]) -> dict[str, Json]:
    return {"event": event["event"], "action": event["payload"].get("action")}


def _body(request: Request) -> Json:
    try:
        return loads(request.body) if request.body else {}
    except ValueError as error:
        raise ConfigError(f"the body is not JSON: {error}") from error
