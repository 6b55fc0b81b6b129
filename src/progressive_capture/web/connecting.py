"""Inngest without an address of ours: a connection that we open, over which it calls the functions."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import structlog

from progressive_capture.domain.errors import UsageError
from progressive_capture.web.serving import beside

if TYPE_CHECKING:
    import inngest
    from inngest.connect._internal.connection import WorkerConnection

    from progressive_capture.engines.inngest.functions import Functions
    from progressive_capture.wiring import Wired

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the connection."""

AGAIN_SECONDS: Final = 15.0
"""After the SDK gave a connection up, having tried five times; a random half is added or taken away."""

Pause = Callable[[float], Awaitable[None]]


async def connect_installation(works: "Wired", *, with_worker: bool, pause: Pause) -> None:
    """Keep a connection open, hand jobs over, and run those of this machine's lanes, until somebody asks to stop.

    https://www.inngest.com/docs/setup/connect

    Raises:
        StoreError: the database cannot be used, and waiting would not help.
        UsageError: Inngest is not set up, or a key cannot be used.
    """
    async with works.inngest_api() as api:
        functions = works.inngest_app(api.client).functions()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_keep_connected(works, api.client, functions, pause))
                for work in beside(works, with_worker=with_worker, pause=pause):
                    group.create_task(work)
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None


async def _keep_connected(works: "Wired", client: "inngest.Inngest", functions: "Functions", pause: Pause) -> None:
    """Connect, and connect anew whenever a connection was given up."""
    from inngest.connect import connect  # noqa: PLC0415 - only this command needs it

    if client.is_production and client.signing_key is None:
        raise UsageError("INNGEST_SIGNING_KEY is not set: Inngest lets nobody connect without it.")
    while not works.stopping():
        # Signals are heard by the program itself.
        connection = connect([(client, functions)], shutdown_signals=[])
        watching = asyncio.ensure_future(_watch(works, connection, client.api_origin, pause))
        try:
            await connection.start()
        except Exception as error:  # noqa: BLE001 - the SDK raises errors of its own that have no class in common
            if _is_refusal(error):
                raise UsageError(
                    f"Inngest at {client.api_origin} does not take INNGEST_SIGNING_KEY: copy it again from the "
                    "environment that the event key is of."
                ) from None
            structlog.stdlib.get_logger(__name__).warning(
                "no connection to Inngest: it is tried again", error=str(error), origin=client.api_origin
            )
            await pause(AGAIN_SECONDS * (0.5 + works.overrides.random()))
        finally:
            watching.cancel()


async def _watch(works: "Wired", connection: "WorkerConnection", origin: str, pause: Pause) -> None:
    """Log how the connection is, and close it when somebody asks to stop; steps under way end with their page."""
    log, told = structlog.stdlib.get_logger(__name__), None
    while not works.stopping():
        state = connection.get_state()
        if state is not told:
            log.info("connection to Inngest", state=state.value, origin=origin)
            told = state
        await pause(LOOK_EVERY)
    await connection.close()


def _is_refusal(error: Exception) -> bool:
    """Whether Inngest answered 401 or 403; the SDK keeps the class of that error to itself."""
    return type(error).__name__ == "NonRetryableError"
