"""The reference of JSON output, read as what it is: the shape of every document, to which commands are held."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from progressive_capture.domain.scope import moment
from progressive_capture.store.tables import METADATA
from tests.conftest import ROOT

DOCUMENT: Final = ROOT / "docs" / "reference" / "json.md"
OPTIONAL: Final = "optional "
OR_NULL: Final = " or null"
LIST: Final = "list of "
MAP: Final = "map of "
ROW: Final = "row of "

NOT_IN_ROW: Final = {"job_metrics": {"job_id"}}

PLAIN: Final[Mapping[str, Callable[[Any], bool]]] = {
    "text": lambda value: isinstance(value, str),
    "whole": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "yes/no": lambda value: isinstance(value, bool),
    "time": lambda value: isinstance(value, str) and value.endswith("Z") and moment(value) is not None,
    "any": lambda _: True,
}


@dataclass
class Reference:
    """Every table, by its heading; a heading may stand for several."""

    shapes: dict[str, dict[str, str]]
    """Types by key."""
    seen: set[tuple[str, str]] = field(default_factory=set)
    """Keys that some document had."""
    faults: list[str] = field(default_factory=list)
    """Where a document is not as its table says."""

    @classmethod
    def read(cls) -> "Reference":
        """Read the document."""
        shapes: dict[str, dict[str, str]] = {}
        for section in re.split(r"^#{2,3} ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
            heading, _, body = section.partition("\n")
            rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|", body, re.MULTILINE)
            types = {key: kind for keys, kind in rows for key in re.findall(r"`(\w+)`", keys)}
            for name in heading.split(", "):
                assert name not in shapes, name
                shapes[name] = types
        return cls(shapes)

    def hold(self, value: object, shape: str, where: str) -> None:
        """Compare a value with a table: each key has its type, none is missing, and there is no other."""
        types = self.shapes[shape]
        if not isinstance(value, dict):
            self.faults.append(f"{where} is no {shape}: {value!r}")
            return
        needed = {key for key, kind in types.items() if not kind.startswith(OPTIONAL)}
        self._expect(f"{where} ({shape}) lacks keys", needed - set(value))
        self._expect(f"{where} ({shape}) has other keys", set(value) - set(types))
        for key, each in value.items():
            self.seen.add((shape, key))
            self._judge(each, types.get(key, "any").removeprefix(OPTIONAL), f"{where}.{key}")

    def unseen(self) -> set[tuple[str, str]]:
        """Keys that no document had, of the tables that some document was held to."""
        held = {shape for shape, _ in self.seen}
        return {(shape, key) for shape in held for key in self.shapes[shape]} - self.seen

    def _judge(self, value: object, kind: str, where: str) -> None:
        if kind.endswith(OR_NULL):
            if value is not None:
                self._judge(value, kind.removesuffix(OR_NULL), where)
        elif kind in PLAIN:
            self._expect(f"{where} is no {kind}", set() if PLAIN[kind](value) else {value})
        elif kind.startswith((LIST, MAP)):
            self._judge_each(value, kind, where)
        elif kind.startswith(ROW):
            table = kind.removeprefix(ROW).strip("`")
            assert isinstance(value, dict), where
            columns = set(METADATA.tables[table].c.keys()) - NOT_IN_ROW.get(table, set())
            self._expect(f"{where} is not as the columns of {table}", columns ^ set(value))
        else:
            self.hold(value, kind, where)

    def _expect(self, what: str, wrong: set[Any]) -> None:
        if wrong:
            self.faults.append(f"{what}: {sorted(wrong)}")

    def _judge_each(self, value: object, kind: str, where: str) -> None:
        _, _, of_each = kind.partition(" of ")
        assert isinstance(value, list if kind.startswith(LIST) else dict), where
        for place, each in value.items() if isinstance(value, dict) else enumerate(value):
            self._judge(each, of_each, f"{where}[{place}]")
