"""HTTP/1.1 over one connection (h11 without I/O, asyncio for the socket); never looks inside a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from http import HTTPStatus

import h11

from github_sandbox.http.messages import Request, Response

MAX_BODY = 4 * 1024 * 1024
MAX_HEAD = 64 * 1024
CLIENT_ERROR_FROM = 400

_Headers = list[tuple[bytes, bytes]]
Handler = Callable[[Request], Awaitable[Response]]


class Connection(asyncio.Protocol):
    """One client's connection: requests are answered one after another, each with headers and body in one write.

    One write matters: two would meet Nagle's algorithm and delayed acknowledgement, 40 ms a request.
    """

    def __init__(self, handler: Handler, open_connections: set[Connection], sent: Callable[[int], None]) -> None:
        """Answer with `handler`; be listed in `open_connections` while open; report written bytes to `sent`."""
        self._handler = handler
        self._open = open_connections
        self._sent = sent
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End: stop answering a client that has gone."""
        del exc
        self._open.discard(self)
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        """Hold a streamed body back while the socket is full."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let a streamed body go on."""
        self._writable.set()

    def close(self) -> None:
        """Close the connection when its answer, if one is under way, has left."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Take bytes in, and answer when a request is whole."""
        self._http.receive_data(data)
        self._advance()

    def eof_received(self) -> bool:
        """Take the client's half-close in; keep our half open while an answer is under way."""
        self._http.receive_data(b"")
        return self._task is not None

    def _advance(self) -> None:
        if self._in_answer():
            return
        try:
            while isinstance(event := self._http.next_event(), h11.Event):
                self._take(event)
                if self._in_answer() or self._transport.is_closing():
                    return
            if self._http.they_are_waiting_for_100_continue:
                self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, str(error))

    def _in_answer(self) -> bool:
        return self._task is not None

    def _take(self, event: h11.Event) -> None:
        if isinstance(event, h11.Request):
            self._head = event
            self._body.clear()
            self._check_length(_promised(event))
        elif isinstance(event, h11.Data):
            self._body += event.data
            self._check_length(len(self._body))
        elif isinstance(event, h11.EndOfMessage) and self._head is not None:
            self._task = asyncio.get_running_loop().create_task(self._answer(self._head, bytes(self._body)))
        elif isinstance(event, h11.ConnectionClosed):
            self._transport.close()

    def _check_length(self, length: int) -> None:
        if length > MAX_BODY:
            self._refuse(413, f"Request bodies end at {MAX_BODY} bytes.")

    async def _answer(self, head: h11.Request, body: bytes) -> None:
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
        request = Request(head.method.decode("ascii"), head.target.decode("latin-1"), headers, body)
        response = await self._handled(request)
        try:
            await self._send(request, response)
        except Exception as error:  # noqa: BLE001 - half an answer must end in a broken connection, not in silence
            self._tell(request, error)
            self._transport.abort()
        self._next()

    async def _send(self, request: Request, response: Response) -> None:
        if response.drop:
            self._transport.abort()
        elif response.cut is not None:
            self._cut(response)
        elif response.chunks is not None and request.method != "HEAD":
            await self._stream(response)
        else:
            self._whole(response, with_body=request.method != "HEAD")

    async def _handled(self, request: Request) -> Response:
        """Call the handler; a mistake of ours becomes a 500 that says so, and is told to the loop's owner."""
        try:
            return await self._handler(request)
        except Exception as error:  # noqa: BLE001 - a client must not wait for an answer that never comes
            self._tell(request, error)
            return Response(500, {"content-type": "text/plain"}, f"the sandbox failed: {error!r}".encode())

    @staticmethod
    def _tell(request: Request, error: Exception) -> None:
        told = {"message": f"the sandbox failed at {request.method} {request.target}", "exception": error}
        asyncio.get_running_loop().call_exception_handler(told)

    def _next(self) -> None:
        self._task = None
        if self._transport.is_closing():
            return
        if self._http.our_state is h11.MUST_CLOSE or self._http.their_state in {h11.CLOSED, h11.ERROR}:
            self._transport.close()
            return
        self._http.start_next_cycle()
        self._advance()

    def _whole(self, response: Response, *, with_body: bool) -> None:
        bodiless = response.status in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
        head = self._http.send(_head(response, None if bodiless else len(response.body)))
        body = self._http.send(h11.Data(data=response.body)) if with_body and not bodiless else b""
        end = self._http.send(h11.EndOfMessage())
        self._write(b"".join((head or b"", body or b"", end or b"")))

    def _cut(self, response: Response) -> None:
        head = self._http.send(_head(response, len(response.body))) or b""
        self._write(head + response.body[: response.cut])
        self._transport.close()

    async def _stream(self, response: Response) -> None:
        assert response.chunks is not None
        self._write(self._http.send(_head(response, None)))
        with closing(response.chunks) as chunks:
            for chunk in chunks:
                self._write(self._http.send(h11.Data(data=chunk)))
                await self._writable.wait()
                await asyncio.sleep(0)
        self._write(self._http.send(h11.EndOfMessage()))

    def _write(self, data: bytes | None) -> None:
        if data:
            self._transport.write(data)
            self._sent(len(data))

    def _refuse(self, status: int, reason: str) -> None:
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            body = reason.encode()
            head = [("connection", "close"), ("content-type", "text/plain"), ("content-length", str(len(body)))]
            start = self._http.send(h11.Response(status_code=max(status, CLIENT_ERROR_FROM), headers=head)) or b""
            self._write(start + (self._http.send(h11.Data(data=body)) or b""))
        self._transport.close()


def _promised(head: h11.Request) -> int:
    return next((int(value) for name, value in head.headers if name == b"content-length"), 0)


def _head(response: Response, length: int | None) -> h11.Response:
    headers: _Headers = [(name.encode("ascii"), _field(value)) for name, value in response.headers.items()]
    if length is not None:
        headers.append((b"content-length", str(length).encode("ascii")))
    return h11.Response(status_code=response.status, headers=headers)


def _field(value: str) -> bytes:
    return value.encode("latin-1", "replace")
