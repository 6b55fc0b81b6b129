"""Shapes of JSON documents: which keys stand where, with which types; and how two shapes differ."""

from collections import defaultdict
from typing import Any, TypeAlias

Shape: TypeAlias = dict[str, set[str]]
_NAMES = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}


def shape_of(document: Any, into: Shape | None = None, path: str = "$") -> Shape:
    """Give the types found at every path; the members of a list share one path."""
    shape = defaultdict(set) if into is None else into
    shape[path].add("null" if document is None else _NAMES[type(document)])
    if isinstance(document, dict):
        for key, value in document.items():
            shape_of(value, shape, f"{path}.{key}")
    elif isinstance(document, list):
        for value in document:
            shape_of(value, shape, f"{path}[]")
    return shape


def differences(recorded: Shape, ours: Shape) -> set[tuple[str, str]]:
    """Give (kind, path): what is missing from ours, what ours has beyond, and where the types cannot agree.

    A path counts only where both have seen an object around it: an empty list, or a null, says nothing of its members.
    """
    found = {("missing", path) for path in recorded if path not in ours and _holder(path, ours)}
    found |= {("extra", path) for path in ours if path not in recorded and _holder(path, recorded)}
    for path in recorded.keys() & ours.keys():
        one, other = recorded[path] - {"null"}, ours[path] - {"null"}
        if one and other and not one & other:
            found.add(("type", path))
    return found


def _holder(path: str, shape: Shape) -> bool:
    return not path.endswith("[]") and "object" in shape.get(path.rpartition(".")[0], ())
