"""Listening on one loopback port, and stopping in order; never knows what is served."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from github_sandbox.http.protocol import Connection, Handler

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
BACKLOG = 512


class PortTakenError(OSError):
    """The port asked for cannot be listened on."""


@dataclass(slots=True)
class Server:
    """A listening server; `port` is the one truly bound."""

    port: int
    _server: asyncio.Server
    _open: set[Connection]

    @property
    def url(self) -> str:
        """The address that clients use."""
        return f"http://{HOST}:{self.port}"

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        self._server.close()
        for connection in tuple(self._open):
            connection.close()
        await self._server.wait_closed()


async def listen(handler: Handler, port: int, sent: Callable[[int], None]) -> Server:
    """Serve `handler` on 127.0.0.1 at `port` (0: a free one), telling `sent` of every byte count written.

    Raise PortTakenError when the port cannot be had.
    """
    loop = asyncio.get_running_loop()
    connections: set[Connection] = set()
    try:
        server = await loop.create_server(lambda: Connection(handler, connections, sent), HOST, port, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        message = f"port {port} of {HOST} cannot be used ({error}); choose another, or 0 for a free one"
        raise PortTakenError(message) from error
    return Server(server.sockets[0].getsockname()[1], server, connections)
