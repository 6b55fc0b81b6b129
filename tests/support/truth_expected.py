"""The rows that a truth demands, worked out once for each truth; what is stored is compared with them elsewhere."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from tests.support.truth_columns import COMPARED
from tests.support.truth_world import Line, Truth

KEPT_LINES: Final = 20_000
"""Lines above which a truth is read anew each time, so that no test bears the memory of another's."""

Key = tuple[Any, ...]


class Right(NamedTuple):
    """What one row should hold, in the order of its table's columns; equal values of other types are wrong."""

    line: Line
    values: tuple[Any, ...]
    types: tuple[type, ...]


class Expected(NamedTuple):
    """The rows of one table by key, and whether two lines share a key."""

    rows: Mapping[Key, Right]
    is_ambiguous: bool


class World:
    """A truth and what has been asked of it."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        """Read JSON Lines as `Truth` does."""
        self.truth = Truth(lines)
        self._tables: dict[tuple[str, bool], Expected] = {}

    def expected(self, table: str, *, patches: bool) -> Expected:
        """What a table should hold; `patches` says that files are to have theirs."""
        known = self._tables.get((table, patches))
        if known is None:
            known = self._tables[table, patches] = _expected(self.truth, table, patches=patches)
        return known


def world_of(lines: Iterable[bytes]) -> World:
    """Return what these lines tell; most tests of a module ask about one sandbox that none of them changes."""
    content = tuple(lines)
    return _world(content) if len(content) <= KEPT_LINES else World(content)


@lru_cache(maxsize=2)
def _world(content: tuple[bytes, ...]) -> World:
    return World(content)


def _expected(truth: Truth, table: str, *, patches: bool) -> Expected:
    spec = COMPARED[table]
    lines = list(truth.by_kind[spec.kind] if spec.lines is None else spec.lines(truth))
    held = {name: column.values(lines, truth) for name, column in spec.columns.items()}
    if "patch" in held:
        held["patch"] = [patch or "" if patches else None for patch in held["patch"]]
    types = zip(*(map(type, column) for column in held.values()), strict=True)
    rights = map(Right, lines, zip(*held.values(), strict=True), types)
    rows = dict(zip(zip(*(held[name] for name in spec.key), strict=True), rights, strict=True))
    return Expected(rows, is_ambiguous=len(rows) != len(lines))
