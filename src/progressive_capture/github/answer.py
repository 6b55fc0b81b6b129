"""An answer as it came over the wire, with its headers read: rate, date, links; what it means is decided elsewhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import parse_qs, urlsplit

_LINK: Final = re.compile(r'<([^>]*)>\s*;[^,]*?\brel="?([a-z ]+)"?')


UNNUMBERED: Final = 0
"""Stands for the page of a link that names none by a number, so that none can be asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and decompressed body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Rate:
    """The `x-ratelimit-*` headers; None where absent or not a number.

    https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#checking-the-status-of-your-rate-limit
    """

    limit: int | None = None
    remaining: int | None = None
    used: int | None = None
    reset_at: datetime | None = None
    resource: str | None = None

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left; 0 of 0 means a server without limits."""
        return self.remaining == 0 and self.limit != 0


def rate(headers: Mapping[str, str]) -> Rate:
    """Read the rate headers."""
    reset = _whole(headers.get("x-ratelimit-reset"))
    return Rate(
        limit=_whole(headers.get("x-ratelimit-limit")),
        remaining=_whole(headers.get("x-ratelimit-remaining")),
        used=_whole(headers.get("x-ratelimit-used")),
        reset_at=_from_epoch(reset),
        resource=headers.get("x-ratelimit-resource"),
    )


def date(headers: Mapping[str, str]) -> datetime | None:
    """When the server says that it answered."""
    return _http_date(headers.get("date", ""))


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """The end of a wait that `retry-after` asks for, given in seconds or as a date."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return now + timedelta(seconds=max(0.0, min(float(text), 86_400.0)))
    except ValueError:
        return _http_date(text)


def linked_page(headers: Mapping[str, str], relation: str) -> int | None:
    """The page number in the `link` header's address of that relation (next, last); None without such a link.

    https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers
    """
    for address, relations in _LINK.findall(headers.get("link", "")):
        if relation in relations.split():
            return _whole(parse_qs(urlsplit(address).query).get("page", [""])[0]) or UNNUMBERED
    return None


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        return None


def _from_epoch(seconds: int | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
