"""Sizes that keep the code readable: files, functions; migrations list tables and are long by nature."""

import ast
import statistics
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

LONGEST_FILE, MEDIAN_FILE = 400, 120
LONGEST_FUNCTION, MEDIAN_FUNCTION = 50, 10
FILES = [path for folder in ("src", "tests", "scripts", "bench") for path in (ROOT / folder).rglob("*.py")]


@cache
def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _functions() -> Iterator[tuple[str, int]]:
    for path in (path for path in FILES if "src" in path.parts and "migrations" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_too_long() -> None:
    long = {str(path.relative_to(ROOT)): _lines(path) for path in FILES if _lines(path) > LONGEST_FILE}
    assert not long
    assert statistics.median(map(_lines, FILES)) <= MEDIAN_FILE


def test_no_function_is_too_long() -> None:
    lengths = dict(_functions())
    assert not {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}
    assert statistics.median(lengths.values()) <= MEDIAN_FUNCTION
