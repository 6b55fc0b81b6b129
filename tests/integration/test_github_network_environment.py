"""What the environment names for the way to GitHub: proxies, and authorities that are trusted."""

import asyncio
import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from progressive_capture.github.network_environment import trusted_authorities
from progressive_capture.github.transport import HttpTransport, Lack, NoAnswer, Received, Request
from tests.integration.test_github_transport import response


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize(
    ("proxy", "lacking"),
    [
        (
            "socks5://127.0.0.1:1",
            NoAnswer(
                Lack.ENVIRONMENT,
                "GitHub at github.test cannot be reached: the environment names a proxy for it that is not one of HTTP:"
                " correct or unset it.",
            ),
        ),
        (
            "http://127.0.0.1:{port}",
            NoAnswer(
                Lack.UNREACHED, "The connection to GitHub at github.test failed: the proxy answered 407 Who are you."
            ),
        ),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(proxy: str, lacking: NoAnswer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async def main() -> object:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        monkeypatch.setenv("https_proxy", proxy.format(port=server.sockets[0].getsockname()[1]))
        async with server, HttpTransport() as transport:
            return await transport.send(Request("GET", "https://github.test/x", {}))

    assert asyncio.run(main()) == lacking


@pytest.mark.usefixtures("no_proxies")
@pytest.mark.parametrize(("named", "scheme"), [("HTTP_PROXY", "http://"), ("ALL_PROXY", "http://"), ("HTTP_PROXY", "")])
def test_a_proxy_of_the_environment_is_asked_and_netrc_is_left_alone(
    named: str, scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine github.test login somebody password something\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    heads: list[bytes] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(response(b"{}"))
        writer.close()

    async def main() -> tuple[object, ...]:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        # urllib leaves HTTP_PROXY alone where a web server may have made it of a header, and reads it in small letters.
        monkeypatch.setenv(named.lower(), f"{scheme}127.0.0.1:{port}")
        async with server, HttpTransport() as far, HttpTransport(is_local=True) as local:
            asked = await far.send(Request("GET", "http://github.test/x", {"authorization": "Bearer one"}))
            monkeypatch.setenv("no_proxy", "github.invalid")
            elsewhere = Request("GET", "http://github.invalid/x", {})
            return asked, await far.send(elsewhere), await local.send(Request("GET", "http://proxied.invalid/x", {}))

    received, *unreached = asyncio.run(main())
    assert isinstance(received, Received)
    (head,) = heads
    assert head.startswith(b"GET http://github.test/x HTTP/1.1")
    assert b"authorization: Bearer one" in head
    for each in unreached:
        assert isinstance(each, NoAnswer)
        assert each.lack is Lack.UNREACHED
        assert "Errno" not in each.why
        assert "Unknown error" not in each.why


def test_authorities_of_ones_own_are_trusted_and_unknown_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = own_authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(response(b"{}"))
        writer.close()

    async def main() -> list[object]:
        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context)
        get = Request("GET", f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/x", {})
        answers: list[object] = []
        async with server:
            for file in (None, certificate):
                if file is not None:
                    monkeypatch.setenv("SSL_CERT_FILE", str(file))
                trusted_authorities.cache_clear()
                async with HttpTransport(is_local=True) as transport:
                    answers.append(await transport.send(get))
        return answers

    try:
        refused, received = asyncio.run(main())
    finally:
        trusted_authorities.cache_clear()
    assert isinstance(refused, NoAnswer)
    assert refused.lack is Lack.UNREACHED
    assert "certificate verify failed" in refused.why
    assert "ssl:" not in refused.why, "that is how aiohttp calls its own settings"
    assert isinstance(received, Received)


def test_tls_that_breaks_off_is_told_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = own_authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve() -> None:
        plain, _ = listening.accept()
        with (
            socket.socket(fileno=os.dup(plain.fileno())) as beneath,
            context.wrap_socket(plain, server_side=True) as tls,
        ):
            tls.recv(65_536)
            beneath.sendall(b"no record of TLS")

    async def main() -> object:
        async with HttpTransport(is_local=True) as transport:
            return await transport.send(Request("GET", f"https://127.0.0.1:{listening.getsockname()[1]}/x", {}))

    trusted_authorities.cache_clear()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve)
        server.start()
        try:
            lacking = asyncio.run(main())
        finally:
            trusted_authorities.cache_clear()
            server.join()
    assert isinstance(lacking, NoAnswer)
    assert lacking.lack is Lack.CONNECTION
    assert "[SSL" in lacking.why


def test_somebody_is_trusted_where_the_system_names_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    trusted_authorities.cache_clear()
    try:
        assert trusted_authorities().cert_store_stats()["x509_ca"] > 0
    finally:
        trusted_authorities.cache_clear()


@pytest.mark.parametrize("held", [None, "a letter"])
def test_a_file_of_authorities_that_holds_none_is_named(
    held: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others in their place would refuse the server for a reason that nobody could guess."""
    file = tmp_path / "corp.pem"
    if held is not None:
        file.write_text(held)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))

    async def main() -> object:
        async with HttpTransport(is_local=True) as transport:
            return await transport.send(Request("GET", "https://127.0.0.1:1/x", {}))

    trusted_authorities.cache_clear()
    assert asyncio.run(main()) == NoAnswer(
        Lack.ENVIRONMENT,
        f"GitHub at 127.0.0.1:1 cannot be reached: no certificate can be read in {file}, which SSL_CERT_FILE names:"
        " correct or unset it.",
    )


def own_authority(folder: Path) -> Path:
    """Make a key and its certificate for 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ours")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "ours.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return file
