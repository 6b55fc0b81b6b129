"""One open database: its connections, transactions and schema version; no table's rows are known here."""

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, Integer, bindparam, cast, create_engine, event, func, select

from progressive_capture.store import errors, schema, urls

__all__ = ["Connection", "Database", "Lock", "lock", "translated"]

BUSY_SECONDS: Final = 30
CONNECT_SECONDS: Final = 10
IDLE_SECONDS: Final = 300
"""Connections unused for longer are opened anew: servers and poolers drop them."""

_BEGIN: Final = "begin_statement"

_LOCK: Final = select(
    func.set_config("lock_timeout", f"{BUSY_SECONDS}s", True),
    func.pg_advisory_xact_lock(
        cast(bindparam("of_subject", type_=Integer), Integer), cast(bindparam("of_number", type_=Integer), Integer)
    ),
)
"""Made once: it precedes every request, and making it takes longer than asking it."""


class Database:
    """A SQLite file or a PostgreSQL database, for use by several threads.

    Every statement runs inside `transaction()` or `reading()`, where the driver's exceptions become `StoreError`.
    """

    def __init__(self, engine: Engine, *, is_sqlite: bool) -> None:
        self._engine = engine
        self._reader = engine.execution_options(**{_BEGIN: "BEGIN"})
        self._is_sqlite = is_sqlite
        # SQLite has one writer at a time: threads of one process queue here instead of polling the file's lock.
        self._writer: AbstractContextManager[Any] = threading.Lock() if is_sqlite else nullcontext()

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open the database at a DATABASE_URL, and see that it answers.

        Args:
            url: see `urls.parse`.
            create: whether a SQLite file that does not exist is made.

        Raises:
            StoreError: it cannot be used as it is; the message says why and what to do.
        """
        address = urls.parse(url)
        if address.is_sqlite:
            _refuse_place(Path(address.url.database or ""), create=create)
            database = cls(_sqlite(address), is_sqlite=True)
        else:
            database = cls(_postgresql(address), is_sqlite=False)
        try:
            with database.reading() as connection:
                schema.refuse_newer(connection)
        except BaseException:
            database.close()
            raise
        return database

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Connection]:
        """Begin a transaction that writes; it is committed at the end, or undone by an exception.

        Args:
            durable: whether the commit must survive a loss of power (on SQLite a flush of the disk).
        """
        with translated(), self._writer, self._engine.connect() as connection:
            if self._is_sqlite:
                level = "FULL" if durable else "NORMAL"
                _driver(connection).execute(f"PRAGMA synchronous = {level}").close()
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Begin a transaction that only reads."""
        with translated(), self._reader.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the schema to this program's version; several processes may do so at once.

        Raises:
            StoreError: the database cannot be written, or is newer than the program.
        """
        with self.reading() as connection:
            if schema.is_current(connection):
                return
        with self.transaction() as connection:
            lock(connection, Lock.MIGRATION)
            if not schema.is_current(connection):
                schema.upgrade(connection)

    def check_schema(self) -> None:
        """See that the schema is this program's, for commands that only read.

        Raises:
            SchemaMissing: it is older, or there is none.
            SchemaTooNew: it is newer.
        """
        with self.reading() as connection:
            if not schema.is_current(connection):
                raise errors.SchemaMissing(f"revision {schema.revision(connection) or 'none'}")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


class Lock(IntEnum):
    """What our advisory locks are about; the numbers tell them from those of other programs in the same database."""

    MIGRATION = 0x70630001
    HOST = 0x70630002
    """Writers of one API host's rows: two that touch the same rows in another order would block each other."""
    PRINCIPAL = 0x70630003
    QUOTAS = 0x70630005
    """Takers of jobs that count toward a quota; locked before any job."""


def lock(connection: Connection, subject: Lock, number: int = 0) -> None:
    """Hold a lock of our own until the transaction ends; SQLite's writers exclude each other anyway.

    Transaction-level locks work through a transaction pooler, session-level ones do not.
    https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK, {"of_subject": subject.value, "of_number": number})


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's exceptions into ours."""
    try:
        yield
    except errors.DRIVER_ERRORS as error:
        raise errors.translate(error) from error


def _refuse_place(path: Path, *, create: bool) -> None:
    """Refuse a place in which no command can work: also one that only reads needs two files beside the database.

    https://www.sqlite.org/wal.html#read_only_databases

    Raises:
        CannotOpen: the folder is not there, or may not be entered or written; the file is none, or may not be read.
        DatabaseMissing: the file is not there and shall not be made.
    """
    folder = path.parent
    if not os.access(folder, os.F_OK):
        raise errors.CannotOpen(f"there is no folder {folder}, or none that may be entered")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise errors.CannotOpen(f"the folder {folder} may not be written, and SQLite keeps more files there")
    if not path.exists():
        if not create:
            raise errors.DatabaseMissing(f"there is no file {path}")
    elif not path.is_file():
        raise errors.CannotOpen(f"{path} is there, and is not a file")
    elif not os.access(path, os.R_OK):
        raise errors.CannotOpen(f"{path} may not be read")


def _sqlite(address: urls.Address) -> Engine:
    engine = create_engine(address.url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection
        # The driver's own transaction control would begin too late and commit before DDL.
        # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#enabling-non-legacy-sqlite-transactional-modes
        connection.isolation_level = None
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA foreign_keys = ON"):
            connection.execute(statement).close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE"))

    return engine


def _postgresql(address: urls.Address) -> Engine:
    arguments: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS}
    if address.pooled:
        arguments["prepare_threshold"] = None
    # No look-up of the hstore type on every connection: no column has it.
    return create_engine(
        address.url, connect_args=arguments, pool_recycle=IDLE_SECONDS, pool_use_lifo=True, use_native_hstore=False
    )


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - one of two drivers' connections
    return connection.connection.driver_connection
