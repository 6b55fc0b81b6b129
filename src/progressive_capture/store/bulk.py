"""Upserts and updates of many rows in one statement, each text made once from the tables; no rule of what to write.

Rows are positional tuples: on SQLite the driver's executemany takes them as they are; PostgreSQL gets whole columns as
arrays, pipelined, so that a page of many tables costs one round trip.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Boolean, Connection, Numeric, Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.types import Integer

from progressive_capture.store import arrays

Row = tuple[Any, ...]

_POSTGRESQL: Final = PGDialect_psycopg()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it unannotated


@dataclass(frozen=True, eq=False)
class Upsert:
    """One upsert statement: what it writes, and what becomes of a row that is there already."""

    table: Table
    columns: tuple[str, ...]
    """Columns given row by row, in the order of the row's values."""
    constants: tuple[str, ...] = ()
    """Columns whose one value holds for all rows of a call."""
    kept: frozenset[str] = frozenset()
    """Columns that an update leaves as they are."""
    updates: Mapping[str, str] = field(default_factory=dict)
    """Columns that an update sets otherwise than to the new value: SQL over `excluded` and the table's name."""
    condition: str = ""
    """When an update happens at all."""


@dataclass(frozen=True, eq=False)
class Update:
    """One statement that sets columns of rows that are there already."""

    table: Table
    columns: tuple[str, ...]
    """Columns to set, row by row; the values of `keys` follow them in each row."""
    keys: tuple[str, ...]
    constants: tuple[str, ...] = ()
    """Columns that must have one value for all rows of a call."""


class Write(NamedTuple):
    """Rows for one statement; of two rows with the same key whoever makes it keeps one."""

    statement: Upsert | Update
    rows: Sequence[Row]
    constants: Row = ()


def write(connection: Connection, writes: Iterable[Write]) -> None:
    """Run the statements in order, on PostgreSQL without waiting for one before sending the next."""
    wanted = [each for each in writes if each.rows]
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        for statement, rows, constants in wanted:
            cursor.executemany(_text(statement, "sqlite"), [(*row, *constants) for row in rows])
        cursor.close()
        return
    driver: Any = connection.connection.driver_connection
    with driver.pipeline(), driver.cursor() as cursor:
        for statement, rows, constants in wanted:
            # A prepared join is planned for lists of any length, which makes it slow for those of a page.
            prepare = False if isinstance(statement, Update) else None
            text, parameters = _text(statement, "postgresql"), (*constants, *_arrays(statement, rows))
            cursor.execute(text, parameters, prepare=prepare)


def _arrays(statement: Upsert | Update, rows: Sequence[Row]) -> Iterator[str]:
    for name, values in zip(_given(statement), zip(*rows, strict=True), strict=True):
        yield _array(statement.table, name, values)
    if isinstance(statement, Update):
        place = len(statement.columns)
        yield _array(statement.table, statement.keys[0], sorted({row[place] for row in rows}))


def _array(table: Table, name: str, values: Sequence[Any]) -> str:
    plain = isinstance(table.c[name].type, Integer | Numeric | Boolean)
    return arrays.plain(values) if plain else arrays.texts(values)


def _given(statement: Upsert | Update) -> tuple[str, ...]:
    return statement.columns if isinstance(statement, Upsert) else statement.columns + statement.keys


@cache
def _text(statement: Upsert | Update, dialect: str) -> str:
    if isinstance(statement, Update):
        return _update_of_sqlite(statement) if dialect == "sqlite" else _update_of_postgresql(statement)
    names = [_quoted(name) for name in (*statement.columns, *statement.constants)]
    values = _values_of_sqlite(statement) if dialect == "sqlite" else _values_of_postgresql(statement)
    key = ", ".join(column.name for column in statement.table.primary_key)
    target = f"INSERT INTO {statement.table.name} ({', '.join(names)}) {values} ON CONFLICT ({key}) DO"
    updates = _updates(statement)
    if not updates:
        return f"{target} NOTHING"
    condition = f" WHERE {statement.condition}" if statement.condition else ""
    return f"{target} UPDATE SET {', '.join(updates)}{condition}"


def _updates(statement: Upsert) -> list[str]:
    fixed = {column.name for column in statement.table.primary_key} | statement.kept
    given = [name for name in (*statement.columns, *statement.constants) if name not in fixed | set(statement.updates)]
    plain = [f"{_quoted(name)} = excluded.{_quoted(name)}" for name in given]
    return plain + [f"{_quoted(name)} = {value}" for name, value in statement.updates.items()]


def _values_of_sqlite(statement: Upsert) -> str:
    marks = ", ".join("?" * (len(statement.columns) + len(statement.constants)))
    return f"VALUES ({marks})"


def _values_of_postgresql(statement: Upsert) -> str:
    given = ", ".join(f"given.{_quoted(name)}" for name in statement.columns)
    constants = "".join(f", %s::{_type(statement.table, name)}" for name in statement.constants)
    return f"SELECT {given}{constants} FROM {_lists(statement)}"  # noqa: S608 - names of our own tables


def _update_of_sqlite(statement: Update) -> str:
    values = ", ".join(f"{_quoted(name)} = ?" for name in statement.columns)
    keys = " AND ".join(f"{_quoted(name)} = ?" for name in (*statement.keys, *statement.constants))
    return f"UPDATE {statement.table.name} SET {values} WHERE {keys}"  # noqa: S608 - as above


def _update_of_postgresql(statement: Update) -> str:
    table = statement.table.name
    constants = " AND ".join(f"{table}.{name} = constant.{name}" for name in statement.constants)
    given = ", ".join(f"%s::{_type(statement.table, name)}" for name in statement.constants)
    values = ", ".join(f"{_quoted(name)} = given.{_quoted(name)}" for name in statement.columns)
    keys = " AND ".join(f"{table}.{_quoted(name)} = given.{_quoted(name)}" for name in statement.keys)
    constant = f"(SELECT {given}) AS constant ({', '.join(statement.constants)})"
    # Said twice: without statistics of a new table the join alone is planned as a scan of all of it.
    some = f"{table}.{statement.keys[0]} = ANY (%s::{_type(statement.table, statement.keys[0])}[])"
    return f"UPDATE {table} SET {values} FROM {constant}, {_lists(statement)} WHERE {constants} AND {keys} AND {some}"  # noqa: S608 - as above


def _lists(statement: Upsert | Update) -> str:
    names = _given(statement)
    lists = ", ".join(f"%s::{_type(statement.table, name)}[]" for name in names)
    return f"unnest({lists}) AS given ({', '.join(map(_quoted, names))})"


def _type(table: Table, name: str) -> str:
    return str(table.c[name].type.compile(_POSTGRESQL))


def _quoted(name: str) -> str:
    return _POSTGRESQL.identifier_preparer.quote(name)
