"""What a query costs, from its shape alone and before it runs: look-ups, points, nodes, pull requests touched.

The rule: every connection is one look-up for each parent that it could have if all pages above it were full. Plain
fields, `node` and `nodes` are none, but `nodes` has as many children as ids were given. Points are look-ups / 100, at
least 1. https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NamedTypeNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.collect_fields import should_include_node

NODE_LIMIT = 500_000
_TYPENAMES = ("__typename", "__schema", "__type")


@dataclass(slots=True)
class Shape:
    """The counts of one query with one set of variables."""

    lookups: int = 0
    nodes: int = 0
    pull_requests: int = 0
    too_deep: str | None = None
    dry_run: bool = False

    def points(self, rounding: str) -> int:
        """Give the price: look-ups / 100, to the nearest whole number or up, and never below 1."""
        rounded = -(-self.lookups // 100) if rounding == "up" else (self.lookups + 50) // 100
        return max(1, rounded)


@dataclass(frozen=True, slots=True)
class _Selected:
    """The field nodes that merge into one response key of one parent type."""

    parent: GraphQLNamedType
    nodes: list[FieldNode] = field(default_factory=list)


class Measurer:
    """Counts a query's shape; holds the schema, the fragments and the variables' values."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        """Measure with these coerced variables."""
        self._schema = schema
        self._fragments = fragments
        self._variables = dict(variables)
        self.shape = Shape()

    def measure(self, operation: OperationDefinitionNode) -> Shape:
        """Count the whole operation."""
        root = self._schema.query_type
        if root is not None:
            self._walk([(root, operation.selection_set)], 1)
        return self.shape

    def _walk(self, selections: list[tuple[GraphQLNamedType, SelectionSetNode]], parents: int) -> None:
        merged: dict[tuple[str, str], _Selected] = {}
        opened: set[str] = set()
        for parent, selection_set in selections:
            for owner, node in self._fields(parent, selection_set, opened):
                key = node.alias.value if node.alias else node.name.value
                merged.setdefault((owner.name, key), _Selected(owner)).nodes.append(node)
        for selected in merged.values():
            self._field(selected, parents)

    def _field(self, selected: _Selected, parents: int) -> None:
        node = selected.nodes[0]
        name = node.name.value
        if name in _TYPENAMES:
            return
        # A union has no fields but __typename, and an interface has them as an object type has.
        named = get_named_type(cast("GraphQLObjectType", selected.parent).fields[name].type)
        children = parents
        if named.name.endswith("Connection"):
            size = self._size(node)
            self.shape.lookups += parents
            children = parents * size
            self._count_nodes(name, children)
            if named.name == "PullRequestConnection":
                self.shape.pull_requests += children
        elif selected.parent.name == "Query" and name == "nodes":
            children = parents * self._ids(node)
        elif named.name == "PullRequest" and selected.parent.name == "Repository":
            self.shape.pull_requests += parents
        elif named.name == "RateLimit" and self._argument(node, "dryRun"):
            self.shape.dry_run = True
        below = [(named, each.selection_set) for each in selected.nodes if each.selection_set]
        if selected.parent.name == "Query" and name in {"node", "nodes"} and self._reaches_pull_request(below):
            self.shape.pull_requests += children
        self._walk(below, children)

    def _count_nodes(self, name: str, nodes: int) -> None:
        self.shape.nodes += nodes
        if self.shape.nodes > NODE_LIMIT and self.shape.too_deep is None:
            self.shape.too_deep = name

    def _size(self, node: FieldNode) -> int:
        first = self._argument(node, "first")
        size = first if first is not None else self._argument(node, "last")
        return max(0, size) if isinstance(size, int) else 0

    def _ids(self, node: FieldNode) -> int:
        ids = self._argument(node, "ids")
        if ids is None:
            return 0
        return len(ids) if isinstance(ids, (list, tuple)) else 1  # one value stands for a list of one

    def _argument(self, node: FieldNode, name: str) -> Any:  # noqa: ANN401 - an Int or a list of ids
        for argument in node.arguments:
            if argument.name.value == name:
                return self._value(argument.value)
        return None

    def _value(self, value: ValueNode) -> Any:  # noqa: ANN401 - as above
        if isinstance(value, VariableNode):
            return self._variables.get(value.name.value)
        if isinstance(value, NullValueNode):
            return None  # a written null is as good as no argument
        if isinstance(value, IntValueNode):
            return int(value.value)
        if isinstance(value, BooleanValueNode):
            return value.value
        if isinstance(value, ListValueNode):
            return value.values
        return value

    def _reaches_pull_request(self, selections: list[tuple[GraphQLNamedType, SelectionSetNode]]) -> bool:
        return any(
            owner.name == "PullRequest"
            for parent, selection_set in selections
            for owner, _node in self._fields(parent, selection_set, set())
        )

    def _fields(
        self, parent: GraphQLNamedType, selection_set: SelectionSetNode, opened: set[str]
    ) -> Iterator[tuple[GraphQLNamedType, FieldNode]]:
        """Give the fields with the type that each is asked of; a fragment opens once, @skip and @include hold."""
        for selection in selection_set.selections:
            if not should_include_node(self._variables, cast("FieldNode", selection)):
                continue
            if isinstance(selection, FieldNode):
                yield parent, selection
            elif isinstance(selection, InlineFragmentNode):
                condition: NamedTypeNode | None = selection.type_condition  # graphql-core's stubs leave the None out
                owner = parent if condition is None else self._schema.type_map[condition.name.value]
                yield from self._fields(owner, selection.selection_set, opened)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in opened:
                opened.add(selection.name.value)
                fragment = self._fragments[selection.name.value]
                owner = self._schema.type_map[fragment.type_condition.name.value]
                yield from self._fields(owner, fragment.selection_set, opened)
