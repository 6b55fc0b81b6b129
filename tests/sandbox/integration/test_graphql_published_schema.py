"""Every type, field, argument and nullability that is served is GitHub's own.

The published schema is the npm package `@octokit/graphql-schema`; `npm ci` puts it where this test reads it.
"""

from functools import cache
from pathlib import Path

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_ast_schema,
    parse,
    validate_schema,
)

from github_sandbox.graphql.schema import load_schema

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "node_modules" / "@octokit" / "graphql-schema" / "schema.graphql"

pytestmark = pytest.mark.skipif(
    not (ROOT / "node_modules").is_dir(), reason="node_modules is absent: `npm ci` installs the published schema"
)


@cache
def published() -> GraphQLSchema:
    # Its text repeats some fields, which graphql-core refuses unless told to assume that all is well.
    document = parse(PUBLISHED.read_text(encoding="utf-8"), no_location=True)
    return build_ast_schema(document, assume_valid=True, assume_valid_sdl=True)


def served_types() -> list[GraphQLNamedType]:
    return [each for name, each in load_schema().type_map.items() if not name.startswith("__")]


def arguments(given: dict[str, GraphQLArgument]) -> dict[str, tuple[str, object]]:
    return {name: (str(each.type), each.default_value) for name, each in given.items()}


def theirs(kind: GraphQLNamedType) -> GraphQLNamedType:
    found = published().type_map.get(kind.name)
    assert found is not None, f"GitHub has no type {kind.name}"
    assert type(found) is type(kind)
    return found


def test_the_served_schema_is_valid_by_itself() -> None:
    assert validate_schema(load_schema()) == []


@pytest.mark.parametrize("kind", served_types(), ids=lambda kind: kind.name)
def test_a_served_type_is_githubs_own(kind: GraphQLNamedType) -> None:
    other = theirs(kind)
    if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
        assert isinstance(other, (GraphQLObjectType, GraphQLInterfaceType))
        for name, field in kind.fields.items():
            assert name in other.fields, f"GitHub has no field {kind.name}.{name}"
            assert str(field.type) == str(other.fields[name].type), name
            assert arguments(field.args) == arguments(other.fields[name].args), name
            assert (field.deprecation_reason is None) == (other.fields[name].deprecation_reason is None), name
        assert {each.name for each in kind.interfaces} <= {each.name for each in other.interfaces}
    elif isinstance(kind, GraphQLUnionType):
        assert isinstance(other, GraphQLUnionType)
        assert {each.name for each in kind.types} <= {each.name for each in other.types}
    elif isinstance(kind, GraphQLEnumType):
        assert isinstance(other, GraphQLEnumType)
        assert set(kind.values) == set(other.values)
    elif isinstance(kind, GraphQLInputObjectType):
        assert isinstance(other, GraphQLInputObjectType)
        mine = {name: (str(each.type), each.default_value) for name, each in kind.fields.items()}
        assert mine == {name: (str(each.type), each.default_value) for name, each in other.fields.items()}
    else:
        assert isinstance(kind, GraphQLScalarType)


def test_what_an_object_implements_here_it_implements_wholly() -> None:
    """A client's `... on Comment` must reach every type that GitHub's reaches, among those served."""
    schema, github = load_schema(), published()
    for kind in served_types():
        if isinstance(kind, GraphQLInterfaceType):
            github_kind = github.type_map[kind.name]
            assert isinstance(github_kind, GraphQLInterfaceType)
            wanted = {each.name for each in github.get_possible_types(github_kind)} & set(schema.type_map)
            assert {each.name for each in schema.get_possible_types(kind)} == wanted - {"Query"}, kind.name
