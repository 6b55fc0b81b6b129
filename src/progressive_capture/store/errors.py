"""What can go wrong with the database, each in one sentence; the driver's exceptions end here."""

import sqlite3
from typing import ClassVar, Final

import psycopg
from sqlalchemy import exc

from progressive_capture.domain.errors import ExitCode, ProgressiveCaptureError


class StoreError(ProgressiveCaptureError):
    """The database refused a statement: {detail}."""

    retryable: ClassVar[bool] = False
    """Whether the same transaction may succeed when it is begun again."""

    def __init__(self, detail: str = "") -> None:
        """Fill the docstring, which is the message."""
        super().__init__((type(self).__doc__ or "").format(detail=detail))


class InvalidUrl(StoreError):
    """DATABASE_URL cannot be used, {detail}; give a file, or a sqlite:, postgres: or postgresql: address."""

    exit_code = ExitCode.USAGE


class Unreachable(StoreError):
    """The database server does not answer; check host, port and network in DATABASE_URL ({detail})."""

    retryable = True


class WrongPassword(StoreError):
    """The database server refused user or password; correct them in DATABASE_URL ({detail})."""


class NoSuchDatabase(StoreError):
    """There is no such database on that server; create it or correct its name in DATABASE_URL ({detail})."""


class ReadOnly(StoreError):
    """The database cannot be written; give write permission to the file, its folder or the user ({detail})."""


class DiskFull(StoreError):
    """The disk of the database is full; free some space and run the same command again ({detail})."""


class DiskFailed(StoreError):
    """The disk of the database fails; look after its space and health, then run the same command again ({detail})."""


class Locked(StoreError):
    """Another process kept the database locked for too long; wait for it or stop it, then try again ({detail})."""

    retryable = True


class NotADatabase(StoreError):
    """That file is not a SQLite database; name another file in DATABASE_URL ({detail})."""


class CannotOpen(StoreError):
    """The database cannot be opened: name a file that may be read, in a folder that may be written ({detail})."""


class SchemaTooNew(StoreError):
    """A newer version of this program has changed the database (revision {detail}); update the program."""


class SchemaMissing(StoreError):
    """The database is not set up for this version: pc capture, pc track or pc worker does that ({detail})."""


class DatabaseMissing(SchemaMissing):
    """There is no database yet: pc capture, pc track or pc worker makes it ({detail})."""


class Conflict(StoreError):
    """Another transaction was in the way, and this one was undone; try again ({detail})."""

    retryable = True


class LeaseLost(StoreError):
    """Somebody else has taken over this part of the job; what it had committed is kept ({detail})."""


_SQLITE: Final[dict[int, type[StoreError]]] = {
    sqlite3.SQLITE_READONLY: ReadOnly,
    sqlite3.SQLITE_PERM: ReadOnly,
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_IOERR: DiskFailed,
    sqlite3.SQLITE_BUSY: Locked,
    sqlite3.SQLITE_LOCKED: Locked,
    sqlite3.SQLITE_NOTADB: NotADatabase,
    sqlite3.SQLITE_CORRUPT: NotADatabase,
    sqlite3.SQLITE_CANTOPEN: CannotOpen,
}
"""By primary result code, the low byte. https://www.sqlite.org/rescode.html"""

_POSTGRESQL: Final[tuple[tuple[str, type[StoreError]], ...]] = (
    ("28", WrongPassword),
    ("3D000", NoSuchDatabase),
    ("42501", ReadOnly),
    ("25006", ReadOnly),
    ("53100", DiskFull),
    ("55P03", Locked),
    ("40", Conflict),
    ("08", Unreachable),
    ("57P", Unreachable),
)
"""By the beginning of SQLSTATE. https://www.postgresql.org/docs/current/errcodes-appendix.html"""

_CONNECTING: Final = (
    ("invalid connection option", InvalidUrl),
    ("connection is bad: invalid ", InvalidUrl),
    ("password", WrongPassword),
    ("authentication", WrongPassword),
    ('role "', WrongPassword),
    ('database "', NoSuchDatabase),
)
"""By words, in order: a refused connection carries no SQLSTATE."""


def translate(error: Exception) -> StoreError:
    """Find the sentence for an exception of SQLAlchemy or of a driver."""
    cause = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    detail = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        return _SQLITE.get(code, StoreError)(detail)
    if isinstance(cause, psycopg.Error):
        return _of_postgresql(cause, detail)
    if isinstance(error, exc.TimeoutError):
        return Locked("all connections of this process are in use")
    return StoreError(detail)


def _of_postgresql(cause: psycopg.Error, detail: str) -> StoreError:
    if cause.sqlstate is None:
        otherwise = Unreachable if isinstance(cause, psycopg.OperationalError) else StoreError
        return next((kind for word, kind in _CONNECTING if word in detail), otherwise)(detail)
    state = cause.sqlstate or ""
    return next((kind for prefix, kind in _POSTGRESQL if state.startswith(prefix)), StoreError)(detail)


DRIVER_ERRORS: Final = (exc.SQLAlchemyError, sqlite3.Error, psycopg.Error)
