"""Connections for httpx on asyncio's own transports: bytes in and out; what they say is read elsewhere.

httpx's own wake the loop several times for every 64 KiB of an answer, which took a fifth of a capture's processor time.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final, cast

import httpcore
import httpx

MOST_UNREAD: Final = 1024 * 1024
"""Bytes that are taken from the system before they are asked for."""

SECOND_ADDRESS_AFTER: Final = 0.25
"""Seconds after which another address of the host is tried beside the first, as RFC 8305 recommends.
https://www.rfc-editor.org/rfc/rfc8305#section-8"""

IDLE_SECONDS: Final = 5.0
"""Connections unused for longer are opened anew: servers drop them."""


class _Wire(asyncio.Protocol):
    """Keeps what arrived until it is read."""

    def __init__(self) -> None:
        self.arrived: deque[memoryview] = deque()
        self.unread = 0
        self.has_ended = False
        self.failure: Exception | None = None
        self.readable = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.arrived.append(memoryview(data))
        self.unread += len(data)
        if self.unread > MOST_UNREAD:
            self.transport.pause_reading()
        self.readable.set()

    def eof_received(self) -> None:
        self.has_ended = True
        self.readable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.has_ended, self.failure = True, exc
        self.readable.set()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()

    def take(self, most: int) -> bytes:
        """Hand out at most so many bytes; none when there are none."""
        if not self.arrived:
            return b""
        first = self.arrived.popleft()
        part = first[:most]
        if len(part) < len(first):
            self.arrived.appendleft(first[most:])
        self.unread -= len(part)
        if not self.arrived:
            self.transport.resume_reading()
            if not self.has_ended:
                self.readable.clear()
        return bytes(part)


class _Stream(httpcore.AsyncNetworkStream):
    """One connection as httpcore reads and writes it."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's
        wire = self._wire
        if not wire.readable.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await wire.readable.wait()
            except TimeoutError as late:
                raise httpcore.ReadTimeout("nothing came in time") from late
        if not wire.arrived and wire.failure is not None:
            raise httpcore.ReadError(str(wire.failure)) from wire.failure
        return wire.take(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's
        wire = self._wire
        if wire.has_ended:
            raise httpcore.WriteError("the server closed the connection") from wire.failure
        wire.transport.write(buffer)
        if not wire.writable.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await wire.writable.wait()
            except TimeoutError as late:
                raise httpcore.WriteTimeout("the server took nothing in time") from late

    async def aclose(self) -> None:
        # At once: what was asked for is read or given up, and a farewell by TLS would outlive the loop.
        self._wire.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
    ) -> httpcore.AsyncNetworkStream:
        wire = self._wire
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                secure = await loop.start_tls(wire.transport, wire, ssl_context, server_hostname=server_hostname)
        except TimeoutError as late:
            wire.transport.abort()
            raise httpcore.ConnectTimeout("no secure connection came about in time") from late
        except OSError as problem:
            wire.transport.abort()
            raise httpcore.ConnectError(str(problem)) from problem
        assert secure is not None, "it only is none where the connection ended, which raises"
        wire.transport = secure
        return self

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - whatever is asked for
        if info == "is_readable":
            # Of a connection that lies idle it means: the server has ended it.
            return self._wire.readable.is_set() or self._wire.transport.is_closing()
        return self._wire.transport.get_extra_info(info)


class _Network(httpcore.AsyncNetworkBackend):
    """Opens connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        assert local_address is None, "no caller gives one"
        assert socket_options is None, "no caller gives any"
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, wire = await loop.create_connection(_Wire, host, port, happy_eyeballs_delay=SECOND_ADDRESS_AFTER)
        except TimeoutError as late:
            raise httpcore.ConnectTimeout("no connection came about in time") from late
        except OSError as problem:
            raise httpcore.ConnectError(str(problem)) from problem
        return _Stream(wire)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, parts: Any) -> None:  # noqa: ANN401 - httpcore's, of which it says no more
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            yield part

    async def aclose(self) -> None:
        await self._parts.aclose()


class Pool(httpx.AsyncBaseTransport):
    """Kept connections for an httpx client; what fails is told by httpcore's exceptions."""

    def __init__(self, trusted: Callable[[], ssl.SSLContext]) -> None:
        """Open none yet; `trusted` is asked for the first secure one, as reading all authorities takes its time."""
        self._trusted = trusted
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its answer's body is yet to be read."""
        url = request.url
        answer = await self._of(url.scheme).handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()

    def _of(self, scheme: str) -> httpcore.AsyncConnectionPool:
        if scheme not in self._pools:
            self._pools[scheme] = httpcore.AsyncConnectionPool(
                ssl_context=self._trusted() if scheme == "https" else None,
                keepalive_expiry=IDLE_SECONDS,
                network_backend=_Network(),
            )
        return self._pools[scheme]
