"""HTTP itself, byte by byte over a socket."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.sandbox.conftest import Running, Start

AGENT = b"host: x\r\nuser-agent: t\r\n"


@pytest.fixture(scope="module")
def running(serve: Start) -> Running:
    return serve("--repo", "sandbox/demo=generate:20", "--gzip")


@pytest.fixture
def wire(running: Running) -> Iterator[socket.socket]:
    parts = urlsplit(running.url)
    assert parts.hostname is not None
    with socket.create_connection((parts.hostname, parts.port or 0), timeout=10) as made:
        yield made


def read_all(wire: socket.socket) -> bytes:
    received = bytearray()
    while data := wire.recv(65_536):
        received += data
    return bytes(received)


def test_two_requests_sent_at_once_are_answered_in_order(wire: socket.socket) -> None:
    wire.sendall(
        b"GET /meta HTTP/1.1\r\n" + AGENT + b"\r\nGET /rate_limit HTTP/1.1\r\n" + AGENT + b"connection: close\r\n\r\n"
    )
    received = read_all(wire)
    assert received.count(b"HTTP/1.1 200") == 2
    assert received.index(b"installed_version") < received.index(b"resources")


def test_a_request_in_pieces_is_put_together(wire: socket.socket) -> None:
    for piece in (b"GET /me", b"ta HTTP/1.1\r\nhost: x\r\n", b"user-agent: t\r\nconnection: close\r\n", b"\r\n"):
        wire.sendall(piece)
    assert b"200" in read_all(wire).split(b"\r\n", 1)[0]


def test_a_client_that_waits_for_100_gets_it(wire: socket.socket) -> None:
    wire.sendall(b"POST /graphql HTTP/1.1\r\n" + AGENT + b"content-length: 2\r\nexpect: 100-continue\r\n\r\n")
    assert wire.recv(100).startswith(b"HTTP/1.1 100")
    wire.sendall(b"{}")
    assert b"401" in wire.recv(65_536).split(b"\r\n", 1)[0]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"NONSENSE\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + AGENT + b"x: " + b"y" * 70_000, b"431"),
        (b"POST /graphql HTTP/1.1\r\n" + AGENT + b"content-length: 5000000\r\n\r\n", b"413"),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_closed(
    wire: socket.socket, sent: bytes, status: bytes
) -> None:
    wire.sendall(sent)
    assert status in read_all(wire).split(b"\r\n", 1)[0]


def test_headers_and_body_arrive_in_one_piece(wire: socket.socket) -> None:
    wire.sendall(b"GET /meta HTTP/1.1\r\n" + AGENT + b"\r\n")
    first = wire.recv(65_536)
    assert first.endswith(b"}")


def test_bodies_are_compressed_for_those_who_accept_it(running: Running) -> None:
    with running.client() as client:
        path = "/repos/sandbox/demo/pulls?state=all"
        packed = client.get(path, headers={"accept-encoding": "gzip"})
        plain = client.get(path, headers={"accept-encoding": "gzip;q=0"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) * 5 < int(plain.headers["content-length"])
    assert packed.headers["etag"] == plain.headers["etag"]


def test_a_client_that_leaves_early_does_no_harm(running: Running, wire: socket.socket) -> None:
    wire.sendall(b"GET /repos/sandbox/demo/pulls?state=all HTTP/1.1\r\n" + AGENT + b"\r\n")
    wire.close()
    with running.client() as client:
        assert client.get("/meta").status_code == 200
