"""Pages of connections: boundaries, opaque cursors and page facts; where the records come from is not known here."""

import base64
import binascii
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from github_sandbox.graphql.errors import FieldError
from github_sandbox.model import Record, parse

PAGE_LIMIT = 100
_MARK = b"cursor:v2:"
# The first 13 of a cursor's characters: what follows depends on the place that it marks.
CURSOR_PREFIX = base64.b64encode(_MARK).decode()[: len(_MARK) * 8 // 6]


class Listing(Protocol):
    """An ordered collection that a connection pages through; it is read at the moment of the request, never copied."""

    def total(self) -> int:
        """Give `totalCount`, without making records where that can be avoided."""

    def head(self, limit: int) -> tuple[Sequence[Any], bool]:
        """Give the first `limit` records, and whether more follow: the page that is asked for most."""

    def opened(self) -> "Opened":
        """Give what can be paged through from anywhere."""

    def key(self, record: Any, index: int) -> str:  # noqa: ANN401 - each listing knows its own records
        """Write where `record`, seen at `index`, stands, so that `bounds` finds the place again."""


class Opened(Protocol):
    """A listing whose records are at hand."""

    def __len__(self) -> int:
        """Give the number of records that can be reached."""

    def window(self, start: int, stop: int) -> Sequence[Any]:
        """Give the records from `start` up to, not including, `stop`."""

    def bounds(self, key: str) -> tuple[int, int]:
        """Give how many records stand before the place `key`, and how many up to and with it; ValueError if no key."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The paging arguments of one field, checked; the same for every parent that the field is resolved on."""

    limit: int
    from_end: bool
    after: str | None
    before: str | None
    from_start: bool


def page_request(field: str, args: Mapping[str, Any], *, selects_items: bool) -> PageRequest:
    """Check `first`, `last`, `after` and `before` of the connection `field`; FieldError in GitHub's words.

    One of first and last is required only where nodes or edges are selected, and is 1 to 100:
    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
    """
    first, last = args.get("first"), args.get("last")
    if first is None and last is None and selects_items:
        raise FieldError(
            f"You must provide a `first` or `last` value to properly paginate the `{field}` connection.",
            "MISSING_PAGINATION_BOUNDARIES",
        )
    if first is not None and last is not None:
        raise FieldError(
            f"Passing both `first` and `last` to paginate the `{field}` connection is not supported.", "UNPROCESSABLE"
        )
    _check_size(field, "last" if first is None else "first", last if first is None else first)
    limit = last if first is None else first
    after, before = _decoded(args.get("after")), _decoded(args.get("before"))
    return PageRequest(
        # Without nodes and edges there may be no limit, and pageInfo tells of the whole.
        limit=sys.maxsize if limit is None else limit,
        from_end=last is not None,
        after=after,
        before=before,
        from_start=last is None and after is None and before is None,
    )


def _check_size(field: str, name: str, size: int | None) -> None:
    if size is None:
        return
    if size > PAGE_LIMIT:
        raise FieldError(
            f"Requesting {size} records on the `{field}` connection exceeds the `{name}` limit of "
            f"{PAGE_LIMIT} records.",
            "EXCESSIVE_PAGINATION",
        )
    if size < 1:
        raise FieldError(f"`{name}` on the `{field}` connection must be between 1 and {PAGE_LIMIT}.", "UNPROCESSABLE")


def encode_cursor(key: str) -> str:
    """Make the opaque cursor of a place."""
    return base64.b64encode(_MARK + key.encode()).decode()


def _decoded(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor, validate=True)
        if raw.startswith(_MARK):
            return raw.removeprefix(_MARK).decode()
    except (binascii.Error, UnicodeError, ValueError):
        pass
    raise invalid_cursor(cursor)


def invalid_cursor(cursor: str) -> FieldError:
    """Say that a cursor is none of ours, or of another connection."""
    return FieldError(f"`{cursor}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS")


class Page:
    """One page of a listing as the connection, its edges and its pageInfo show it."""

    __slots__ = ("has_next", "has_previous", "items", "listing", "start")

    def __init__(self, listing: Listing, request: PageRequest, *, cut: bool = True) -> None:
        """Cut the page out of the listing, unless only counts are asked for; FieldError for a cursor not its own."""
        self.listing = listing
        self.start = 0
        self.has_next = self.has_previous = False
        self.items: Sequence[Any] = ()
        if not cut:
            return
        if request.from_start:
            self.items, self.has_next = listing.head(request.limit)
        else:
            self._cut(request)

    def _cut(self, request: PageRequest) -> None:
        listing = self.listing.opened()
        size = len(listing)
        low = 0 if request.after is None else _place(listing, request.after)[1]
        high = size if request.before is None else _place(listing, request.before)[0]
        high = max(low, high)
        if request.from_end:
            low = max(low, high - request.limit)
        else:
            high = min(high, low + request.limit)
        self.start, self.has_previous, self.has_next = low, low > 0, high < size
        self.items = listing.window(low, high)

    def cursor(self, offset: int) -> str | None:
        """Give the cursor of the record at `offset` of this page (-1 is the last one); None on an empty page."""
        items = self.items
        if not items:
            return None
        at = offset if offset >= 0 else len(items) - 1
        return encode_cursor(self.listing.key(items[at], self.start + at))

    def edges(self) -> list[tuple["Page", int, Any]]:
        """Give what each edge shows: this page, the offset, the record."""
        return [(self, offset, item) for offset, item in enumerate(self.items)]


def _place(listing: Opened, key: str) -> tuple[int, int]:
    try:
        return listing.bounds(key)
    except ValueError:
        raise invalid_cursor(encode_cursor(key)) from None


class Records:
    """A listing over a list of records in its given order, such as a pull request's reviews."""

    __slots__ = ("_records",)

    def __init__(self, records: Sequence[Record]) -> None:
        """Page through `records`."""
        self._records = records

    def total(self) -> int:
        """Give the number of records."""
        return len(self._records)

    def __len__(self) -> int:
        """Give the number of records."""
        return len(self._records)

    def opened(self) -> "Records":
        """Give itself."""
        return self

    def window(self, start: int, stop: int) -> Sequence[Record]:
        """Give a slice."""
        return self._records[start:stop]

    def head(self, limit: int) -> tuple[Sequence[Record], bool]:
        """Give the list itself when that is all of it."""
        records = self._records
        return (records[:limit], True) if len(records) > limit else (records, False)

    def key(self, record: Record, index: int) -> str:
        """Write the index and what names the record."""
        return f"{index}:{_name_of(record)}"

    def bounds(self, key: str) -> tuple[int, int]:
        """Find the record again by name; where it is gone, stand between its neighbours."""
        hint, separator, name = key.partition(":")
        if not separator or not hint.isdecimal():
            raise ValueError(key)
        records, index = self._records, int(hint)
        if index < len(records) and _name_of(records[index]) == name:
            return index, index + 1
        for at, record in enumerate(records):
            if _name_of(record) == name:
                return at, at + 1
        at = _first_later(records, name, index)
        return at, at


def _name_of(record: Record) -> str:
    name: str | None = record.get("id") or record.get("path") or record.get("email")
    return name or ""


def _first_later(records: Sequence[Record], name: str, index: int) -> int:
    """Ids rise with time, so the first larger one follows a record that is gone; commits and files have none such."""
    anchor = parse(name)
    if anchor is not None and anchor.numbers and anchor.oid is None:
        for at, record in enumerate(records):
            other = parse(_name_of(record))
            if other is not None and other.kind == anchor.kind and other.numbers > anchor.numbers:
                return at
        return len(records)
    return min(index, len(records))
