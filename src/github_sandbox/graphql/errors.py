"""GraphQL errors in GitHub's wording and wire form; decides no HTTP status and knows no budget."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphql import FieldNode, Node, get_location


class FieldError(Exception):
    """An error at one place of an answer: it nulls the nearest nullable place above it and is listed in `errors`."""

    def __init__(
        self, message: str, error_type: str | None = None, extensions: Mapping[str, Any] | None = None
    ) -> None:
        """Carry GitHub's `message`, its `type` (None where GitHub sends none) and its `extensions`."""
        super().__init__(message)
        self.message = message
        self.error_type = error_type
        self.extensions = extensions


class RefusedQueryError(Exception):
    """A query that is not executed; `errors` is the wire form, `data_is_null` whether `data: null` goes with it."""

    def __init__(self, errors: Sequence[dict[str, Any]], *, data_is_null: bool = False) -> None:
        """Carry the answer's `errors` member."""
        super().__init__(errors[0]["message"])
        self.errors = list(errors)
        self.data_is_null = data_is_null


def not_found(kind: str, by: str, value: object) -> FieldError:
    """Say that nothing visible answers to the name, as GitHub says it; private and missing look the same."""
    article = "an" if kind[0] in "IOio" else "a"  # an Issue, an Organization, but a User
    return FieldError(f"Could not resolve to {article} {kind} with the {by} {value}.", "NOT_FOUND")


def node_not_found(node_id: str) -> FieldError:
    """Say that no node has this id; GitHub ends this one sentence without a full stop."""
    return FieldError(f"Could not resolve to a node with the global id of '{node_id}'", "NOT_FOUND")


def null_in_non_null(parent: str, field: str) -> FieldError:
    """Say that the world gave no value where the schema promises one."""
    return FieldError(f"Cannot return null for non-nullable field {parent}.{field}.")


def not_possible(name: str, kind: str) -> FieldError:
    """Say that the world put a record where its type cannot stand."""
    return FieldError(f"Runtime Object type '{name}' is not a possible type for '{kind}'.")


def locations(nodes: Iterable[Node]) -> list[dict[str, int]]:
    """Give line and column of each node that has a place in the query."""
    spots = []
    for node in nodes:
        if node.loc:
            spot = get_location(node.loc.source, node.loc.start)
            spots.append({"line": spot.line, "column": spot.column})
    return spots


def wire_form(error: FieldError, nodes: Sequence[FieldNode], path: Sequence[str | int]) -> dict[str, Any]:
    """Write an execution error as GitHub does: type, path, extensions, locations, message."""
    wire: dict[str, Any] = {}
    if error.error_type is not None:
        wire["type"] = error.error_type
    wire["path"] = list(path)
    if error.extensions is not None:
        wire["extensions"] = dict(error.extensions)
    wire["locations"] = locations(nodes)
    wire["message"] = error.message
    return wire
