"""Webhooks on their way out: signed, numbered, kept for redelivery, and spoiled on request; never what they say.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers
"""

from __future__ import annotations

import asyncio
import hmac
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import h11

from github_sandbox.config_file import ConfigError
from github_sandbox.http.encoding import dumps
from github_sandbox.world.records import iso

if TYPE_CHECKING:
    from collections.abc import Callable

Spoil = Literal["", "redelivered", "doubled", "delayed", "lost"]
ANSWER_WITHIN = 10.0
HOOK_ID = 501
KEPT = 10_000
_HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class Hook:
    """Where deliveries go, and the secret that signs them."""

    url: str
    secret: str = ""


@dataclass(slots=True)
class Delivery:
    """One delivery; a redelivery keeps the GUID and gets a number of its own."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes
    hook: Hook
    delivered_at: str
    redelivery: bool = False
    status: int = 0
    lost: bool = False

    def summary(self) -> dict[str, object]:
        """Give the delivery as GET /app/hook/deliveries lists it."""
        good = 200 <= self.status < 300  # noqa: PLR2004 - HTTP's successes
        return {
            "id": self.id,
            "guid": self.guid,
            "delivered_at": self.delivered_at,
            "redelivery": self.redelivery,
            "duration": 0.0,
            "status": "OK" if good else "failed to connect to host" if not self.status else "Invalid HTTP Response",
            "status_code": self.status,
            "event": self.event,
            "action": self.action,
            "installation_id": None,
            "repository_id": None,
            "throttled_at": None,
        }


def signature(secret: str, body: bytes) -> str:
    """Sign `body` as X-Hub-Signature-256 carries it."""
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


@dataclass(slots=True)
class Deliveries:
    """Sends deliveries and remembers them."""

    seed: int
    now: Callable[[], float]
    sent: list[Delivery] = field(default_factory=list)
    _numbers: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def send(self, hook: Hook, event: str, payload: dict[str, object], spoil: Spoil, delay: float) -> Delivery:
        """Deliver one event, spoiled as asked; a delayed one is under way when this returns."""
        self._numbers += 1
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{self.seed}:{self._numbers}"))
        action = payload.get("action")
        text = action if isinstance(action, str) else None
        first = Delivery(self._numbers, guid, event, text, dumps(payload), hook, self._stamp())
        self._keep(first)
        if spoil == "lost":
            first.lost = True
        elif spoil == "delayed":
            self._later(first, delay)
        else:
            await self._post(first)
            if spoil in {"doubled", "redelivered"}:
                await self._again(first, as_redelivery=spoil == "redelivered")
        return first

    async def repeat(self, number: int) -> bool:
        """Redeliver what was delivered under `number`; False when there is no such delivery."""
        for known in self.sent:
            if known.id == number:
                await self._again(known, as_redelivery=True)
                return True
        return False

    def listing(self, status: str | None) -> list[dict[str, object]]:
        """Give what was delivered, newest first; `status` "success" or "failure" chooses."""
        rows = [each.summary() for each in reversed(self.sent)]
        wanted = {"success": True, "failure": False}.get(status or "")
        return rows if wanted is None else [row for row in rows if (row["status"] == "OK") is wanted]

    async def stop(self) -> None:
        """Give up on delayed deliveries."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _stamp(self) -> str:
        return iso(int(self.now()))

    def _keep(self, delivery: Delivery) -> None:
        self.sent.append(delivery)
        del self.sent[:-KEPT]

    def _later(self, delivery: Delivery, delay: float) -> None:
        async def wait() -> None:
            await asyncio.sleep(delay)
            await self._post(delivery)

        task = asyncio.get_running_loop().create_task(wait())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _again(self, known: Delivery, *, as_redelivery: bool) -> None:
        self._numbers += 1
        again = Delivery(
            self._numbers, known.guid, known.event, known.action, known.body, known.hook, self._stamp(), as_redelivery
        )
        self._keep(again)
        await self._post(again)

    async def _post(self, delivery: Delivery) -> None:
        headers = {
            "user-agent": "GitHub-Hookshot/sandbox",
            "content-type": "application/json",
            "accept": "*/*",
            "x-github-event": delivery.event,
            "x-github-delivery": delivery.guid,
            "x-github-hook-id": str(HOOK_ID),
            "x-github-hook-installation-target-id": "1",
            "x-github-hook-installation-target-type": "integration",
        }
        if delivery.hook.secret:
            headers["x-hub-signature-256"] = signature(delivery.hook.secret, delivery.body)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                delivery.status = await _post(delivery.hook.url, headers, delivery.body)
        except (OSError, TimeoutError, h11.ProtocolError):
            delivery.status = 0


def check_url(url: str) -> str:
    """Give `url` back if deliveries can be sent to it; raise ConfigError otherwise."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is none
        usable = False
    if not usable:
        raise ConfigError(f"webhooks go to an http:// address, not to {url!r}")
    return url


async def _post(url: str, headers: dict[str, str], body: bytes) -> int:
    """Send one POST and give the status of its answer."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or _HTTP_PORT)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fields = {"host": parts.netloc, "connection": "close", "content-length": str(len(body)), **headers}
        client = h11.Connection(h11.CLIENT)
        head = client.send(h11.Request(method="POST", target=target, headers=list(fields.items()))) or b""
        writer.write(head + (client.send(h11.Data(data=body)) or b"") + (client.send(h11.EndOfMessage()) or b""))
        await writer.drain()
        while not isinstance(event := client.next_event(), (h11.Response, h11.ConnectionClosed)):
            if event is h11.NEED_DATA:
                client.receive_data(await reader.read(65_536))
        return event.status_code if isinstance(event, h11.Response) else 0
    finally:
        writer.close()
