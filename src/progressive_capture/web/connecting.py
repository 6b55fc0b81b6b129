"""Inngest without an address of ours: a connection that we open, over which it calls the functions."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

import structlog

from progressive_capture.web.serving import beside

if TYPE_CHECKING:
    from progressive_capture.wiring import Wired

LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the connection."""


async def connect_installation(works: "Wired", *, with_worker: bool, pause: Callable[[float], Awaitable[None]]) -> None:
    """Keep the connection open, hand jobs over, and run those of this machine's lanes, until somebody asks to stop.

    https://www.inngest.com/docs/setup/connect

    Raises:
        StoreError: the database cannot be used, and waiting would not help.
        UsageError: Inngest is not set up, or a key cannot be used.
    """
    from inngest.connect import connect  # noqa: PLC0415 - only this command needs it

    async with works.inngest_api() as api:
        functions = works.inngest_app(api.client).functions()
        # Signals are heard by the program itself.
        connection = connect([(api.client, functions)], shutdown_signals=[])

        async def watch() -> None:
            log, told = structlog.stdlib.get_logger(__name__), None
            while not works.stopping():
                state = connection.get_state()
                if state is not told:
                    log.info("connection to Inngest", state=state.value, gateway=api.client.api_origin)
                    told = state
                await pause(LOOK_EVERY)
            await connection.close(wait=True)

        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(connection.start())
                group.create_task(watch())
                for work in beside(works, with_worker=with_worker, pause=pause):
                    group.create_task(work)
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
