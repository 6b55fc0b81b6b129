"""The SDK's client as our settings want it; the SDK reads addresses and environments from its own variables."""

import logging
from collections.abc import Callable

import httpx
import inngest

from progressive_capture.domain.errors import UsageError
from progressive_capture.engines.inngest.functions import APP_ID
from progressive_capture.github.secrets import Secret


def make_client(event_key: Secret | None, signing_key: Secret | None, *, is_dev: bool) -> inngest.Inngest:
    """Make the client.

    Addresses, the environment and the signing key before this one are read from `INNGEST_BASE_URL`,
    `INNGEST_API_BASE_URL`, `INNGEST_EVENT_API_BASE_URL`, `INNGEST_DEV`, `INNGEST_ENV` and
    `INNGEST_SIGNING_KEY_FALLBACK`. https://www.inngest.com/docs/reference/python/overview/env-vars

    Raises:
        UsageError: a signing key is none, so that no signature could be checked.
    """
    _check(signing_key, is_dev=is_dev)
    client = inngest.Inngest(
        app_id=APP_ID,
        event_key=None if event_key is None else event_key.reveal(),
        signing_key=None if signing_key is None else signing_key.reveal(),
        is_production=not is_dev,
        logger=logging.getLogger("progressive_capture.inngest"),
    )
    if not (client.signing_key_fallback or "").strip():
        # An empty variable counts as not set; the SDK would take signatures made with an empty key for good ones.
        client._signing_key_fallback = None  # noqa: SLF001 - it has no way to be told
        client._http_client._signing_key_fallback = None  # noqa: SLF001 - as above
    return client


async def close_client(client: inngest.Inngest) -> None:
    """Close what the SDK opened for the events that its steps send; it has no way of its own."""
    http = client._http_client  # noqa: SLF001 - as above
    await http._http_client.aclose()  # noqa: SLF001 - as above
    http._http_client_sync.close()  # noqa: SLF001 - as above


def open_http(transport: Callable[[], httpx.AsyncBaseTransport] | None) -> httpx.AsyncClient:
    """Open what asks Inngest beside the SDK; `transport` makes another way than the network."""
    return httpx.AsyncClient(transport=(transport or httpx.AsyncHTTPTransport)())


def _check(signing_key: Secret | None, *, is_dev: bool) -> None:
    if signing_key is None or is_dev:
        return
    kind, _, digits = signing_key.reveal().rpartition("-")
    try:
        known = bool(bytes.fromhex(digits)) and (not kind or kind.startswith("signkey-"))
    except ValueError:
        known = False
    if not known:
        raise UsageError(
            "INNGEST_SIGNING_KEY is no signing key: copy it again from Inngest (signkey, prod or test, hex digits)."
        )
