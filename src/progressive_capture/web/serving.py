"""One process that does all for an installation: it answers over HTTP, hands jobs over, and runs those of here."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from progressive_capture.web.app import application, mount_inngest
from progressive_capture.web.server import serve

if TYPE_CHECKING:
    from progressive_capture.wiring import Wired


async def serve_installation(
    works: "Wired",
    listening: socket.socket,
    *,
    with_worker: bool,
    pause: Callable[[float], Awaitable[None]],
    ready: Callable[[], object] = lambda: None,
) -> None:
    """Serve /healthz, and /api/inngest where Inngest is set up; hand jobs over; run those of this machine's lanes.

    `ready` is called once nothing of the settings stands in the way.

    Raises:
        StoreError: the database cannot be used, and waiting would not help.
        UsageError: a key cannot be used, or a lane's engine.
    """
    app = application(works.database)
    async with AsyncExitStack() as stack:
        if works.settings.serves_inngest:
            api = await stack.enter_async_context(works.inngest_api())
            mount_inngest(app, api.client, works.inngest_app(api.client).functions())
        going = beside(works, with_worker=with_worker, pause=pause)
        ready()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(serve(app, listening, stopping=works.stopping, pause=pause))
                for work in going:
                    group.create_task(work)
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None


def beside(
    works: "Wired", *, with_worker: bool, pause: Callable[[float], Awaitable[None]]
) -> list[Coroutine[Any, Any, object]]:
    """What goes on beside answering: handing over, and the worker, which sees to duties alone where no lane is here."""
    going: list[Coroutine[Any, Any, object]] = [works.elsewhere().hand_over(stopping=works.stopping, pause=pause)]
    if with_worker:
        going.append(works.worker().run())
    return going
