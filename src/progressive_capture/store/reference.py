"""The reference page of the tables, made from their definitions; no statement lives here."""

import sys
from collections.abc import Iterator
from typing import Final

from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from progressive_capture.store.tables import METADATA
from progressive_capture.store.types import GitHubTime

_POSTGRESQL: Final = PGDialect_psycopg()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it unannotated

_HEAD: Final = """# Tables

Made from the definitions in `progressive_capture/store/tables`; a test compares.

Types are PostgreSQL's. On SQLite a time is ISO 8601 text in UTC ending in `Z` (our own times always with six digits of
a second), a truth value is 0 or 1, JSON and UUIDs are text. `host_id` names the API host and is part of every identity.
`captured_at` is when the request began that brought the row, by the server's clock; all rows of one reading of a pull
request have the same. `source` is `graphql` or `rest`. What a later reading did not bring any more has `deleted_at`
set; nothing is erased. Times marked *own* are ours, others are GitHub's.

The view `pr_comments` shows `pr_review_comments` and `pr_issue_comments` together, told apart by `comment_type`.
"""


def as_markdown() -> str:
    """Write the whole page."""
    return "\n".join([_HEAD, *(line for table in sorted(METADATA.tables) for line in _table(METADATA.tables[table]))])


def _table(table: Table) -> Iterator[str]:
    keys = ", ".join(f"`{column.name}`" for column in table.primary_key)
    yield f"## {table.name}\n\n{table.info['doc']} Key: {keys}.\n"
    yield "| column | type | may be NULL | |\n|---|---|---|---|"
    for column in table.c:
        null = "yes" if column.nullable else ""
        yield f"| `{column.name}` | {_type(column)} | {null} | {column.info.get('doc', '')} |"
    for check in sorted(str(each.sqltext) for each in table.constraints if isinstance(each, CheckConstraint)):
        yield f"\nChecked: `{check}`."
    yield ""


def _type(column: Column[object]) -> str:
    name = str(column.type.compile(_POSTGRESQL)).lower().replace("timestamp with time zone", "timestamptz")
    own = isinstance(column.type, GitHubTime) and type(column.type) is not GitHubTime
    return f"{name}, *own*" if own else name


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
