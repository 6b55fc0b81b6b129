"""Inngest's side of the SDK's HTTP protocol within the test's process: registration, events, steps, retries, failures.

It keeps what a run's steps answered, calls the app again from the top after each, and drops events whose id it knows.
"""

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from fastapi import FastAPI

from progressive_capture.engines.inngest.api import NO_KEY

KEY = "signkey-test-0123456789abcdef"
EVENT_KEY = "the-event-key-of-tests"
PATH = "/api/inngest"
T = 1_750_000_000


def signed(body: bytes, key: str = KEY, at: int = T) -> str:
    """The header that Inngest sends with a request."""
    # What is sent here holds no number or text on which this and RFC 8785 differ.
    canonical = b""
    if body:
        canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    mac = hmac.new(key.rpartition("-")[2].encode(), canonical, hashlib.sha256)
    mac.update(str(at).encode())
    return f"t={at}&s={mac.hexdigest()}"


def _holds(expression: str, event: dict[str, Any], later: dict[str, Any]) -> bool:
    """Whether an expression is true of the event that began a run and of a later one, for such as we write."""
    for equation in expression.split(" && "):
        ours, theirs = (side.removeprefix("event.data.").removeprefix("async.data.") for side in equation.split(" == "))
        if event["data"][ours] != later["data"][theirs]:
            return False
    return True


@dataclass
class Run:
    """One run of a function."""

    function: str
    event: dict[str, Any]
    steps: dict[str, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    """What was answered, in order: the steps, then how the run ended."""
    attempt: int = 0
    output: Any = None
    failed: bool = False
    cancelled: bool = False
    """By an event: no further step is asked for."""


@dataclass(frozen=True)
class Answered:
    """What the app made of a call."""

    status: int
    content: Any
    is_final: bool
    """Whether an error is not to be tried again."""


@dataclass
class LittleInngest:
    """Calls the app as the server does; `sleep` hears until when a run waits."""

    over: Callable[[str, dict[str, Any]], Awaitable[Answered]] | None = None
    """Another way than HTTP by which a function is called."""

    sleep: Callable[[datetime], None] = lambda _: None
    before: Callable[[Run], None] = lambda _: None
    """Runs before each call of the app."""
    key: str = KEY
    takes: str = KEY
    """The signing key with which it is asked."""
    is_dev: bool = False
    """Whether it is a dev server, which asks for no key."""
    functions: list[dict[str, Any]] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)
    waiting: deque[Run] = field(default_factory=deque)
    at_work: list[Run] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    refuses: int | None = None
    """The status with which events are refused."""
    is_away: bool = False
    """Whether nobody gives an answer."""
    app: FastAPI = field(default_factory=FastAPI)

    def transport(self) -> httpx.MockTransport:
        """The way to this server."""
        return httpx.MockTransport(self.answer)

    def client(self) -> httpx.AsyncClient:
        """Something that calls the app."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://app.test")

    async def call(self, method: str, query: str = "", body: object = None, **headers: str) -> httpx.Response:
        """Send a signed request to the app."""
        content = b"" if body is None else json.dumps(body).encode()
        given = {"x-inngest-signature": signed(content, self.key), "x-inngest-server-kind": "cloud"} | headers
        async with self.client() as client:
            return await client.request(method, PATH + query, content=content, headers=given)

    async def register(self) -> httpx.Response:
        """Have the app tell its functions, within the answer to a signed request."""
        response = await self.call("PUT", "", {"url": "http://app.test" + PATH}, **{"x-inngest-sync-kind": "in_band"})
        if response.is_success:
            self.functions = response.json()["functions"]
        return response

    def put(self, event: dict[str, Any]) -> None:
        """Take an event, and begin the runs that it triggers."""
        if event.get("id") and (event["name"], event["id"]) in self.seen:
            return
        self.seen.add((event["name"], event.get("id", "")))
        self.sent.append(event)
        for run in [*self.waiting, *self.at_work]:
            run.cancelled = run.cancelled or self._is_cancelled_by(run, event)
        for function in self.functions:
            if any(self._triggers(each, event) for each in function["triggers"]):
                self.waiting.append(Run(function["id"], event))

    def of(self, name: str) -> list[dict[str, Any]]:
        """The data of what was sent under a name of ours."""
        return [each["data"] for each in self.sent if each["name"] == f"progressive-capture/{name}"]

    async def work(self) -> list[Run]:
        """Run everything to its end, one after the other; the runs that ended."""
        begun = len(self.runs)
        while self.waiting:
            run = self.waiting.popleft()
            self.runs.append(run)
            self.at_work.append(run)
            while not run.cancelled and await self.step(run):
                pass
            self.at_work.remove(run)
        return self.runs[begun:]

    async def step(self, run: Run) -> bool:
        """Call the app once for a run; whether it has to be called again."""
        self.before(run)
        body = {
            "ctx": {
                "attempt": run.attempt,
                "disable_immediate_execution": False,
                "run_id": f"run-{len(self.runs)}",
                "stack": {"stack": list(run.steps)},
            },
            "event": run.event,
            "events": [run.event],
            "steps": run.steps,
            "use_api": False,
        }
        answered = await (self.over or self._by_http)(run.function, body)
        if answered.status == httpx.codes.OK:
            run.output = answered.content
            run.names.append("ended")
            return False
        if answered.status != httpx.codes.PARTIAL_CONTENT:
            return self._retry(run, answered.content, final=answered.is_final)
        (answer,) = answered.content
        if answer["op"] == "StepError":
            return self._retry(run, answer["error"], final=False)
        run.names.append(answer["displayName"])
        run.attempt = 0
        run.steps[answer["id"]] = None
        if answer["op"] == "Sleep":
            self.sleep(datetime.fromisoformat(answer["name"]))
        else:
            run.steps[answer["id"]] = answer["data"] if "data" in (answer["data"] or {}) else {"data": answer["data"]}
        return True

    async def _by_http(self, function: str, body: dict[str, Any]) -> Answered:
        response = await self.call("POST", f"?fnId={function}&stepId=step", body)
        return Answered(response.status_code, response.json(), response.headers.get("x-inngest-no-retry") == "true")

    def _retry(self, run: Run, error: dict[str, Any], *, final: bool) -> bool:
        (function,) = [each for each in self.functions if each["id"] == run.function]
        run.names.append(f"error: {error['message']}")
        if not final and run.attempt < function["steps"]["step"]["retries"]["attempts"]:
            run.attempt += 1
            return True
        run.failed = True
        data = {"event": run.event, "error": error, "function_id": run.function, "run_id": "r"}
        self.put({"name": "inngest/function.failed", "data": data})
        return False

    def _is_cancelled_by(self, run: Run, event: dict[str, Any]) -> bool:
        (function,) = [each for each in self.functions if each["id"] == run.function]
        return any(
            each["event"] == event["name"] and _holds(each["if"], run.event, event)
            for each in function.get("cancel") or ()
        )

    @staticmethod
    def _triggers(trigger: dict[str, Any], event: dict[str, Any]) -> bool:
        if trigger.get("event") != event["name"]:
            return False
        wanted = trigger.get("expression")
        return wanted is None or wanted == f"event.data.function_id == '{event['data'].get('function_id')}'"

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request as the server does."""
        if self.is_away:
            raise httpx.ConnectError("nobody")
        if request.url.host == "app.test":
            return await httpx.ASGITransport(app=self.app).handle_async_request(request)
        if request.url.path == f"/e/{NO_KEY if self.is_dev else EVENT_KEY}":
            return self.take(json.loads(request.content))
        if request.url.path == "/health":
            return httpx.Response(200, json={"status": 200})
        return self._about_functions(request)

    def _about_functions(self, request: httpx.Request) -> httpx.Response:
        hashed = hashlib.sha256(bytes.fromhex(self.takes.rpartition("-")[2])).hexdigest()
        if not self.is_dev and request.headers.get("authorization") != f"Bearer {hashed}":
            return httpx.Response(401, json={"error": "no such key"})
        if request.url.path == "/v1/apps/progressive-capture/functions":
            # As the server writes its own type: by Go's names of fields, and nothing for an app that it does not know.
            known = [{"ID": "1", "Slug": each["id"]} for each in self.functions]
            return httpx.Response(200, text=json.dumps(known or None))
        if request.url.path == "/fn/register":
            self.functions = json.loads(request.content)["functions"]
            return httpx.Response(200, json={"ok": True})
        return httpx.Response(404, json={"error": "no such thing"})

    def take(self, events: list[dict[str, Any]]) -> httpx.Response:
        """Take events, or refuse them; the answer."""
        if self.refuses is not None:
            return httpx.Response(self.refuses, json={"error": "no", "status": self.refuses})
        for event in events:
            self.put(event)
        return httpx.Response(200, json={"ids": [str(len(self.sent)) for _ in events], "status": 200})
