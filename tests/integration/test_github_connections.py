"""Connections to GitHub as they are opened, kept, secured and closed, against servers of the test's own."""

import asyncio
import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from progressive_capture.github import transport as module
from progressive_capture.github.transport import HttpTransport, Lack, NoAnswer, Received, Request

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Talk = Callable[[HttpTransport, int], Awaitable[None]]

LARGE = b"0123456789abcdef" * 500_000
"""8 MB: more than any buffer between the two holds."""


def run(serve: Serve, talk: Talk, *, transport: HttpTransport, secure: ssl.SSLContext | None = None) -> None:
    """Let a transport talk to a server on a free port, whose connections end with the server."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()

    async def main() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=secure)
        async with server:
            async with transport:
                await talk(transport, server.sockets[0].getsockname()[1])
            await asyncio.sleep(0)

    asyncio.run(main())


def answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body


async def get(transport: HttpTransport, url: str) -> bytes:
    received = await transport.send(Request("GET", url, {}))
    assert isinstance(received, Received), received
    return received.answer.body


async def large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(LARGE))
        await writer.drain()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "made up for a test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(secret)
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return folder / "certificate.pem", folder / "key.pem"


def secured(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


def test_a_large_answer_arrives_whole_over_one_secure_connection(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = ssl.create_default_context(cafile=certificate[0])
    monkeypatch.setattr(module, "_trusted", lambda **_: trusted)
    seen = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("cipher"))
        await large(reader, writer)

    async def talk(transport: HttpTransport, port: int) -> None:
        for _ in range(2):
            assert await get(transport, f"https://127.0.0.1:{port}/") == LARGE

    run(serve, talk, transport=HttpTransport(is_local=True), secure=secured(certificate))
    assert len(seen) == 1
    assert seen[0] is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_that_nobody_vouches_for_is_not_talked_to(
    host: str, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    if host == "localhost":  # which the certificate does not name
        trusted = ssl.create_default_context(cafile=certificate[0])
        monkeypatch.setattr(module, "_trusted", lambda **_: trusted)

    async def talk(transport: HttpTransport, port: int) -> None:
        lacking = await transport.send(Request("GET", f"https://{host}:{port}/", {}))
        assert isinstance(lacking, NoAnswer)
        assert lacking.lack is Lack.CONNECTION
        assert "certificate verify failed" in lacking.why

    run(large, talk, transport=HttpTransport(is_local=True), secure=secured(certificate))


def test_large_requests_and_answers_arrive_whole_however_slowly_the_other_side_takes_them() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = bytearray()
        while len(body) < len(LARGE):
            body += await reader.read(100_000)
            await asyncio.sleep(0)
        writer.write(answer(bytes(body)))
        await writer.drain()

    async def talk(transport: HttpTransport, port: int) -> None:
        received = await transport.send(Request("POST", f"http://127.0.0.1:{port}/", {}, LARGE))
        assert isinstance(received, Received)
        assert received.answer.body == LARGE

    run(echo, talk, transport=HttpTransport(is_local=True))


def test_a_connection_that_the_server_ended_is_not_used_again() -> None:
    ended = asyncio.Queue[None]()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"{}"))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        ended.put_nowait(None)

    async def talk(transport: HttpTransport, port: int) -> None:
        for _ in range(2):
            assert await get(transport, f"http://127.0.0.1:{port}/") == b"{}"
            await ended.get()
            await asyncio.sleep(0)

    run(once, talk, transport=HttpTransport(is_local=True))


def test_a_proxy_of_the_environment_is_used_but_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(head.splitlines()[0]))
        await writer.drain()

    async def talk(_: HttpTransport, port: int) -> None:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        async with HttpTransport() as far:
            assert await get(far, "http://api.example.test/x") == b"GET http://api.example.test/x HTTP/1.1"
        async with HttpTransport(is_local=True) as near:
            assert await get(near, f"http://127.0.0.1:{port}/x") == b"GET /x HTTP/1.1"

    run(proxy, talk, transport=HttpTransport(is_local=True))
