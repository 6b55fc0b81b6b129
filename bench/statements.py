"""Every statement that a run sends to its database, recorded at the driver and sent again; none is understood here.

Sent again to an equal database, in the order of the transactions' ends, they are the least that storing the same rows
can cost: nothing is decoded, made into rows, compared or waited for.
"""

import pickle
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import psycopg
import sqlalchemy
from psycopg.abc import Params

from progressive_capture.store import database


class Statement(NamedTuple):
    """One call of the driver."""

    text: Any
    values: Any
    many: bool
    """`values` are those of many rows."""
    pipelined: bool
    """It did not wait for the one before it."""


Transaction = list[Statement]


@dataclass
class Recorder:
    """Keeps the statements of every transaction that ended, while `on`."""

    on: bool = False
    transactions: list[Transaction] = field(default_factory=list)
    _open: defaultdict[int, Transaction] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def said(self, connection: object, statement: Statement) -> None:
        """Note one statement."""
        with self._lock:
            self._open[id(connection)].append(statement)

    def ended(self, connection: object) -> None:
        """Note that a connection's transaction was committed."""
        with self._lock:
            statements = self._open.pop(id(connection), [])
            if self.on and statements:
                self.transactions.append(statements)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear every database that is opened within."""
        with patch.object(database, "create_engine", self._engine):
            yield

    def _engine(self, url: sqlalchemy.URL, *, connect_args: dict[str, Any], **options: Any) -> sqlalchemy.Engine:  # noqa: ANN401 - passed on
        sqlite = url.drivername == "sqlite"
        hooks: dict[str, Any] = {"factory": _sqlite(self)} if sqlite else {"cursor_factory": _postgresql(self)}
        engine = sqlalchemy.create_engine(url, connect_args=connect_args | hooks, **options)

        def ended(connection: sqlalchemy.Connection) -> None:
            self.ended(connection.connection.dbapi_connection)

        for event in ("commit", "rollback"):
            sqlalchemy.event.listen(engine, event, ended)
        return engine

    def save(self, path: Path) -> None:
        """Write what was recorded; only this program reads it."""
        path.write_bytes(pickle.dumps(self.transactions))


def load(path: Path) -> list[Transaction]:
    """Read what `Recorder.save` wrote."""
    transactions: list[Transaction] = pickle.loads(path.read_bytes())  # noqa: S301 - written by ourselves a moment ago
    return transactions


def replay(url: str, transactions: Sequence[Transaction]) -> float:
    """Send all statements to a database that is as the recorded one was at first.

    Args:
        url: a SQLite file, or the address of a PostgreSQL database.
        transactions: in their order.

    Returns:
        The seconds.
    """
    if "://" not in url:
        connection: Any = sqlite3.connect(url, isolation_level=None)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA foreign_keys = ON"):
            connection.execute(statement)
    else:
        connection = psycopg.connect(url)
    began = time.perf_counter()
    for transaction in transactions:
        _replay(connection, transaction)
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def _replay(connection: Any, transaction: Transaction) -> None:  # noqa: ANN401 - one of two drivers' connections
    for pipelined, statements in _runs(transaction):
        with connection.pipeline() if pipelined else nullcontext():
            for each in statements:
                cursor = connection.cursor()
                if each.many:
                    cursor.executemany(each.text, each.values)
                else:
                    cursor.execute(each.text, each.values)
                if not pipelined and cursor.description:
                    cursor.fetchall()
                if not pipelined:
                    cursor.close()
    connection.commit()


def _runs(transaction: Transaction) -> Iterator[tuple[bool, Transaction]]:
    """Neighbours that were sent in one pipeline."""
    run: Transaction = []
    for each in transaction:
        if run and run[0].pipelined != each.pipelined:
            yield run[0].pipelined, run
            run = []
        run.append(each)
    if run:
        yield run[0].pipelined, run


def _sqlite(recorder: Recorder) -> type[sqlite3.Connection]:
    class Cursor(sqlite3.Cursor):
        def execute(self, text: str, values: Any = (), /) -> "Cursor":  # noqa: ANN401 - as the driver has it
            recorder.said(self.connection, Statement(text, values, many=False, pipelined=False))
            return super().execute(text, values)

        def executemany(self, text: str, values: Any, /) -> "Cursor":  # noqa: ANN401 - as above
            rows = list(values)
            recorder.said(self.connection, Statement(text, rows, many=True, pipelined=False))
            return super().executemany(text, rows)

    class Connection(sqlite3.Connection):
        def cursor(self, factory: Any = None) -> Any:  # noqa: ANN401, ARG002 - as the driver has it
            return super().cursor(Cursor)

    return Connection


def _postgresql(recorder: Recorder) -> type[psycopg.Cursor[Any]]:
    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Params | None = None, **options: Any) -> "Cursor":  # noqa: ANN401 - as above
            pipelined = self.connection.pgconn.pipeline_status != psycopg.pq.PipelineStatus.OFF
            recorder.said(self.connection, Statement(query, params, many=False, pipelined=pipelined))
            return super().execute(query, params, **options)

    return Cursor
