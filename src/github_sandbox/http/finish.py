"""The last touches that every API answer gets: GitHub's headers, conditional answers, compression."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from github_sandbox.clock import http_date
from github_sandbox.http.encoding import GZIP_FROM_BYTES, accepts_gzip, gzip
from github_sandbox.http.messages import Response
from github_sandbox.tokens import Kind

if TYPE_CHECKING:
    from github_sandbox.http.exchange import Exchange
    from github_sandbox.http.messages import Request
    from github_sandbox.limits import Rate

VARY = "Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, X-Requested-With"


def dress(exchange: Exchange, answer: Response, now: float) -> None:
    """Add the headers that every answer of GitHub's API carries."""
    version = "github.v4" if exchange.is_graphql else "github.v3"
    answer.headers.update(
        {
            "server": "github.com",
            "date": http_date(now),
            "vary": VARY,
            "x-github-media-type": f"{version}; format=json",
            "x-github-request-id": exchange.request_id,
        }
    )
    if not exchange.is_graphql:
        answer.headers["x-github-api-version-selected"] = exchange.version
        answer.headers["cache-control"] = f"{'private' if exchange.viewer.authenticated else 'public'}, max-age=60"
    if exchange.viewer.principal.kind is Kind.USER:
        answer.headers["x-oauth-scopes"] = "read:org, repo"


def show_rate(answer: Response, rate: Rate) -> None:
    """Add the budget's headers (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api)."""
    answer.headers.update(
        {
            "x-ratelimit-limit": str(rate.limit),
            "x-ratelimit-remaining": str(rate.remaining),
            "x-ratelimit-used": str(rate.used),
            "x-ratelimit-reset": str(rate.reset),
            "x-ratelimit-resource": rate.resource,
        }
    )


def tag(exchange: Exchange, answer: Response) -> None:
    """Add the ETag, which holds for one token only."""
    accept = exchange.request.header("accept")
    secret = f"{exchange.viewer.token}\n{accept}\n{exchange.version}\n{answer.headers.get('link', '')}".encode()
    digest = blake2b(answer.body, key=blake2b(secret).digest(), digest_size=32).hexdigest()
    answer.headers["etag"] = f'W/"{digest}"'


def unchanged(request: Request, answer: Response) -> bool:
    """Tell whether the client's copy is still good (RFC 9110, section 13.2.2)."""
    wanted = request.header("if-none-match")
    if wanted:
        tags = {part.strip().removeprefix("W/") for part in wanted.split(",")}
        return "*" in tags or answer.headers["etag"].removeprefix("W/") in tags
    since, modified = request.header("if-modified-since"), answer.headers.get("last-modified", "")
    if not since or not modified:
        return False
    try:
        return parsedate_to_datetime(since) >= parsedate_to_datetime(modified)
    except (ValueError, TypeError):
        return False


def not_modified(answer: Response) -> Response:
    """Give the 304 that stands for `answer`."""
    headers = {name: value for name, value in answer.headers.items() if name not in {"content-type", "link"}}
    return Response(304, headers)


def compress(request: Request, answer: Response) -> None:
    """Compress a body that is worth it, if the client allows."""
    worth = len(answer.body) >= GZIP_FROM_BYTES and answer.chunks is None
    if worth and accepts_gzip(request.header("accept-encoding")):
        answer.body = gzip(answer.body)
        answer.headers["content-encoding"] = "gzip"
