"""Whether Inngest is set up as this program needs it, asked piece by piece; and a job that does nothing, end to end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import inngest

from progressive_capture.engines.checks import Finding
from progressive_capture.engines.inngest.api import InngestApi
from progressive_capture.engines.inngest.app import TEST
from progressive_capture.engines.inngest.events import TestAsked
from progressive_capture.queue.engine import EngineRefused, EngineUnreachable
from progressive_capture.store import duties
from progressive_capture.store.database import Database

LOOKS: Final = 60
LOOK_EVERY: Final = 1.0
"""Seconds between two looks for the row that a test leaves: a minute together."""

_NEWEST: Final = 50


async def check(api: InngestApi, expected: list[str]) -> list[Finding]:
    """Check keys, addresses and what is registered; nothing is changed."""
    return [*_keys(api.client), await _reachable(api), await _registered(api, expected)]


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
        if await asyncio.to_thread(_is_noted, database, nonce):
            return Finding("test", True, "The event arrived, its function ran, and its row is in the database.")
        if look + 1 < LOOKS:
            await pause(LOOK_EVERY)
    return Finding(
        "test",
        False,
        "The event was taken, but no row came of it: is `pc serve` or `pc inngest connect` running, with this "
        "database, and does `pc inngest check` find its functions?",
    )


def _keys(client: inngest.Inngest) -> list[Finding]:
    if not client.is_production:
        return [Finding("mode", True, f"A dev server at {client.api_origin}: no key is needed, nothing is signed.")]
    kind = (client.signing_key or "").rpartition("-")[0] or "signkey without an environment"
    found = [Finding("mode", True, f"Production, at {client.api_origin}.")]
    if client.event_key is None:
        found.append(Finding("event key", False, "INNGEST_EVENT_KEY is not set: no job can be handed over."))
    else:
        found.append(Finding("event key", True, "It is set."))
    if client.signing_key is None:
        why = "INNGEST_SIGNING_KEY is not set: Inngest cannot call this program."
        found.append(Finding("signing key", False, why))
    elif client.signing_key_fallback:
        found.append(Finding("signing key", True, f"It is set ({kind}), and the one before it still counts."))
    else:
        found.append(Finding("signing key", True, f"It is set ({kind})."))
    return found


async def _reachable(api: InngestApi) -> Finding:
    try:
        await api.healthy()
    except (EngineRefused, EngineUnreachable) as error:
        return Finding("reachable", False, str(error))
    return Finding("reachable", True, f"{api.client.event_api_origin} answers.")


async def _registered(api: InngestApi, expected: list[str]) -> Finding:
    try:
        known = await api.registered()
    except (EngineRefused, EngineUnreachable) as error:
        return Finding("functions", False, str(error))
    if known is None:
        why = "Inngest does not know this app yet: run `pc serve`, and give Inngest its address ending in /api/inngest."
        return Finding("functions", False, why)
    missing, extra = sorted(set(expected) - set(known)), sorted(set(known) - set(expected))
    if missing or extra:
        differs = [f"missing: {', '.join(missing)}"] if missing else []
        differs += [f"not of this version: {', '.join(extra)}"] if extra else []
        return Finding("functions", False, f"Sync the app in Inngest again ({'; '.join(differs)}).")
    return Finding("functions", True, f"All {len(expected)} are registered.")


def _is_noted(database: Database, nonce: str) -> bool:
    with database.reading() as connection:
        return any((run.result or {}).get("nonce") == nonce for run in duties.runs(connection, TEST, _NEWEST))
