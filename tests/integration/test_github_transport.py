"""The one file with I/O, against a server that misbehaves on demand."""

import asyncio
import gzip
import socket
from collections.abc import Awaitable, Callable

import pytest

from progressive_capture.github import transport as module
from progressive_capture.github.transport import HttpTransport, Lack, NoAnswer, Received, Request

Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def response(body: bytes, *headers: str, length: int | None = None) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"content-length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def served(handler: Handler, *requests: Request, transport: HttpTransport) -> tuple[list[object], list[bytes]]:
    """Send requests to a server on a free port; the answers, and the heads of the requests that it saw."""
    heads: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                heads.append(head)
                await handler(head, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, transport:
        answers: list[object] = []
        for each in requests:
            url = each.url.format(port=port)
            answers.append(await transport.send(Request(each.method, url, each.headers, each.body)))
    return answers, heads


GET = Request("GET", "http://127.0.0.1:{port}/x", {"user-agent": "test"})


def run(
    handler: Handler, *requests: Request, transport: HttpTransport | None = None
) -> tuple[list[object], list[bytes]]:
    async def main() -> tuple[list[object], list[bytes]]:
        return await served(handler, *(requests or (GET,)), transport=transport or HttpTransport(is_local=True))

    return asyncio.run(main())


def test_answers_come_with_lower_case_headers_over_one_connection() -> None:
    ports = set()

    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        ports.add(writer.get_extra_info("peername"))
        writer.write(response(b"{}", "X-RateLimit-Limit: 5"))

    answers, heads = run(handler, GET, GET)
    assert [each.answer.headers["x-ratelimit-limit"] for each in answers if isinstance(each, Received)] == ["5", "5"]
    assert len(ports) == 1
    assert b"accept-encoding: identity" in heads[0].lower()


def test_far_servers_are_asked_to_compress_and_bytes_are_counted_as_sent() -> None:
    packed = gzip.compress(b"[" + b"1," * 10_000 + b"1]")

    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(response(packed, "content-encoding: gzip"))

    (received,), heads = run(handler, transport=HttpTransport())
    assert isinstance(received, Received)
    assert len(received.answer.body) == 20_003
    assert received.bytes_in == len(packed)
    assert b"accept-encoding: gzip" in heads[0].lower()


def test_redirects_are_not_followed() -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 301 Moved\r\nlocation: /y\r\ncontent-length: 0\r\n\r\n")

    (received,), heads = run(handler)
    assert isinstance(received, Received)
    assert (received.answer.status, len(heads)) == (301, 1)


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\ncontent-le", response(b"{", length=100), b"nonsense\r\n\r\n"]
)
def test_broken_connections_are_told_and_not_raised(sent: bytes) -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    (lacking,), _ = run(handler)
    assert isinstance(lacking, NoAnswer)
    assert lacking.lack is Lack.CONNECTION
    assert lacking.why.endswith(".")


def test_a_broken_compression_is_a_broken_connection() -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(response(b"not gzip", "content-encoding: gzip"))

    (lacking,), _ = run(handler)
    assert isinstance(lacking, NoAnswer)


@pytest.mark.parametrize("began", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"])
def test_an_answer_that_does_not_end_in_time_is_a_timeout(began: bytes) -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(began)
        await asyncio.Event().wait()

    (lacking,), _ = run(handler, transport=HttpTransport(is_local=True, whole_seconds=0.2))
    assert isinstance(lacking, NoAnswer)
    assert lacking.lack is Lack.TIMEOUT
    assert "came from 127.0.0.1:" in lacking.why


def test_a_body_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_BODY", 1_000_000)

    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(response(b"x" * 3_000_000))

    (lacking,), _ = run(handler)
    assert isinstance(lacking, NoAnswer)
    assert lacking.lack is Lack.TOO_LARGE


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

        async def main() -> object:
            async with HttpTransport(is_local=True) as transport:
                return await transport.send(Request("GET", f"http://127.0.0.1:{port}/", {}))

        lacking = asyncio.run(main())
    assert isinstance(lacking, NoAnswer)
    assert lacking.lack is Lack.UNREACHED
    assert lacking.why.startswith(f"The connection to GitHub at 127.0.0.1:{port} failed: ")
