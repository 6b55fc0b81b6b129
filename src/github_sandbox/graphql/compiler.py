"""A validated query as a tree of closures over records: the fast way to execute; it agrees with `reference` in all."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeAlias, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import collect_fields, collect_sub_fields
from graphql.execution.values import get_argument_values

from github_sandbox.graphql.errors import FieldError, null_in_non_null
from github_sandbox.graphql.execution import Arguments, Connector, Execution, Resolver
from github_sandbox.graphql.pages import Page, page_request

Step: TypeAlias = Callable[[Any, Execution], Any]
Selected: TypeAlias = dict[str, list[FieldNode]]

ITEM_FIELDS = frozenset({"nodes", "edges"})
PAGE_FIELDS = ITEM_FIELDS | {"pageInfo", "pageCount", "filteredCount"}


class Nulled(Exception):  # noqa: N818 - a signal, not an error: the error is reported already
    """A null on its way up to the nearest place that may hold it."""


class Compiler:
    """Compiles one operation; `variables` decide only what @skip and @include leave, all else is read per request."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        variables: dict[str, Any],
        resolvers: Mapping[str, Mapping[str, Resolver]],
        connections: Mapping[str, Mapping[str, Connector]],
    ) -> None:
        """Take the tables that `reference` uses too, so that both engines see the same values."""
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._resolvers = resolvers
        self._connections = connections
        self._slots = count()

    def operation(self, operation: OperationDefinitionNode) -> Callable[[Execution], dict[str, Any] | None]:
        """Compile a query; the answer is `data`, and its errors are in the execution."""
        root = cast("GraphQLObjectType", self._schema.query_type)
        fields = collect_fields(self._schema, self._fragments, self._variables, root, operation.selection_set)
        run = self._object(root, fields, 0)

        def execute(execution: Execution) -> dict[str, Any] | None:
            try:
                return cast("dict[str, Any]", run({}, execution))
            except Nulled:
                return None

        return execute

    def _object(self, parent: GraphQLObjectType, fields: Selected, depth: int) -> Step:
        """Compile a selection on one object type: plain leaves in one sweep, the rest step by step, in query order."""
        keys, names, promised, special, steps = [], [], [], [], []
        for key, nodes in fields.items():
            name = nodes[0].name.value
            step = self._field(parent, key, nodes, depth)
            steps.append((key, step))
            keys.append(key)
            names.append(name)
            if not self._is_plain(parent, name):
                special.append((key, step))
            elif isinstance(parent.fields[name].type, GraphQLNonNull):
                promised.append(name)

        def in_order(record: Any, execution: Execution) -> dict[str, Any]:  # noqa: ANN401 - any source of the type
            path, out = execution.path, {}
            for key, step in steps:
                path[depth] = key
                out[key] = step(record, execution)
            return out

        if len(special) == len(steps):
            return in_order

        def sweep(record: Any, execution: Execution) -> dict[str, Any]:  # noqa: ANN401 - any source of the type
            get = record.get
            if promised and None in map(get, promised):
                return in_order(record, execution)
            out = dict(zip(keys, map(get, names), strict=True))
            path = execution.path
            for key, step in special:
                path[depth] = key
                out[key] = step(record, execution)
            return out

        return sweep

    def _is_plain(self, parent: GraphQLObjectType, name: str) -> bool:
        """Say whether the field is a leaf that the record holds under the field's own name."""
        if name == "__typename" or name in self._resolvers.get(parent.name, ()):
            return False
        kind = parent.fields[name].type
        return is_leaf_type(kind.of_type if isinstance(kind, GraphQLNonNull) else kind)

    def _field(self, parent: GraphQLObjectType, key: str, nodes: list[FieldNode], depth: int) -> Step:
        """Compile one field: resolve, complete, and turn an error or a broken promise into a null at the right place."""
        name = nodes[0].name.value
        if name == "__typename":
            type_name = parent.name
            return lambda _record, _execution: type_name
        definition = parent.fields[name]
        nullable = not isinstance(definition.type, GraphQLNonNull)
        resolve = self._resolve(parent, name, definition, nodes)
        complete = self._complete(definition.type, nodes, parent, depth + 1)

        def step(record: Any, execution: Execution) -> Any:  # noqa: ANN401 - JSON
            try:
                value = resolve(record, execution)
                if value is not None:
                    return value if complete is None else complete(value, execution)
                if nullable:
                    return None
                raise null_in_non_null(parent.name, name)
            except Nulled:
                if nullable:
                    return None
                raise
            except FieldError as error:
                execution.report(error, nodes, depth)
                if nullable:
                    return None
                raise Nulled from None

        return step

    def _resolve(self, parent: GraphQLObjectType, name: str, definition: GraphQLField, nodes: list[FieldNode]) -> Step:
        connector = self._connections.get(parent.name, {}).get(name)
        if connector is not None:
            return self._page(connector, definition, nodes)
        resolver = self._resolvers.get(parent.name, {}).get(name)
        if resolver is None:
            return lambda record, _execution: record.get(name)
        if not definition.args:
            return lambda record, execution: resolver(record, {}, execution)
        slot, node = next(self._slots), nodes[0]

        def with_arguments(record: Any, execution: Execution) -> Any:  # noqa: ANN401 - any source, any value
            args: Arguments | None = execution.arguments.get(slot)
            if args is None:
                args = execution.arguments[slot] = get_argument_values(definition, node, execution.variables)
            return resolver(record, args, execution)

        return with_arguments

    def _page(self, connector: Connector, definition: GraphQLField, nodes: list[FieldNode]) -> Step:
        """Compile a connection: the arguments are checked once per request, the page is cut per parent."""
        slot, node, name = next(self._slots), nodes[0], nodes[0].name.value
        named = definition.type.of_type if isinstance(definition.type, GraphQLNonNull) else definition.type
        selected = self._below(cast("GraphQLObjectType", named), nodes)
        names = {each[0].name.value for each in selected.values()}
        selects_items, cut = bool(names & ITEM_FIELDS), bool(names & PAGE_FIELDS)

        def page(record: Any, execution: Execution) -> Page | None:  # noqa: ANN401 - any source of the type
            prepared = execution.arguments.get(slot)
            if prepared is None:
                args = get_argument_values(definition, node, execution.variables)
                prepared = args, page_request(name, args, selects_items=selects_items)
                execution.arguments[slot] = prepared
            args, request = prepared
            return Page(connector(record, args, execution), request, cut=cut)

        return page

    def _complete(
        self, kind: GraphQLOutputType, nodes: list[FieldNode], parent: GraphQLObjectType, depth: int
    ) -> Step | None:
        """Compile what becomes of a value that is not None; nothing does of a leaf."""
        if isinstance(kind, GraphQLNonNull):
            return self._complete(kind.of_type, nodes, parent, depth)
        if isinstance(kind, GraphQLList):
            return self._list(kind.of_type, nodes, parent, depth)
        if is_leaf_type(kind):
            return None
        if is_abstract_type(kind):
            return self._abstract(cast("GraphQLAbstractType", kind), nodes, depth)
        named = cast("GraphQLObjectType", kind)
        return self._object(named, self._below(named, nodes), depth)

    def _list(
        self, kind: GraphQLOutputType, nodes: list[FieldNode], parent: GraphQLObjectType, depth: int
    ) -> Step | None:
        complete = self._complete(kind, nodes, parent, depth + 1)
        nullable = not isinstance(kind, GraphQLNonNull)
        field = nodes[0].name.value
        if complete is None:
            return None

        def item(value: Any, execution: Execution) -> Any:  # noqa: ANN401 - JSON
            try:
                if value.__class__ is FieldError:
                    raise value
                if value is not None:
                    return complete(value, execution)
                if nullable:
                    return None
                raise null_in_non_null(parent.name, field)
            except Nulled:
                if nullable:
                    return None
                raise
            except FieldError as error:
                execution.report(error, nodes, depth)
                if nullable:
                    return None
                raise Nulled from None

        def items(values: Any, execution: Execution) -> list[Any]:  # noqa: ANN401 - any sequence
            path, out = execution.path, []
            for index, value in enumerate(values):
                path[depth] = index
                out.append(item(value, execution))
            return out

        return items

    def _abstract(self, kind: GraphQLAbstractType, nodes: list[FieldNode], depth: int) -> Step:
        """Compile an interface or union: one closure for each type that shows up, made when it does."""
        by_type: dict[str, Step] = {}

        def dispatch(record: Any, execution: Execution) -> Any:  # noqa: ANN401 - JSON
            name = record["__typename"]
            run = by_type.get(name)
            if run is None:
                named = cast("GraphQLObjectType", self._schema.type_map[name])
                run = by_type[name] = self._object(named, self._below(named, nodes), depth)
            return run(record, execution)

        return dispatch

    def _below(self, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Selected:
        return collect_sub_fields(self._schema, self._fragments, self._variables, kind, nodes)
