"""Values that break their schema made readable: what is wrong becomes null, as GraphQL itself passes nulls up."""

import re
from typing import Any, Final

import msgspec

from progressive_capture.github.payload import UnreadableError

MOST_HOLES: Final = 300
"""An answer with more wrong places than this is no answer."""

_PATH: Final = re.compile(r" - at `\$(?P<steps>[^`]*)`")
_STEP: Final = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<index>\d+)\]")

Path = tuple[str | int, ...]


def mend(value: Any, kind: Any) -> tuple[Any, list[Path]]:  # noqa: ANN401 - JSON, and a type expression
    """Convert a JSON value to a type, setting to null what does not fit; the second part names the places.

    A place that may not be null takes its parent with it. `value` is changed.

    Raises:
        UnreadableError: nothing of it fits, or too much does not.
    """
    holes: list[Path] = []
    while len(holes) < MOST_HOLES:
        try:
            return msgspec.convert(value, kind), holes
        except msgspec.ValidationError as problem:
            path = _place(str(problem))
            while path and _at(value, path) is None:
                path = path[:-1]
            if not path:
                raise UnreadableError(str(problem)) from problem
            _at(value, path[:-1])[path[-1]] = None
            holes.append(path)
    raise UnreadableError(f"more than {MOST_HOLES} places do not fit")


def _place(message: str) -> Path:
    found = _PATH.search(message)
    steps = _STEP.finditer(found["steps"]) if found else ()
    return tuple(int(step["index"]) if step["index"] else step["key"] for step in steps)


def _at(value: Any, path: Path) -> Any:  # noqa: ANN401 - JSON
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
    return value
