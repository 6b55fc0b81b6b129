"""graphql-core's validation errors in the words, paths and codes that GitHub answers with; validates nothing itself."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from graphql import (
    BREAK,
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    NamedTypeNode,
    Node,
    OperationDefinitionNode,
    VariableDefinitionNode,
    Visitor,
    print_ast,
    visit,
)

from github_sandbox.graphql.errors import locations

Wording: TypeAlias = tuple[str, dict[str, Any]]


def _undefined_field(found: re.Match[str]) -> Wording:
    field, parent = found["field"], found["parent"]
    return (
        f"Field '{field}' doesn't exist on type '{parent}'",
        {"code": "undefinedField", "typeName": parent, "fieldName": field},
    )


def _unknown_argument(found: re.Match[str]) -> Wording:
    argument, field = found["argument"], found["field"]
    return (
        f"Field '{field}' doesn't accept argument '{argument}'",
        {"code": "argumentNotAccepted", "name": field, "typeName": "Field", "argumentName": argument},
    )


def _missing_argument(found: re.Match[str]) -> Wording:
    argument, field = found["argument"], found["field"]
    return (
        f"Field '{field}' is missing required arguments: {argument}",
        {"code": "missingRequiredArguments", "className": "Field", "name": field, "arguments": argument},
    )


def _no_selection(found: re.Match[str]) -> Wording:
    field, kind = found["field"], found["type"].strip("[]!")
    return (
        (
            f"Field must have selections (field '{field}' returns {kind} but has no selections. "
            f"Did you mean '{field} {{ ... }}'?)"
        ),
        {"code": "selectionMismatch", "nodeName": f"field '{field}'", "typeName": kind},
    )


def _undefined_variable(found: re.Match[str]) -> Wording:
    name = found["name"]
    return (
        f"Variable ${name} is used by {found['where'] or 'anonymous query'} but not declared",
        {"code": "variableNotDefined", "variableName": name},
    )


def _unused_variable(found: re.Match[str]) -> Wording:
    name = found["name"]
    return (
        f"Variable ${name} is declared by {found['where'] or 'anonymous query'} but not used",
        {"code": "variableNotUsed", "variableName": name},
    )


_WORDINGS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Wording]], ...]] = (
    (re.compile(r"Cannot query field '(?P<field>\w+)' on type '(?P<parent>\w+)'"), _undefined_field),
    (re.compile(r"Unknown argument '(?P<argument>\w+)' on field '\w+\.(?P<field>\w+)'"), _unknown_argument),
    (re.compile(r"Field '(?P<field>\w+)' argument '(?P<argument>\w+)' of type .* is required"), _missing_argument),
    (re.compile(r"Field '(?P<field>\w+)' of type '(?P<type>[^']+)' must have a selection"), _no_selection),
    (re.compile(r"Variable '\$(?P<name>\w+)' is not defined(?: by operation '(?P<where>\w+)')?"), _undefined_variable),
    (re.compile(r"Variable '\$(?P<name>\w+)' is never used(?: in operation '(?P<where>\w+)')?"), _unused_variable),
)


def validation_error(ast: DocumentNode, error: GraphQLError) -> dict[str, Any]:
    """Write a validation error as GitHub does; a kind whose wording is not known keeps graphql-core's message."""
    wire: dict[str, Any] = {"path": _path(ast, error)}
    for pattern, wording in _WORDINGS:
        found = pattern.match(error.message)
        if found:
            message, wire["extensions"] = wording(found)
            break
    else:
        message = error.message
    wire["locations"] = locations((error.nodes or ())[:1])
    wire["message"] = message
    return wire


class _Trail(Visitor):
    """Finds the steps from the document down to one node."""

    def __init__(self, target: Node) -> None:
        super().__init__()
        self._target = target
        self.steps: list[str] = []

    def enter(self, node: Node, _key: object, parent: object, _path: object, ancestors: Sequence[object]) -> object:
        if node is not self._target:
            return None
        trail = [each for each in (*ancestors, parent, node) if isinstance(each, Node)]
        self.steps = [step for step in map(_step, trail) if step is not None]
        return BREAK


def _path(ast: DocumentNode, error: GraphQLError) -> list[str]:
    """Name the operation or fragment and the fields down to the node at fault."""
    if not error.nodes:
        return []
    trail = _Trail(error.nodes[0])
    visit(ast, trail)
    return trail.steps


def _step(node: Node) -> str | None:
    if isinstance(node, FieldNode):
        return node.alias.value if node.alias else node.name.value
    if isinstance(node, OperationDefinitionNode):
        return f"{node.operation.value} {node.name.value}" if node.name else node.operation.value
    if isinstance(node, FragmentDefinitionNode):
        return f"fragment {node.name.value}"
    if isinstance(node, InlineFragmentNode):
        condition: NamedTypeNode | None = node.type_condition  # graphql-core's stubs leave the None out
        return "..." if condition is None else f"... on {condition.name.value}"
    if isinstance(node, FragmentSpreadNode):
        return f"... {node.name.value}"
    return node.name.value if isinstance(node, ArgumentNode) else None


def variable_error(error: GraphQLError, given: Mapping[str, Any]) -> dict[str, Any]:
    """Write a variable that does not fit its type as GitHub does."""
    definition = next((each for each in error.nodes or () if isinstance(each, VariableDefinitionNode)), None)
    if definition is None:
        return {"locations": locations(error.nodes or ()), "message": error.message}
    name, kind = definition.variable.name.value, print_ast(definition.type)
    value = given.get(name)
    _, _, reason = error.message.rpartition("; ")
    explanation = "Expected value to not be null" if value is None else reason
    return {
        "extensions": {"value": value, "problems": [{"path": [], "explanation": explanation}]},
        "locations": locations([definition]),
        "message": f"Variable ${name} of type {kind} was provided invalid value",
    }
