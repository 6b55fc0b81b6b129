"""The GraphQL endpoint without HTTP: prices a query before it runs, then runs it; keeps no budget itself."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import msgspec
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, SelectionSetNode
from graphql.execution.collect_fields import collect_fields

from github_sandbox.graphql.compiler import Compiler
from github_sandbox.graphql.documents import REMEMBERED, Document, Documents, Plan
from github_sandbox.graphql.errors import RefusedQueryError
from github_sandbox.graphql.execution import Asker, Execution, RateView
from github_sandbox.graphql.reference import Reference
from github_sandbox.graphql.schema import load_schema
from github_sandbox.graphql.shape import NODE_LIMIT, Measurer, Shape
from github_sandbox.graphql.tables import connection_table, resolver_table
from github_sandbox.model import World

Rounding = Literal["nearest", "up"]

_ANSWERED_DRY = frozenset({"rateLimit", "__typename"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A query that may run, and what it will cost; all of it is known before execution.

    `pull_requests` estimates how many pull requests it touches when every page is full. A `dry_run` query asks for its
    price only, and gets only that (https://docs.github.com/en/graphql/reference/queries#ratelimit).
    """

    document: Document
    operation: OperationDefinitionNode
    given: Mapping[str, Any]
    variables: dict[str, Any]
    cost: int
    lookups: int
    node_count: int
    pull_requests: int
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Executed:
    """An answer: its `errors`, and its data in a form that is quick to write."""

    tree: Any
    errors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def data(self) -> dict[str, Any] | None:
        """Give the data as plain dicts and lists, made anew at each call."""
        return cast("dict[str, Any] | None", msgspec.to_builtins(self.tree))

    def body(self) -> bytes:
        """Write the answer as JSON; lone surrogates, which UTF-8 cannot carry, become escapes."""
        answer = {"data": self.tree, "errors": self.errors} if self.errors else {"data": self.tree}
        try:
            return msgspec.json.encode(answer)
        except UnicodeEncodeError:
            return json.dumps(msgspec.to_builtins(answer), separators=(",", ":")).encode("ascii")


class GraphQLService:
    """Answers GraphQL queries over one world; one request at a time, in one thread."""

    def __init__(self, world: World, *, rounding: Rounding = "nearest", resource_limit: int = 0) -> None:
        """Build schema and tables; `rounding` is how look-ups / 100 become points.

        `resource_limit` is how many records the connections of one answer may hold; 0 is no limit.
        """
        self._world = world
        self._rounding = rounding
        self._resource_limit = resource_limit
        self._schema = load_schema()
        self._documents = Documents(self._schema)
        self._resolvers = resolver_table(self._schema)
        self._connections = connection_table()
        self._reference = Reference(self._schema, self._resolvers, self._connections)

    def prepare(self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None = None) -> Prepared:
        """Parse, validate and price a query; RefusedQueryError carries the `errors` of one that will not run.

        A refused query costs nothing. Over 500,000 possible nodes is refused:
        https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
        """
        document = self._documents.get(query)
        operation = document.operation(operation_name)
        given = variables or {}
        coerced = self._documents.variables(operation, given)
        shape = self._shape(document, operation, coerced)
        _check_nodes(shape)
        return Prepared(
            document=document,
            operation=operation,
            given=given,
            variables=coerced,
            cost=shape.points(self._rounding),
            lookups=shape.lookups,
            node_count=shape.nodes,
            pull_requests=shape.pull_requests,
            dry_run=shape.dry_run,
        )

    def execute(self, prepared: Prepared, *, asker: Asker, rate: RateView) -> Executed:
        """Run a prepared query for `asker`: introspection on graphql-core, all else on the compiled plan, alike."""
        if prepared.document.introspects:
            return self.execute_by_reference(prepared, asker=asker, rate=rate)
        execution = self._execution(prepared, asker, rate)
        try:
            data = self._plan(prepared)(execution)
        except GraphQLError:  # an argument that cannot be coerced: graphql-core words and places it
            return self.execute_by_reference(prepared, asker=asker, rate=rate)
        execution.errors.sort(key=_place)  # as graphql-core does
        return Executed(data, execution.errors)

    def execute_by_reference(self, prepared: Prepared, *, asker: Asker, rate: RateView) -> Executed:
        """Run a prepared query on graphql-core, whatever it is; proves that the compiled plan answers alike."""
        execution = self._execution(prepared, asker, rate)
        definitions = (self._to_run(prepared), *prepared.document.fragments.values())
        data = self._reference.execute(DocumentNode(definitions=definitions), prepared.given, execution)
        return Executed(data, execution.errors)

    def _execution(self, prepared: Prepared, asker: Asker, rate: RateView) -> Execution:
        return Execution(
            world=self._world,
            asker=asker,
            rate=rate,
            cost=prepared.cost,
            node_count=prepared.node_count,
            variables=prepared.variables,
            resource_limit=self._resource_limit,
        )

    def _shape(self, document: Document, operation: OperationDefinitionNode, variables: dict[str, Any]) -> Shape:
        """Measure a query once for each set of page sizes, numbers of ids and directives that it comes with."""
        key = (id(operation), *((name, _size_of(each)) for name, each in variables.items()))
        shape = document.shapes.get(key)
        if shape is None:
            shape = Measurer(self._schema, document.fragments, variables).measure(operation)
            if len(document.shapes) >= REMEMBERED:
                document.shapes.clear()
            document.shapes[key] = shape
        return shape

    def _plan(self, prepared: Prepared) -> Plan:
        """Give the compiled plan; it depends on the operation and on what @skip and @include are told."""
        document = prepared.document
        key = (id(prepared.operation), prepared.dry_run, *(prepared.variables.get(name) for name in document.deciding))
        plan = document.plans.get(key)
        if plan is None:
            compiler = Compiler(
                self._schema, document.fragments, prepared.variables, self._resolvers, self._connections
            )
            plan = document.plans[key] = compiler.operation(self._to_run(prepared))
        return plan

    def _to_run(self, prepared: Prepared) -> OperationDefinitionNode:
        """Leave of a dry run what it answers, its price; any other query is run as it is."""
        operation, root = prepared.operation, self._schema.query_type
        if not prepared.dry_run or root is None:
            return operation
        fields = collect_fields(
            self._schema, prepared.document.fragments, prepared.variables, root, operation.selection_set
        )
        kept = [node for nodes in fields.values() for node in nodes if node.name.value in _ANSWERED_DRY]
        return OperationDefinitionNode(
            operation=operation.operation,
            variable_definitions=operation.variable_definitions,
            selection_set=SelectionSetNode(selections=tuple(kept)),
            loc=operation.loc,
        )


def _place(error: dict[str, Any]) -> tuple[list[tuple[int, int]], list[str | int], str]:
    return [(spot["line"], spot["column"]) for spot in error["locations"]], error["path"], error["message"]


def _size_of(value: object) -> object:
    """Keep of a variable's value what a query's shape can depend on: numbers, flags and lengths of lists."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) else None


def _check_nodes(shape: Shape) -> None:
    if shape.too_deep is not None:
        raise RefusedQueryError(
            [
                {
                    "type": "MAX_NODE_LIMIT_EXCEEDED",
                    "message": f"By the time this query traverses to the {shape.too_deep} connection, it is requesting "
                    f"up to {shape.nodes:,} possible nodes which exceeds the maximum limit of {NODE_LIMIT:,}.",
                }
            ],
            data_is_null=True,
        )
