"""Every type, field, argument and nullability that is served is GitHub's own."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    validate_schema,
)

from github_sandbox.graphql.schema import load_schema
from tests.support.published import NODE_MODULES, published

pytestmark = pytest.mark.skipif(
    not NODE_MODULES.is_dir(), reason="node_modules is absent: `npm ci` installs the published schema"
)


def served_types() -> list[GraphQLNamedType]:
    return [each for name, each in load_schema().type_map.items() if not name.startswith("__")]


def arguments(given: dict[str, GraphQLArgument]) -> dict[str, tuple[str, object]]:
    return {name: (str(each.type), each.default_value) for name, each in given.items()}


def test_the_served_schema_is_valid_by_itself() -> None:
    assert validate_schema(load_schema()) == []


def test_every_served_type_is_githubs_own() -> None:
    served = served_types()
    assert len(served) > 100
    assert [f"{kind.name}: {what}" for kind in served for what in differences(kind)] == []


def differences(kind: GraphQLNamedType) -> Iterator[str]:
    """In what a type is not GitHub's; GitHub's may have more fields, interfaces and members of a union."""
    match kind, published().type_map.get(kind.name):
        case (GraphQLObjectType(), GraphQLObjectType()) | (GraphQLInterfaceType(), GraphQLInterfaceType()) as both:
            mine, theirs = both
            yield from of_fields(mine, theirs)
        case GraphQLUnionType() as mine, GraphQLUnionType() as theirs:
            yield from ({each.name for each in mine.types} - {each.name for each in theirs.types})
        case GraphQLEnumType() as mine, GraphQLEnumType() as theirs:
            yield from set(mine.values) ^ set(theirs.values)
        case GraphQLInputObjectType() as mine, GraphQLInputObjectType() as theirs:
            one, other = (
                {(name, str(x.type), repr(x.default_value)) for name, x in each.fields.items()}
                for each in (mine, theirs)
            )
            yield from map(str, one ^ other)
        case GraphQLScalarType(), GraphQLScalarType():
            pass
        case _, other:
            yield f"GitHub's is {other!r}"


def of_fields(
    mine: GraphQLObjectType | GraphQLInterfaceType, theirs: GraphQLObjectType | GraphQLInterfaceType
) -> Iterator[str]:
    for name, field in mine.fields.items():
        other = theirs.fields.get(name)
        if other is None:
            yield f"GitHub has no field {name}"
            continue
        if str(field.type) != str(other.type):
            yield f"{name} is {other.type}"
        if arguments(field.args) != arguments(other.args):
            yield f"{name} takes {arguments(other.args)}"
        if (field.deprecation_reason is None) != (other.deprecation_reason is None):
            yield f"{name} is deprecated by one alone"
    yield from ({each.name for each in mine.interfaces} - {each.name for each in theirs.interfaces})


def test_what_an_object_implements_here_it_implements_wholly() -> None:
    """A client's `... on Comment` must reach every type that GitHub's reaches, among those served."""
    schema, github = load_schema(), published()
    for kind in served_types():
        if isinstance(kind, GraphQLInterfaceType):
            github_kind = github.type_map[kind.name]
            assert isinstance(github_kind, GraphQLInterfaceType)
            wanted = {each.name for each in github.get_possible_types(github_kind)} & set(schema.type_map)
            assert {each.name for each in schema.get_possible_types(kind)} == wanted - {"Query"}, kind.name
