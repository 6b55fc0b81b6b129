"""What the server and its handlers hand each other: one request, one response; never a socket."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass(slots=True)
class Request:
    """One request, read whole: header names are lower case, `path` is decoded, `query` keeps the last of equal keys."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    path: str = field(init=False)
    query: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Split the target into path and query."""
        raw, _, query = self.target.partition("?")
        self.path = unquote(raw)
        self.query = dict(parse_qsl(query, keep_blank_values=True)) if query else {}

    def header(self, name: str) -> str:
        """Give a header by its lower-case name, or an empty string."""
        return self.headers.get(name, "")


@dataclass(slots=True)
class Response:
    """One answer.

    `chunks`, when given, replaces `body`, is sent with chunked coding, and is closed when the client goes. `cut` ends
    the connection after that many bytes of the body (a promise of Content-Length broken on purpose); `drop` ends it
    before any byte.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    chunks: Generator[bytes, None, None] | None = None
    cut: int | None = None
    drop: bool = False
