"""Values of other rooms as plain JSON values: fields by their names; nothing is left out and nothing worked out."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

from progressive_capture.domain.scope import stamp

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


def plain(value: object) -> Plain:
    """Make a JSON value: times as our own stamps, spans as seconds, sets sorted.

    Raises:
        TypeError: the value holds something that is no data.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return _several(value)


def _several(value: object) -> Plain:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value), key=str)
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} is no plain value.")
