"""Columns of values as PostgreSQL array literals, made in a few passes over whole columns; no SQL lives here.

The driver's own list adapter calls Python once a value, which takes longer than the server needs to store it.
https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
"""

from collections.abc import Sequence
from typing import Any, Final

_NUL: Final = "\x00"
_BETWEEN: Final = "\x00,"
_NULL: Final = "\x00N"


def texts(values: Sequence[str | None]) -> str:
    """Write text, or anything whose literal is text, as an array.

    Raises:
        ValueError: a text holds NUL, which PostgreSQL cannot store and which marks places here.
    """
    if not values:
        return "{}"
    nulls = values.count(None)
    if not nulls and (easy := _unescaped(values)) is not None:
        return easy
    joined = _BETWEEN.join([_NULL if value is None else value for value in values])
    if joined.count(_NUL) != nulls + len(values) - 1:
        raise ValueError("A text with NUL cannot be stored.")
    escaped = joined.replace("\\", "\\\\").replace('"', '\\"').replace(_BETWEEN, '","')
    return f'{{"{escaped}"}}'.replace(f'"{_NULL}"', "NULL")


def _unescaped(values: Sequence[Any]) -> str | None:
    """Write the array if no text has a character of its syntax, as most columns have none."""
    joined = '","'.join(values)
    if "\\" in joined or _NUL in joined or joined.count('"') != 2 * (len(values) - 1):
        return None
    return f'{{"{joined}"}}'


def plain(values: Sequence[float | bool | None]) -> str:
    """Write numbers or truth values as an array."""
    return "{" + str(list(values))[1:-1].replace("None", "NULL") + "}"
