"""A validated query compiled into closures over records: the fast way to execute; `reference` is the proof of it."""

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

from github_sandbox.graphql.errors import not_possible
from github_sandbox.graphql.execution import Arguments, Connector, Execution, Resolver
from github_sandbox.graphql.pages import Page, page_request
from github_sandbox.graphql.steps import (
    Nulled,
    Place,
    Step,
    asked,
    in_order,
    listed,
    plain,
    referenced,
    resolved,
    swept,
)

Selected: TypeAlias = dict[str, list[FieldNode]]

ITEM_FIELDS = frozenset({"nodes", "edges"})
PAGE_FIELDS = ITEM_FIELDS | {"pageInfo", "pageCount", "filteredCount"}


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
        """Compile a selection on one object type."""
        steps = [(key, self._field(parent, nodes, depth)) for key, nodes in fields.items()]
        careful = in_order(steps, depth)
        names = [(key, nodes[0].name.value) for key, nodes in fields.items()]
        leaves = [name for _key, name in names if self._is_plain(parent, name)]
        if not leaves:
            return careful
        promised = [name for name in leaves if isinstance(parent.fields[name].type, GraphQLNonNull)]
        special = [keyed for keyed, (_key, name) in zip(steps, names, strict=True) if name not in leaves]
        # A special field's place is held by something that every record has, until its step fills it.
        held = [(key, name if name in leaves else leaves[0]) for key, name in names]
        return swept(held, promised, special, careful, depth)

    def _is_plain(self, parent: GraphQLObjectType, name: str) -> bool:
        """Say whether the field is a leaf that the record holds under the field's own name."""
        if name == "__typename" or name in self._resolvers.get(parent.name, ()):
            return False
        return is_leaf_type(_without_promise(parent.fields[name].type))

    def _field(self, parent: GraphQLObjectType, nodes: list[FieldNode], depth: int) -> Step:
        name = nodes[0].name.value
        if name == "__typename":
            type_name = parent.name
            return lambda _record, _execution: type_name
        definition = parent.fields[name]
        place = Place(parent.name, name, nodes, depth, nullable=not isinstance(definition.type, GraphQLNonNull))
        complete = self._complete(definition.type, place)
        connector = self._connections.get(parent.name, {}).get(name)
        if connector is not None:
            return resolved(self._page(connector, definition, nodes), complete, place)
        resolver = self._resolvers.get(parent.name, {}).get(name)
        if resolver is None:
            return plain(name, place) if complete is None else referenced(name, complete, place)
        if not definition.args:
            return asked(resolver, complete, place)
        return resolved(self._with_arguments(resolver, definition, nodes), complete, place)

    def _with_arguments(self, resolver: Resolver, definition: GraphQLField, nodes: list[FieldNode]) -> Step:
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
        selected = self._below(cast("GraphQLObjectType", _without_promise(definition.type)), nodes)
        names = {each[0].name.value for each in selected.values()}
        selects_items, cut = bool(names & ITEM_FIELDS), bool(names & PAGE_FIELDS)

        def page(record: Any, execution: Execution) -> Page:  # noqa: ANN401 - any source of the type
            prepared = execution.arguments.get(slot)
            if prepared is None:
                args = get_argument_values(definition, node, execution.variables)
                prepared = args, page_request(name, args, selects_items=selects_items)
                execution.arguments[slot] = prepared
            args, request = prepared
            return execution.hold(Page(connector(record, args, execution), request, cut=cut))

        return page

    def _complete(self, kind: GraphQLOutputType, place: Place) -> Step | None:
        """Compile what becomes of a value that is not None; None when it is a leaf, or a list of them."""
        bare = _without_promise(kind)
        if isinstance(bare, GraphQLList):
            nullable = not isinstance(bare.of_type, GraphQLNonNull)
            items = Place(place.parent, place.field, place.nodes, place.depth + 1, nullable)
            complete = self._complete(bare.of_type, items)
            return None if complete is None else listed(complete, items)
        if is_leaf_type(bare):
            return None
        if is_abstract_type(bare):
            return self._abstract(cast("GraphQLAbstractType", bare), place)
        named = cast("GraphQLObjectType", bare)
        return self._object(named, self._below(named, place.nodes), place.depth + 1)

    def _abstract(self, kind: GraphQLAbstractType, place: Place) -> Step:
        """Compile an interface or union: one closure for each type that shows up, made when it does."""
        by_type: dict[str, Step] = {}

        def dispatch(record: Any, execution: Execution) -> Any:  # noqa: ANN401 - JSON
            name = record["__typename"]
            run = by_type.get(name)
            if run is None:
                named = cast("GraphQLObjectType", self._schema.type_map[name])
                if not self._schema.is_sub_type(kind, named):
                    raise not_possible(name, kind.name)
                run = by_type[name] = self._object(named, self._below(named, place.nodes), place.depth + 1)
            return run(record, execution)

        return dispatch

    def _below(self, kind: GraphQLObjectType, nodes: list[FieldNode]) -> Selected:
        return collect_sub_fields(self._schema, self._fragments, self._variables, kind, nodes)


def _without_promise(kind: GraphQLOutputType) -> GraphQLOutputType:
    return cast("GraphQLOutputType", kind.of_type) if isinstance(kind, GraphQLNonNull) else kind
