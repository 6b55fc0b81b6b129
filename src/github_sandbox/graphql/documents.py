"""Query texts parsed and validated, and remembered by text; refusals are written as GitHub writes them."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)
from graphql.execution.values import get_variable_values
from graphql.language import DirectiveNode

from github_sandbox.graphql.errors import RefusedQueryError, locations
from github_sandbox.graphql.execution import Execution
from github_sandbox.graphql.refusals import validation_error, variable_error
from github_sandbox.graphql.shape import Shape

Plan: TypeAlias = Callable[[Execution], dict[str, Any] | None]

REMEMBERED = 512


@dataclass(slots=True)
class Document:
    """One valid query text, with what was made of it; `deciding` names the variables of @skip and @include."""

    operations: dict[str | None, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    deciding: tuple[str, ...]
    introspects: bool
    plans: dict[tuple[Any, ...], Plan] = field(default_factory=dict)
    shapes: dict[tuple[Any, ...], Shape] = field(default_factory=dict)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Choose the operation to run, the only one when none is named; RefusedQueryError when that is not clear."""
        found = self.operations.get(name) if name is not None else next(iter(self.operations.values()), None)
        if found is None:
            raise RefusedQueryError([{"message": f"No operation named {_quoted(name)}"}])
        if name is None and len(self.operations) > 1:
            raise RefusedQueryError([{"message": "An operation name is required"}])
        return found


class Documents:
    """Parses and validates each text once; the least recently used of many are forgotten."""

    def __init__(self, schema: GraphQLSchema) -> None:
        """Validate against `schema`."""
        self._schema = schema
        self._known: OrderedDict[str, Document] = OrderedDict()

    def get(self, text: str) -> Document:
        """Give the document of `text`; RefusedQueryError with GitHub's errors when it is not valid."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        document = self._read(text)
        self._known[text] = document
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return document

    def variables(self, operation: OperationDefinitionNode, given: Mapping[str, Any]) -> dict[str, Any]:
        """Coerce the variables that came with the request; RefusedQueryError when one does not fit its type."""
        values = get_variable_values(self._schema, operation.variable_definitions or (), dict(given))
        if isinstance(values, list):
            raise RefusedQueryError([variable_error(each, given) for each in values])
        return values

    def _read(self, text: str) -> Document:
        ast = _valid(self._schema, text)
        found = _Findings()
        visit(ast, found)
        for operation in found.operations.values():
            if operation.operation is not OperationType.QUERY:
                raise RefusedQueryError(
                    [{"locations": locations([operation]), "message": "This server answers queries only"}]
                )
        return Document(found.operations, found.fragments, tuple(sorted(found.deciding)), introspects=found.introspects)


@lru_cache(maxsize=REMEMBERED)
def _valid(schema: GraphQLSchema, text: str) -> DocumentNode:
    """Parse and validate, once for all services of a process: a large query takes a tenth of a second."""
    try:
        ast = parse(text)
    except GraphQLError as error:
        spots = [{"line": each.line, "column": each.column} for each in error.locations or ()]
        raise RefusedQueryError([{"locations": spots, "message": f"Parse error: {error.message}"}]) from None
    problems = validate(schema, ast)
    if problems:
        raise RefusedQueryError([validation_error(ast, each) for each in problems])
    return ast


class _Findings(Visitor):
    """Collects from a document what execution needs to know of it."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: dict[str | None, OperationDefinitionNode] = {}
        self.fragments: dict[str, FragmentDefinitionNode] = {}
        self.deciding: set[str] = set()
        self.introspects = False

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: object) -> None:
        self.operations[node.name.value if node.name else None] = node

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: object) -> None:
        self.fragments[node.name.value] = node

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.deciding.update(each.value.name.value for each in node.arguments if isinstance(each.value, VariableNode))

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.introspects |= node.name.value in {"__schema", "__type"}


def _quoted(name: str | None) -> str:
    return f'"{name}"'
