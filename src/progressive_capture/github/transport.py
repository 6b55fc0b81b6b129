"""The one file that talks to GitHub: bytes out, an answer or none back; what it means is decided elsewhere."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import TracebackType
from typing import Final, Protocol, Self

import anyio
import httpx

from progressive_capture.github.answer import Answer

LARGEST_BODY: Final = 128 * 1024 * 1024
"""No page of 100 items comes near this, even with bodies of the largest size that GitHub allows."""

CONNECT_SECONDS: Final = 10.0
WHOLE_SECONDS: Final = 25.0
"""GitHub itself ends a request after 10 s; a slot is leased for 30."""


@cache
def _trusted(*, by_environment: bool) -> ssl.SSLContext:
    """The authorities that are trusted: read once, which takes as long as a small job's requests."""
    return httpx.create_ssl_context(trust_env=by_environment)


class Lack(StrEnum):
    """Why there is no answer."""

    UNREACHED = "unreached"
    """No connection came about: nothing was sent."""
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


class Transport(Protocol):
    """Sends one request and waits for its answer; it never raises for what the network does."""

    async def send(self, request: Request) -> Received | NoAnswer:
        """Send one request."""
        ...

    async def close(self) -> None:
        """Give up the connections."""
        ...


class HttpTransport:
    """HTTP/1.1 with kept connections; redirects are the caller's matter, as they must not carry tokens elsewhere."""

    def __init__(self, *, is_local: bool = False, whole_seconds: float = WHOLE_SECONDS) -> None:
        """Open no connection yet; `is_local` asks for no compression."""
        self._whole_seconds = whole_seconds
        self._client = httpx.AsyncClient(
            headers={"accept-encoding": "identity" if is_local else "gzip"},
            timeout=httpx.Timeout(whole_seconds, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=not is_local,
            verify=_trusted(by_environment=not is_local),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(self, request: Request) -> Received | NoAnswer:
        """Send one request; a body larger than `LARGEST_BODY` is not read to its end."""
        try:
            with anyio.fail_after(self._whole_seconds):
                return await self._exchange(request)
        except (httpx.TimeoutException, TimeoutError) as problem:
            if isinstance(problem, httpx.ConnectTimeout | httpx.PoolTimeout):
                return NoAnswer(Lack.UNREACHED, f"GitHub at {_host(request)} could not be reached in time.")
            return NoAnswer(
                Lack.TIMEOUT, f"No whole answer came from {_host(request)} within {self._whole_seconds:.0f} s."
            )
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            said = (str(problem) or type(problem).__name__).removesuffix(".")
            lack = Lack.UNREACHED if isinstance(problem, httpx.ConnectError | httpx.ProxyError) else Lack.CONNECTION
            return NoAnswer(lack, f"The connection to GitHub at {_host(request)} failed: {said}.")

    async def _exchange(self, request: Request) -> Received | NoAnswer:
        outgoing = self._client.build_request(
            request.method, request.url, headers=dict(request.headers), content=request.body
        )
        response = await self._client.send(outgoing, stream=True)
        parts: list[bytes] = []
        size = 0
        try:
            async for part in response.aiter_bytes():
                parts.append(part)
                size += len(part)
                if size > LARGEST_BODY:
                    return NoAnswer(Lack.TOO_LARGE, f"The answer is larger than {LARGEST_BODY // 2**20} MiB.")
        finally:
            await response.aclose()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Received(Answer(response.status_code, headers, b"".join(parts)), response.num_bytes_downloaded)


def _host(request: Request) -> str:
    """Who was asked, for people: even of an address that is none."""
    return request.url.partition("://")[2].partition("/")[0]
