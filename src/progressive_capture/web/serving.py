"""One process that does all for an installation: it answers over HTTP, hands jobs over, and runs those of here."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final

import structlog

from progressive_capture.domain.jobs import EngineName, Processor
from progressive_capture.store.errors import StoreError
from progressive_capture.web.app import application, mount_inngest
from progressive_capture.web.server import serve

if TYPE_CHECKING:
    from progressive_capture.engines.inngest.api import InngestApi
    from progressive_capture.queue.dispatch import Dispatcher
    from progressive_capture.wiring import Wired

IDLE_SECONDS: Final = 1.0
"""Between two looks for jobs to hand over; a random half is added or taken away."""

TEND_SECONDS: Final = 10.0
"""Between two looks whether a duty is due."""


async def serve_installation(
    works: "Wired", listening: socket.socket, *, with_worker: bool, pause: Callable[[float], Awaitable[None]]
) -> None:
    """Serve /healthz, and /api/inngest where Inngest is set up; hand jobs over; run those of this machine's lanes.

    Raises:
        StoreError: the database cannot be used, and waiting would not help.
        UsageError: a key cannot be used.
    """
    app = application(works.database)
    async with AsyncExitStack() as stack:
        api = None
        if works.settings.serves_inngest:
            api = await stack.enter_async_context(works.inngest_api())
            mount_inngest(app, api.client, works.inngest_app(api.client).functions())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(serve(app, listening, stopping=works.stopping, pause=pause))
                for work in beside(works, api, with_worker=with_worker, pause=pause):
                    group.create_task(work)
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None


def beside(
    works: "Wired", api: "InngestApi | None", *, with_worker: bool, pause: Callable[[float], Awaitable[None]]
) -> list[Coroutine[Any, Any, object]]:
    """What goes on beside answering: the worker, or its duties alone where no lane is run here; handing over."""
    going: list[Coroutine[Any, Any, object]] = []
    if with_worker:
        worker = works.worker()
        going.append(worker.run() if worker.slots else _tend(works, pause))
    if api is not None and works.terms.engines[Processor.INNGEST] is EngineName.INNGEST:
        going.append(_dispatch(works, works.dispatcher(works.inngest_engine(api), Processor.INNGEST), pause))
    return going


async def _dispatch(works: "Wired", dispatcher: "Dispatcher", pause: Callable[[float], Awaitable[None]]) -> None:
    while not works.stopping():
        taken = 0
        try:
            taken = await dispatcher.dispatch()
        except StoreError as error:
            if not error.retryable:
                raise
            structlog.stdlib.get_logger(__name__).warning("database", error=str(error))
        if not taken:
            await pause(IDLE_SECONDS * (0.5 + works.overrides.random()))


async def _tend(works: "Wired", pause: Callable[[float], Awaitable[None]]) -> None:
    schedule = works.schedule()
    while not works.stopping():
        try:
            await schedule.tend()
        except StoreError as error:
            structlog.stdlib.get_logger(__name__).warning("database", error=str(error))
        await pause(TEND_SECONDS)
    await asyncio.to_thread(schedule.resign)
