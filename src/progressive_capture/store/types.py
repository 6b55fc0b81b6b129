"""Column types that SQLite and PostgreSQL store differently, and the check of words; no table lives here."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Dialect, Integer, SmallInteger, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine


class GitHubTime(TypeDecorator[str]):
    """A time as GitHub writes it: ISO 8601 text in UTC ending in `Z`; TIMESTAMPTZ on PostgreSQL."""

    impl = Text
    cache_ok = True
    coerce_compared_value = TypeDecorator.coerce_compared_value

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Store text on SQLite, which has no type for times."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Hand PostgreSQL a time, SQLite the text as it is: no call for each of its values."""
        return super().bind_processor(dialect) if dialect.name == "postgresql" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Give back the text."""
        return super().result_processor(dialect, coltype) if dialect.name == "postgresql" else None

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401 - as the base class
        """Make a time of the text, where the database has times; also a literal's."""
        return value if value is None or dialect.name != "postgresql" else datetime.fromisoformat(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002 - as the base class
        """Make a text of the time."""
        return None if value is None else self.text(value.astimezone(UTC))

    @staticmethod
    def text(value: datetime) -> str:
        """Write a time as GitHub does: whole seconds, unless it has a fraction."""
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if value.microsecond else "%Y-%m-%dT%H:%M:%SZ")


class OwnTime(GitHubTime):
    """A time of our own: always six digits of a second, so that texts sort as times do."""

    cache_ok = True

    @staticmethod
    def text(value: datetime) -> str:
        """Write a time with six digits of a second."""
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


SERIAL_SMALL: Final = SmallInteger().with_variant(Integer(), "sqlite")
SERIAL: Final = BigInteger().with_variant(Integer(), "sqlite")
"""A key that the database numbers; SQLite does that for INTEGER alone. https://www.sqlite.org/autoinc.html"""

UUID_TEXT: Final = Uuid(as_uuid=False).with_variant(String(36), "sqlite")
JSON_VALUE: Final = JSON().with_variant(JSONB(), "postgresql")
JSON_OR_NULL: Final = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
"""None is SQL's NULL, not JSON's."""


def is_one_of(column: str, *words: str) -> str:
    """Say in SQL that a column has one of the words.

    Not with IN: SQLite would make a table of the words for every row that it checks.
    """
    return " OR ".join(f"{column} = '{word}'" for word in words)
