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


class _Registered(msgspec.Struct):
    id: str = ""
    slug: str = ""
    name: str = ""


class _Listed(msgspec.Struct):
    data: list[_Registered] | None = None


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
        headers = {} if self.client.env is None else {"x-inngest-env": self.client.env}
        address = f"{self.client.event_api_origin.rstrip('/')}/e/{key}"
        await self._ask("POST", address, "took the events", headers=headers, json=body)

    async def healthy(self) -> None:
        """Ask the event API whether it is there.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: it answers, and not as Inngest does.
        """
        await self._ask("GET", f"{self.client.event_api_origin.rstrip('/')}/health", "answered its health")

    async def registered(self) -> list[str] | None:
        """The functions of our app that Inngest knows, without the app's name; None where it does not know the app.

        Raises:
            EngineUnreachable: there is no answer.
            EngineRefused: the signing key is not taken.
        """
        address = f"{self.client.api_origin.rstrip('/')}/v1/apps/{APP_ID}/functions"
        key = self.client.signing_key
        headers = {} if key is None else {"authorization": f"Bearer {_hashed(key)}"}
        response = await self._ask("GET", address, "listed the functions", missing=True, headers=headers)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return sorted(name.removeprefix(f"{APP_ID}-") for name in _names(response.content))

    async def _ask(
        self,
        method: str,
        address: str,
        doing: str,
        *,
        missing: bool = False,
        headers: Mapping[str, str] | None = None,
        json: object = None,
    ) -> httpx.Response:
        """Ask; with `missing`, an answer of 404 is one like others."""
        try:
            response = await self.http.request(method, address, headers=headers, json=json, timeout=SECONDS)
        except httpx.HTTPError as error:
            where = httpx.URL(address).host
            raise EngineUnreachable(f"Inngest at {where} gives no answer ({type(error).__name__}).") from None
        status = response.status_code
        if status < httpx.codes.BAD_REQUEST or (missing and status == httpx.codes.NOT_FOUND):
            return response
        if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in AGAIN:
            raise EngineUnreachable(f"Inngest answered {status}, and not that it {doing}.")
        raise EngineRefused(
            f"Inngest answered {status}, and not that it {doing}: check its keys and addresses with `pc inngest check`."
        )


def _names(content: bytes) -> list[str]:
    try:
        functions = msgspec.json.decode(content, type=list[_Registered] | _Listed)
    except msgspec.DecodeError:
        raise EngineUnreachable("Inngest's list of functions cannot be read.") from None
    listed = functions if isinstance(functions, list) else functions.data or []
    return [each.slug or each.name or each.id for each in listed]


def _hashed(key: str) -> str:
    """Give a signing key as Inngest wants it in requests: only the hash of its digits travels.

    https://www.inngest.com/docs/platform/signing-keys
    """
    return hashlib.sha256(bytes.fromhex(key.rpartition("-")[2])).hexdigest()
