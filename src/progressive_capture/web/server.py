"""Serving an application until somebody asks to stop; what it answers stands elsewhere."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from progressive_capture.domain.errors import UsageError

LOOK_EVERY: Final = 1.0
"""Seconds between two looks whether to stop; the pause ends at once when somebody asks."""

GRACE_SECONDS: Final = 30
"""How long answers under way may take after that: a step ends after its page."""


class _Server(uvicorn.Server):
    """Leaves signals to the program, which hears them itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do nothing with them."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """Take an address to serve at; port 0 takes any that is free.

    Raises:
        UsageError: it cannot be had.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise UsageError(
            f"Nothing can be served at {host}:{port} ({error.strerror}): give another --host or --port."
        ) from None


async def serve(
    app: FastAPI, listening: socket.socket, *, stopping: Callable[[], bool], pause: Callable[[float], Awaitable[None]]
) -> None:
    """Serve until somebody asks to stop; answers under way are finished."""
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=GRACE_SECONDS)
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not stopping() and not serving.done():
        await asyncio.wait({serving, asyncio.ensure_future(pause(LOOK_EVERY))}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
