"""Whether Inngest is set up as this program needs it, asked piece by piece; and a job that does nothing, end to end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import httpx
import inngest

from progressive_capture.engines import trials
from progressive_capture.engines.checks import Finding
from progressive_capture.engines.inngest.api import InngestApi, KeyRefused
from progressive_capture.engines.inngest.app import TEST
from progressive_capture.engines.inngest.events import TestAsked
from progressive_capture.queue.engine import EngineRefused, EngineUnreachable
from progressive_capture.store.database import Database

LOOKS: Final = 60
LOOK_EVERY: Final = 1.0
"""Seconds between two looks for the row that a test leaves: a minute together."""


async def check(api: InngestApi, expected: list[str], own_address: str | None) -> list[Finding]:
    """Check keys, addresses and what is registered; nothing is changed.

    Args:
        api: the way to Inngest.
        expected: the functions of this version.
        own_address: where Inngest reaches this program, None where that is not set.
    """
    found = [*keys(api.client), await _reachable(api), *await _registered(api, expected)]
    return found if own_address is None else [*found, await _guarded(api, own_address)]


async def leave_row(
    api: InngestApi, database: Database, nonce: str, pause: Callable[[float], Awaitable[None]]
) -> Finding:
    """Send the job that does nothing, and wait for its row.

    Raises:
        EngineUnreachable: nobody knows whether it was sent.
        EngineRefused: it was not sent.
        StoreError: the database cannot be read.
    """
    await api.send([TestAsked(nonce=nonce)])
    for look in range(LOOKS):
        if await asyncio.to_thread(trials.has_come, database, TEST, nonce):
            return Finding("test", True, "The event arrived, its function ran, and its row is in the database.")
        if look + 1 < LOOKS:
            await pause(LOOK_EVERY)
    return Finding(
        "test",
        False,
        "The event was taken, but no row came of it: is `pc serve` or `pc inngest connect` running, with this "
        "database, and does `pc inngest check` find its functions?",
    )


def keys(client: inngest.Inngest) -> list[Finding]:
    """Check what kinds of keys are set; whether Inngest takes them is asked elsewhere."""
    if not client.is_production:
        return [Finding("mode", True, f"A dev server at {client.api_origin}: no key is needed, nothing is signed.")]
    mode = Finding("mode", True, f"Production, at {client.api_origin}.")
    return [mode, _event_key(client.event_key), _signing_key(client)]


def _event_key(key: str | None) -> Finding:
    if key is None:
        return Finding("event key", False, "INNGEST_EVENT_KEY is not set: no job can be handed over.")
    if key.startswith("signkey-"):
        return Finding("event key", False, "INNGEST_EVENT_KEY holds a signing key: copy the event key from Inngest.")
    return Finding("event key", True, "It is set; `pc inngest test` tells whether Inngest takes it.")


def _signing_key(client: inngest.Inngest) -> Finding:
    if client.signing_key is None:
        return Finding("signing key", False, "INNGEST_SIGNING_KEY is not set: Inngest cannot call this program.")
    kind = client.signing_key.rpartition("-")[0] or "signkey without an environment"
    if kind.startswith("signkey-branch") and client.env is None:
        why = f"It is of a branch environment ({kind}): set INNGEST_ENV to the environment's name."
        return Finding("signing key", False, why)
    if client.signing_key_fallback:
        return Finding("signing key", True, f"It is set ({kind}), and the one before it still counts.")
    return Finding("signing key", True, f"It is set ({kind}).")


async def _reachable(api: InngestApi) -> Finding:
    try:
        await api.healthy()
    except (EngineRefused, EngineUnreachable) as error:
        return Finding("reachable", False, str(error))
    return Finding("reachable", True, f"{api.client.event_api_origin} answers.")


async def _registered(api: InngestApi, expected: list[str]) -> list[Finding]:
    try:
        known = await api.registered()
    except KeyRefused as error:
        return [Finding("signature", False, str(error))]
    except (EngineRefused, EngineUnreachable) as error:
        return [Finding("functions", False, str(error))]
    signed = [Finding("signature", True, "Inngest takes the signing key.")] if api.client.is_production else []
    return [*signed, _compared(expected, known)]


def _compared(expected: list[str], known: list[str]) -> Finding:
    if not known:
        why = "Inngest does not know this app yet: run `pc serve`, and give Inngest its address ending in /api/inngest."
        return Finding("functions", False, why)
    missing, extra = sorted(set(expected) - set(known)), sorted(set(known) - set(expected))
    if missing or extra:
        differs = [f"missing: {', '.join(missing)}"] if missing else []
        differs += [f"not of this version: {', '.join(extra)}"] if extra else []
        return Finding("functions", False, f"Sync the app in Inngest again ({'; '.join(differs)}).")
    return Finding("functions", True, f"All {len(expected)} are registered.")


async def _guarded(api: InngestApi, address: str) -> Finding:
    """Ask the address where Inngest calls us as a stranger would."""
    try:
        status = await api.answer_of(address)
    except EngineUnreachable as error:
        return Finding("address", False, f"{error} Is `pc serve` running behind INNGEST_SERVE_ORIGIN?")
    is_open = status == httpx.codes.OK
    if not api.client.is_production and is_open:
        return Finding("address", True, f"{address} answers, and checks no signature, as a dev server wants it.")
    if status == httpx.codes.UNAUTHORIZED and api.client.is_production:
        return Finding("address", True, f"{address} answers, and refuses what is not signed.")
    if is_open:
        why = f"{address} answers what is not signed: unset INNGEST_DEV for the program that runs there."
        return Finding("address", False, why)
    why = f"{address} answered {status}: let INNGEST_SERVE_ORIGIN lead to `pc serve`, which runs with these keys."
    return Finding("address", False, why)
