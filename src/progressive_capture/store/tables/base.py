"""The metadata that all tables share, and short ways to write their columns; no table lives here."""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
)

from progressive_capture.store.types import GitHubTime, OwnTime, is_one_of

METADATA: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def text(name: str, *, null: bool = False, **options: Any) -> Column[str]:  # noqa: ANN401 - passed on to Column
    """Make a text column."""
    return Column(name, Text, nullable=null, **options)


def big(name: str, *, null: bool = False, **options: Any) -> Column[int]:  # noqa: ANN401 - passed on to Column
    """Make a column of 64-bit integers."""
    return Column(name, BigInteger, nullable=null, autoincrement=False, **options)


def integer(name: str, *, null: bool = False, **options: Any) -> Column[int]:  # noqa: ANN401 - passed on to Column
    """Make a column of 32-bit integers."""
    return Column(name, Integer, nullable=null, autoincrement=False, **options)


def flag(name: str, *, null: bool = False) -> Column[bool]:
    """Make a column of truth values."""
    return Column(name, Boolean, nullable=null)


def github_time(name: str, *, null: bool = False) -> Column[str]:
    """Make a column of GitHub's own stamps."""
    return Column(name, GitHubTime, nullable=null)


def own_time(name: str, *, null: bool = False, **options: Any) -> Column[str]:  # noqa: ANN401 - passed on to Column
    """Make a column of our own stamps."""
    return Column(name, OwnTime, nullable=null, **options)


def host_key() -> Column[int]:
    """Make the column that names the API host."""
    return Column("host_id", SmallInteger, nullable=False, autoincrement=False)


def key(*columns: str) -> PrimaryKeyConstraint:
    """Make the primary key of rows that belong to an API host, in the order in which they are looked up.

    The host comes last: while PostgreSQL has no statistics of a new table, it takes any first column for selective.
    """
    return PrimaryKeyConstraint(*columns, "host_id")


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Refuse every value of a column but the words of an enumeration."""
    return CheckConstraint(is_one_of(column, *values), name=column)


def provenance(*, deletable: bool = True) -> list[Column[Any]]:
    """Make the columns that say whence a captured row came, and whether GitHub still shows it."""
    columns: list[Column[Any]] = [own_time("captured_at"), text("source")]
    return [*columns, own_time("deleted_at", null=True)] if deletable else columns
