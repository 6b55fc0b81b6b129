"""The one file that talks to GitHub: bytes out, an answer or none back; what it means is decided elsewhere."""

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Final, Protocol, Self

import aiohttp

from progressive_capture.github.answer import Answer
from progressive_capture.github.network_environment import UnusableEnvironmentError, proxy_for, trusted_authorities
from progressive_capture.github.outcomes import Broken

LARGEST_BODY: Final = 128 * 1024 * 1024
"""No page of 100 items comes near this, even with bodies of the largest size that GitHub allows."""

LONGEST_HEADER: Final = 64 * 1024
MOST_HEADERS: Final = 1024
"""In bytes, and in lines; aiohttp's own 8 KiB and 128 are no rules of HTTP, and gateways add headers of their own."""

BUFFERED: Final = 1024 * 1024
"""Bytes of an answer that may wait to be taken before the server has to."""

CONNECT_SECONDS: Final = 10.0
WHOLE_SECONDS: Final = 25.0
"""GitHub itself ends a request after 10 s; a slot is leased for 30."""

_LOG: Final = logging.getLogger(__name__)


_UNREACHED: Final = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError)

_SAID: Final[Mapping[type[Exception], str]] = {
    aiohttp.ServerDisconnectedError: "it was closed before an answer came",
    aiohttp.ClientPayloadError: "the answer broke off, or could not be unpacked",
    aiohttp.ClientResponseError: "the answer is not HTTP as it is known here",
    aiohttp.InvalidURL: "that is no address",
}
"""What goes wrong, where aiohttp's own texts have several lines or show its insides."""


class Lack(StrEnum):
    """Why there is no answer."""

    UNREACHED = "unreached"
    """No connection came about: nothing was sent."""
    ENVIRONMENT = "environment"
    """None was tried: what the environment names for the way to GitHub cannot be used."""
    CONNECTION = "connection"
    """It broke off."""
    TIMEOUT = "timeout"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class Request:
    """What to send."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """An answer with the bytes that came over the wire for it."""

    answer: Answer
    bytes_in: int


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No answer, or only part of one."""

    lack: Lack
    why: str

    @property
    def broken(self) -> Broken:
        """What the request came to, if no lighter one would have had an answer."""
        by_environment = self.lack is Lack.ENVIRONMENT
        unreached = by_environment or self.lack is Lack.UNREACHED
        return Broken(self.why, retryable=True, unreached=unreached, by_environment=by_environment)


class Transport(Protocol):
    """Sends one request and waits for its answer; it never raises for what the network does."""

    async def send(self, request: Request) -> Received | NoAnswer:
        """Send one request."""
        ...

    async def close(self) -> None:
        """Give up the connections."""
        ...


class _BrokenOffError(aiohttp.ClientConnectionError):
    """A request that was sent has no answer; aiohttp would send another of its own for one that asks for data."""


async def _once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send it once: only the one layer that counts requests and spares budgets sends any again.

    https://docs.aiohttp.org/en/stable/client_advanced.html#client-middleware
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as problem:
        raise _BrokenOffError(_said(problem)) from problem


class HttpTransport:
    """HTTP/1.1 with kept connections; redirects are the caller's matter, as they must not carry tokens elsewhere."""

    def __init__(self, *, is_local: bool = False, whole_seconds: float = WHOLE_SECONDS) -> None:
        """Open no connection yet; `is_local` asks for no compression, and never a proxy."""
        self._whole_seconds = whole_seconds
        self._is_local = is_local
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def send(self, request: Request) -> Received | NoAnswer:
        """Send one request; a body larger than `LARGEST_BODY` is not read to its end."""
        try:
            return await self._exchange(request)
        except aiohttp.ConnectionTimeoutError:
            return NoAnswer(Lack.UNREACHED, f"GitHub at {_host(request)} could not be reached in time.")
        except TimeoutError:
            return NoAnswer(
                Lack.TIMEOUT, f"No whole answer came from {_host(request)} within {self._whole_seconds:.0f} s."
            )
        except UnusableEnvironmentError as problem:
            return NoAnswer(Lack.ENVIRONMENT, f"GitHub at {_host(request)} cannot be reached: {problem}.")
        except (aiohttp.ClientError, ValueError, OSError) as problem:
            lack = Lack.UNREACHED if isinstance(problem, _UNREACHED) else Lack.CONNECTION
            return NoAnswer(lack, f"The connection to GitHub at {_host(request)} failed: {_said(problem)}.")

    async def _exchange(self, request: Request) -> Received | NoAnswer:
        proxy = None if self._is_local else proxy_for(request.url)
        # A kept connection that was closed meanwhile is left once the loop has heard of it: it looks, then tells.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        async with self._opened().request(
            request.method,
            request.url,
            headers=request.headers,
            data=request.body,
            allow_redirects=False,
            proxy=proxy,
            ssl=trusted_authorities() if request.url.startswith("https:") else True,
        ) as response:
            body = await _body(response)
            if body is None:
                return NoAnswer(Lack.TOO_LARGE, f"The answer is larger than {LARGEST_BODY // 2**20} MiB.")
            _LOG.debug("HTTP %s %s: %d", request.method, request.url, response.status)
            # An answer that has no body by its nature, such as 204, has a reader that counts nothing.
            bytes_in = response.content.total_raw_bytes if body else 0
            return Received(Answer(response.status, _headers(response), body), bytes_in)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"accept-encoding": "identity" if self._is_local else "gzip"},
                timeout=aiohttp.ClientTimeout(total=self._whole_seconds, connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=[_once],
                read_bufsize=BUFFERED,
                max_field_size=LONGEST_HEADER,
                max_headers=MOST_HEADERS,
            )
        return self._session


async def _body(response: aiohttp.ClientResponse) -> bytes | None:
    """The whole body, None where it is larger than `LARGEST_BODY`."""
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LARGEST_BODY:
            return None
    return b"".join(parts)


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Headers by their names in lower case; what was said in several lines is one list, by RFC 9110, 5.3."""
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        # Bytes that are no UTF-8 come as halves of surrogate pairs, which nobody can print or store.
        text = value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _host(request: Request) -> str:
    """Who was asked, for people: even of an address that is none."""
    return request.url.partition("://")[2].partition("/")[0]


def _said(problem: Exception) -> str:
    """What went wrong, for people, without the full stop."""
    if isinstance(problem, aiohttp.ClientConnectorError):
        return _of_system(problem.os_error)
    if isinstance(problem, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {problem.status} {problem.message}".rstrip()
    for kind, said in _SAID.items():
        if isinstance(problem, kind):
            return said
    return _of_system(problem)


def _of_system(problem: Exception) -> str:
    """What the system says, without its numbers; of others, their own words."""
    if isinstance(problem.__cause__, ssl.SSLError):
        return _of_system(problem.__cause__)
    if not isinstance(problem, OSError) or isinstance(problem, ssl.SSLError) or not problem.errno:
        return (str(problem) or type(problem).__name__).removesuffix(".")
    if isinstance(problem, socket.gaierror):
        return str(problem.strerror)  # its numbers are others
    return os.strerror(problem.errno)  # asyncio says where it connected to, not what was wrong
