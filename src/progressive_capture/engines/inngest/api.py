"""Inngest's HTTP interfaces as far as we ask them: events, health, what is registered; the rest is the SDK's.

Where a request is refused, and whether another may succeed, is told apart by its status, which the SDK keeps to itself.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx
import inngest
import msgspec

from progressive_capture.engines.inngest.events import Event, data_of
from progressive_capture.engines.inngest.functions import APP_ID
from progressive_capture.queue.engine import EngineRefused, EngineUnreachable

NO_KEY: Final = "NO_EVENT_KEY_SET"
"""What a dev server, which checks no key, gets in its place; the SDK sends the same."""

SECONDS: Final = 15.0
"""How long an answer is waited for."""

AGAIN: Final = frozenset({408, 425, 429})
"""Statuses of a request that may succeed later. https://www.rfc-editor.org/rfc/rfc9110#name-client-error-4xx"""


REFUSED: Final = frozenset({401, 403})


class _Registered(msgspec.Struct):
    """A function as Inngest lists it: its open server by Go's names of fields, without JSON's.

    https://github.com/inngest/inngest/blob/main/pkg/cqrs/functions.go
    """

    there: str = msgspec.field(name="Slug", default="")
    here: str = msgspec.field(name="slug", default="")


class KeyRefused(EngineRefused):
    """Inngest does not take the signing key."""


@dataclass(frozen=True, slots=True)
class InngestApi:
    """Inngest as its client is set up."""

    client: inngest.Inngest
    http: httpx.AsyncClient

    async def send(self, events: Sequence[Event]) -> None:
        """Send events; those that arrived before are dropped by their ids.

        Raises:
            EngineUnreachable: nobody knows whether they arrived.
            EngineRefused: they did not.
        """
        key = self.client.event_key or (None if self.client.is_production else NO_KEY)
        if key is None:
            raise EngineRefused("INNGEST_EVENT_KEY is not set: nothing can be sent to Inngest.")
        body = [{"name": each.NAME, "id": each.event_id, "data": data_of(each)} for each in events]
        address = f"{self.client.event_api_origin.rstrip('/')}/e/{key}"
        _judge(await self._request("POST", address, headers=self._authorized(None), json=body), "took the events")

    async def healthy(self) -> None:
        """Ask the event API whether it is there.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: it answers, and not as Inngest does.
        """
        address = f"{self.client.event_api_origin.rstrip('/')}/health"
        _judge(await self._request("GET", address), "answered its health")

    async def registered(self) -> list[str]:
        """The functions of our app that Inngest knows, without the app's name; none where it does not know the app.

        Raises:
            EngineUnreachable: there is no answer.
            KeyRefused: neither signing key is taken.
            EngineRefused: it answers, and not as Inngest does.
        """
        address, doing = f"{self.client.api_origin.rstrip('/')}/v1/apps/{APP_ID}/functions", "listed the functions"
        response = await self._request("GET", address, headers=self._authorized(self.client.signing_key))
        if response.status_code in REFUSED and self.client.signing_key_fallback is not None:
            headers = self._authorized(self.client.signing_key_fallback)
            response = await self._request("GET", address, headers=headers)
        if response.status_code in REFUSED:
            raise KeyRefused(
                f"Inngest answered {response.status_code}: INNGEST_SIGNING_KEY is not the key of this environment; "
                "copy it again from where the event key was made."
            )
        if response.status_code == httpx.codes.NOT_FOUND:
            return []
        _judge(response, doing)
        return sorted(name.removeprefix(f"{APP_ID}-") for name in _names(response.content))

    async def answer_of(self, address: str) -> int:
        """Ask an address of ours without a signature; the status of the answer.

        Raises:
            EngineUnreachable: there is no answer.
        """
        return (await self._request("GET", address)).status_code

    def _authorized(self, key: str | None) -> dict[str, str]:
        headers = {} if self.client.env is None else {"x-inngest-env": self.client.env}
        return headers if key is None else headers | {"authorization": f"Bearer {_hashed(key)}"}

    async def _request(
        self, method: str, address: str, *, headers: Mapping[str, str] | None = None, json: object = None
    ) -> httpx.Response:
        try:
            return await self.http.request(method, address, headers=headers, json=json, timeout=SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            where = _host(address)
            raise EngineUnreachable(f"{where} gives no answer ({type(error).__name__}).") from None


def _judge(response: httpx.Response, doing: str) -> None:
    status = response.status_code
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in AGAIN:
        raise EngineUnreachable(f"Inngest answered {status}, and not that it {doing}.")
    if status >= httpx.codes.BAD_REQUEST:
        raise EngineRefused(
            f"Inngest answered {status}, and not that it {doing}: check its keys and addresses with `pc inngest check`."
        )


def _host(address: str) -> str:
    """Name whom an address leads to, with its port, and without what else it may hold: the event key is part of one."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return "An address that is none"
    return url.host if url.port is None else f"{url.host}:{url.port}"


def _names(content: bytes) -> list[str]:
    """Read the names; none of an app that Inngest does not know, for which it lists nothing."""
    try:
        functions = msgspec.json.decode(content, type=list[_Registered] | None)
    except msgspec.DecodeError:
        raise EngineUnreachable("Inngest's list of functions cannot be read.") from None
    return [each.there or each.here for each in functions or ()]


def _hashed(key: str) -> str:
    """Give a signing key as Inngest wants it in requests: only the hash of its digits travels.

    https://www.inngest.com/docs/platform/signing-keys
    """
    return hashlib.sha256(bytes.fromhex(key.rpartition("-")[2])).hexdigest()
