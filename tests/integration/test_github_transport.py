"""The one file with I/O, against a server that misbehaves on demand."""

import asyncio
import contextlib
import gzip
import socket
import threading
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
    "head",
    [
        b"HTTP/1.1 204 No Content\r\n",
        b"HTTP/1.1 304 Not Modified\r\n",
        b"HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\ncontent-encoding: gzip\r\n",
    ],
)
def test_answers_without_a_body(head: bytes) -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"x-github-request-id: one\r\n\r\n")

    answers, heads = run(handler, GET, Request("POST", GET.url, GET.headers, b"{}"))
    for received in answers:
        assert isinstance(received, Received)
        assert (received.answer.body, received.bytes_in) == (b"", 0)
        assert received.answer.headers["x-github-request-id"] == "one"
    assert len(heads) == 2


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", "it was closed before an answer came"),
        (b"HTTP/1.1 200 OK\r\ncontent-le", "it was closed before an answer came"),
        (response(b"{", length=100), "the answer broke off, or could not be unpacked"),
        (response(b"not gzip", "content-encoding: gzip"), "the answer broke off, or could not be unpacked"),
        (b"nonsense\r\n\r\n", "the answer is not HTTP as it is known here"),
    ],
)
def test_broken_connections_are_told_and_not_raised(sent: bytes, why: str) -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    (lacking,), heads = run(handler)
    assert isinstance(lacking, NoAnswer)
    assert lacking.lack is Lack.CONNECTION
    assert lacking.why.endswith(f" failed: {why}.")
    assert len(heads) == 1, "who counts requests sends them again, and nobody else"


def test_a_kept_connection_that_is_cut_is_told_too() -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        if first.pop():
            writer.write(response(b"{}"))
        else:
            writer.transport.abort()

    first = [False, True]
    (received, lacking), heads = run(handler, GET, GET)
    assert isinstance(received, Received)
    assert isinstance(lacking, NoAnswer)
    assert (lacking.lack, len(heads)) == (Lack.CONNECTION, 2)


def test_a_kept_connection_that_was_closed_meanwhile_is_not_used_again() -> None:
    """The server's end comes while the loop is held up, as by decoding."""

    async def main() -> list[object]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            get = Request("GET", f"http://127.0.0.1:{listening.getsockname()[1]}/x", {})

            listening.settimeout(5)

            def serve() -> None:
                with contextlib.suppress(TimeoutError), listening.accept()[0] as connection:
                    connection.recv(65_536)
                    connection.sendall(response(b"{}"))
                    answered.wait(10)
                closed.set()

            answers: list[object] = []
            async with HttpTransport(is_local=True) as transport:
                for _ in range(3):
                    answered, closed = threading.Event(), threading.Event()
                    server = threading.Thread(target=serve)
                    server.start()
                    answers.append(await transport.send(get))
                    answered.set()
                    closed.wait(10)  # holds the loop up
                    server.join()
            return answers

    assert all(isinstance(each, Received) for each in asyncio.run(main()))


def test_a_header_of_several_lines_is_one_list_and_can_be_stored() -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        lines = [f"x-{place}: y" for place in range(200)]
        head = response(b"{}", 'Link: <a>; rel="next"', 'link: <b>; rel="last"', *lines)
        writer.write(head.replace(b"x-0: y", b"x-0: caf\xe9"))

    (received,), _ = run(handler)
    assert isinstance(received, Received)
    assert received.answer.headers["link"] == '<a>; rel="next", <b>; rel="last"'
    assert received.answer.headers["x-0"] == "caf\ufffd"


def test_addresses_that_are_none_are_told_and_not_raised() -> None:
    async def main() -> list[object]:
        async with HttpTransport() as transport:
            return [
                await transport.send(Request("GET", url, {})) for url in ("http://[::1", "http://a:99999/", "http:///")
            ]

    for lacking in asyncio.run(main()):
        assert isinstance(lacking, NoAnswer)
        assert lacking.lack is Lack.CONNECTION


def test_a_server_that_does_not_take_the_connection_up_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.2)

    async def main() -> object:
        with socket.create_server(("127.0.0.1", 0)) as silent:  # TLS never begins
            async with HttpTransport(is_local=True) as transport:
                return await transport.send(Request("GET", f"https://127.0.0.1:{silent.getsockname()[1]}/", {}))

    lacking = asyncio.run(main())
    assert isinstance(lacking, NoAnswer)
    assert lacking.lack is Lack.UNREACHED
    assert lacking.why.endswith(" could not be reached in time.")


def test_cookies_are_not_sent_back() -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(response(b"{}", "set-cookie: seen=1; Path=/"))

    # Cookies of bare addresses are not kept by anybody.
    by_name = Request("GET", "http://localhost:{port}/x", {})
    _, heads = run(handler, by_name, by_name)
    assert [b"cookie:" in head.lower() for head in heads] == [False, False]


def test_headers_may_be_long() -> None:
    async def handler(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(response(b"{}", f"content-security-policy: {'x' * 60_000}"))

    (received,), _ = run(handler)
    assert isinstance(received, Received)


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
    assert lacking.why == f"The connection to GitHub at 127.0.0.1:{port} failed: Connection refused."
