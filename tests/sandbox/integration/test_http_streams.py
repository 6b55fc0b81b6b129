"""Streamed answers that fail halfway, over a real socket."""

import asyncio
from collections.abc import Generator
from typing import Any

from github_sandbox.http.messages import Request, Response
from github_sandbox.http.server import listen

ASKED = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


def broken() -> Generator[bytes, None, None]:
    yield b"one row\n"
    raise LookupError("no second row")


async def received(told: list[dict[str, Any]]) -> bytes:
    """Give what a client receives until the connection ends, and add what the server's loop was told to `told`."""

    async def handler(_request: Request) -> Response:
        return Response(200, {}, chunks=broken())

    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    server = await listen(handler, 0, lambda _count: None)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(ASKED)
    got = bytearray()
    try:
        async with asyncio.timeout(20):
            while data := await reader.read(1_000):
                got += data
    except ConnectionResetError:
        pass  # an aborted connection may end so, too
    writer.close()
    await server.stop()
    return bytes(got)


def test_a_stream_that_fails_ends_in_a_broken_connection_and_is_told() -> None:
    told: list[dict[str, Any]] = []
    got = asyncio.run(received(told))
    assert not got.endswith(b"0\r\n\r\n"), "the body must not look whole"
    assert [repr(each["exception"]) for each in told] == ["LookupError('no second row')"]
