"""The stored rows that are compared with the truth, and what stands where in each; comparing is done elsewhere."""

from collections.abc import Callable, Iterator
from functools import cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, bindparam, select

from progressive_capture.store.tables import METADATA, PULL_REQUESTS
from tests.support.truth_columns import COMPARED
from tests.support.truth_expected import Key

BESIDE: Final = ("pull_request_id", "source", "comments_total")
"""Columns that comparing needs beside those that are compared."""

Stored = tuple[Any, ...]
"""A row: the compared columns in the order of their table, then those of `BESIDE` that are not among them."""


class Reading(NamedTuple):
    """How the rows of a table are read."""

    statement: Select[Any]
    names: tuple[str, ...]
    key: Callable[[Stored], Key]

    def rows(self, connection: Connection, host_id: int, repository_id: int) -> Iterator[Stored]:
        """The rows that GitHub still shows; what hangs on a pull request that it does not is left out."""
        asked = {"host": host_id, "repository": repository_id}
        found = map(tuple, connection.execute(self.statement, asked).all())
        if "co_authors" not in self.names:
            return found
        place = self.names.index("co_authors")
        return ((*row[:place], msgspec.json.decode(row[place]), *row[place + 1 :]) for row in found)

    def value(self, row: Stored, name: str, default: Any = None) -> Any:
        """A row's value by its name; the default where the table has none of it."""
        return row[self.names.index(name)] if name in self.names else default


@cache
def reading(table: str) -> Reading:
    """How a table is read; made once."""
    columns = METADATA.tables[table].c
    where = [columns.host_id == bindparam("host")]
    if "repository_id" in columns:
        where.append(columns.repository_id == bindparam("repository"))
    elif table == "repositories":
        where.append(columns.id == bindparam("repository"))
    if "deleted_at" in columns:
        where.append(columns.deleted_at.is_(None))
    if "pull_request_id" in columns:
        gone = select(PULL_REQUESTS.c.id).where(PULL_REQUESTS.c.deleted_at.is_not(None))
        where.append(columns.pull_request_id.not_in(gone))
    beside = (name for name in BESIDE if name in columns)  # but what is compared must be there
    names = tuple(dict.fromkeys((*COMPARED[table].columns, *beside)))
    first, *more = map(names.index, COMPARED[table].key)
    key = itemgetter(first, *more) if more else itemgetter(slice(first, first + 1))
    return Reading(select(*(columns[name] for name in names)).where(*where), names, key)
