"""Columns of values as PostgreSQL array literals, made in a few passes over whole columns; no SQL lives here.

The driver's own list adapter calls Python once a value, which takes longer than the server needs to store it.
https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
"""

from collections.abc import Sequence
from typing import Final

_NUL: Final = "\x00"
_BETWEEN: Final = "\x00,"
_NULL: Final = "\x00N"


def texts(values: Sequence[str | None]) -> str:
    """Write text, or anything whose literal is text, as an array.

    Raises:
        ValueError: a text holds NUL, which PostgreSQL cannot store and which marks places here.
    """
    nulls = values.count(None)
    joined = _BETWEEN.join([_NULL if value is None else value for value in values])
    if joined.count(_NUL) != nulls + max(0, len(values) - 1):
        raise ValueError("A text with NUL cannot be stored.")
    if not values:
        return "{}"
    escaped = joined.replace("\\", "\\\\").replace('"', '\\"').replace(_BETWEEN, '","')
    return f'{{"{escaped}"}}'.replace(f'"{_NULL}"', "NULL")


def plain(values: Sequence[float | bool | None]) -> str:
    """Write numbers or truth values as an array."""
    return "{" + str(list(values))[1:-1].replace("None", "NULL") + "}"
