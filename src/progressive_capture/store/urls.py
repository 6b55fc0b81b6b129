"""The forms of DATABASE_URL, made into what the drivers want; nothing is opened here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from progressive_capture.store.errors import InvalidUrl

TRANSACTION_POOLER_PORT: Final = 6543
"""Where Supabase's transaction pooler listens. https://supabase.com/docs/guides/database/connecting-to-postgres"""

_POSTGRESQL: Final = frozenset({"postgres", "postgresql", "postgresql+psycopg"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where the database is, and how to talk to it."""

    url: URL
    pooled: bool = False
    """A transaction pooler lies between: no prepared statements, no session state."""

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a SQLite file."""
        return self.url.drivername == "sqlite"


def parse(text: str) -> Address:
    """Understand `sqlite:///file`, a bare file path, `postgres://…` and `postgresql://…`.

    `pgbouncer=true`, which other programs read from the address and libpq refuses, is taken out of it, and means the
    same as port 6543.

    Raises:
        InvalidUrl: it is none of these.
    """
    if "://" not in text:
        if "=" in text or "@" in text:
            # It may hold a password, in libpq's form or without its scheme: never repeated, never made a file.
            raise InvalidUrl("it has no scheme, but = or @")
        return _file(text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise InvalidUrl("it cannot be parsed") from None
    if url.drivername == "sqlite":
        return _file(url.database or "")
    if url.drivername not in _POSTGRESQL:
        raise InvalidUrl(f"it begins with {url.drivername}://")
    pooled = url.query.get("pgbouncer") == "true" or url.port == TRANSACTION_POOLER_PORT
    url = url.difference_update_query(["pgbouncer"]).set(drivername="postgresql+psycopg")
    return Address(url, pooled=pooled)


def _file(path: str) -> Address:
    if not path or path == ":memory:":
        raise InvalidUrl("it names no file")
    return Address(URL.create("sqlite", database=str(Path(path).expanduser())))
