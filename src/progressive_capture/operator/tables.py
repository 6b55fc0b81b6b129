"""Rows in columns, and lines no longer than a terminal is wide; what stands in them is made elsewhere."""

import re
import textwrap
from collections.abc import Sequence
from typing import Final

_NUMBER: Final = re.compile(r"[-+$]?[\d,]+(\.\d+)?( ?[%a-zA-Z]+)?|-|\?")
"""What is set to the right: numbers, also with a unit, and the signs for none and for unknown."""

_FURTHER: Final = 4
_NARROWEST: Final = 40
"""Columns of a terminal below which folding would only make a ladder."""


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """The lines of a table, indented by two; columns of numbers stand to the right. No rows, no lines."""
    if not rows:
        return []
    texts = [[_text(cell) for cell in row] for row in rows]
    columns = list(zip(*texts, strict=True))
    right = [all(_NUMBER.fullmatch(cell) for cell in column) for column in columns]
    widths = [max(map(len, (head, *column))) for head, column in zip(heads, columns, strict=True)]
    lines = []
    for row in [list(heads), *texts]:
        cells = zip(row, widths, right, strict=True)
        shown = [cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in cells]
        lines.append("  " + "  ".join(shown).rstrip())
    return lines


def folded(text: str, width: int) -> str:
    """Fold lines that are longer than a terminal is wide, between words; what goes on stands further to the right."""
    lines = []
    for line in text.split("\n"):
        if len(line) <= width:
            lines.append(line)
            continue
        indent = " " * (len(line) - len(line.lstrip()) + _FURTHER)
        wide = max(width, _NARROWEST)
        lines += textwrap.wrap(
            line, wide, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, expand_tabs=False
        )
    return "\n".join(lines)


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, int) and not isinstance(cell, bool):
        return f"{cell:,}"
    return str(cell)
