"""Execution by graphql-core over the same tables: for introspection, and as proof of `compiler`."""

from collections.abc import Mapping
from typing import Any, cast

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    execute_sync,
)
from graphql.execution.collect_fields import collect_sub_fields

from github_sandbox.graphql.compiler import ITEM_FIELDS, PAGE_FIELDS
from github_sandbox.graphql.errors import FieldError, wire_form
from github_sandbox.graphql.execution import Connector, Execution, Resolver
from github_sandbox.graphql.pages import Page, page_request


class Reference:
    """Executes documents with graphql-core, ten to twenty times slower than the compiler."""

    def __init__(
        self,
        schema: GraphQLSchema,
        resolvers: Mapping[str, Mapping[str, Resolver]],
        connections: Mapping[str, Mapping[str, Connector]],
    ) -> None:
        """Take the tables that the compiler uses."""
        self._schema = schema
        self._resolvers = resolvers
        self._connections = connections

    def execute(self, document: DocumentNode, given: Mapping[str, Any], execution: Execution) -> dict[str, Any] | None:
        """Run the one operation of `document`: give `data`, list the errors in `execution`."""

        def resolve(source: Any, info: GraphQLResolveInfo, **args: Any) -> Any:  # noqa: ANN401 - any source and value
            return self._value(source, info, args)

        result = execute_sync(
            self._schema,
            document,
            root_value={},
            context_value=execution,
            variable_values=dict(given),
            field_resolver=resolve,
            type_resolver=lambda value, *_: value["__typename"],
        )
        execution.errors.extend(map(_wire, result.errors or ()))
        return result.data

    def _value(self, source: Any, info: GraphQLResolveInfo, args: dict[str, Any]) -> Any:  # noqa: ANN401 - as above
        name, execution = info.field_name, cast("Execution", info.context)
        connector = self._connections.get(info.parent_type.name, {}).get(name)
        if connector is not None:
            selected = self._selected(info)
            request = page_request(name, args, selects_items=bool(selected & ITEM_FIELDS))
            return execution.hold(Page(connector(source, args, execution), request, cut=bool(selected & PAGE_FIELDS)))
        resolver = self._resolvers.get(info.parent_type.name, {}).get(name)
        return source.get(name) if resolver is None else resolver(source, args, execution)

    def _selected(self, info: GraphQLResolveInfo) -> set[str]:
        kind = info.return_type.of_type if isinstance(info.return_type, GraphQLNonNull) else info.return_type
        below = collect_sub_fields(
            self._schema, info.fragments, info.variable_values, cast("GraphQLObjectType", kind), info.field_nodes
        )
        return {nodes[0].name.value for nodes in below.values()}


def _wire(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    known = cause if isinstance(cause, FieldError) else FieldError(error.message)
    return wire_form(known, cast("Any", error.nodes or ()), error.path or ())
