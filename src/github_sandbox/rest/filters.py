"""Parameters of lists, read as GitHub reads them: an unknown choice counts as the default, a bad time is refused."""

import datetime as dt
import re
from email.utils import formatdate

from github_sandbox.http.answers import invalid
from github_sandbox.rest.router import AnsweredError
from github_sandbox.world.records import Record, seconds_of

_STAMP = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|\+00:00)?)?")


def chosen(query: dict[str, str], key: str, known: tuple[str, ...], default: str) -> str:
    """Read one of `known`."""
    value = query.get(key, default)
    return value if value in known else default


def direction(query: dict[str, str], default: str) -> str:
    """Read `direction`."""
    return chosen(query, "direction", ("asc", "desc"), default)


def since(query: dict[str, str]) -> str | None:
    """Read `since`; see `stamp`."""
    return stamp(query, "since")


def stamp(query: dict[str, str], name: str) -> str | None:
    """Read a time as GitHub's own DateTime text; None when it is not given, AnsweredError (422) when it is no time."""
    text = query.get(name)
    if not text:
        return None
    found = _STAMP.fullmatch(text.strip())
    text = "" if found is None else f"{found[1]}T{found[2] or '00:00:00'}"
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        raise AnsweredError(invalid("Search", name)) from None
    return f"{text}Z"


def last_modified(record: Record) -> dict[str, str]:
    """Write the header that If-Modified-Since is compared with, for the few routes that carry it."""
    return {"last-modified": formatdate(seconds_of(record["updatedAt"]), usegmt=True)}
