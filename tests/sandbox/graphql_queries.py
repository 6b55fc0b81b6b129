"""Random valid queries over the served schema, for the test that both engines give the same answer."""

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)
from hypothesis import strategies as st

from github_sandbox.graphql.schema import load_schema
from github_sandbox.world.node_ids import node_id
from tests.sandbox.graphql_world import REPOSITORY_ID

SCHEMA = load_schema()
DEEPEST = 5

IDS = (
    node_id("PullRequest", REPOSITORY_ID, 400_000_012),
    node_id("PullRequest", REPOSITORY_ID, 400_000_016),
    node_id("PullRequestReview", REPOSITORY_ID, 12_001),
    node_id("PullRequestReviewThread", REPOSITORY_ID, 14_000),
    node_id("User", 11),
    node_id("Bot", 13),
    node_id("Repository", REPOSITORY_ID),
    "missing",
)
GIVEN = {
    ("Query", "repository", "owner"): ('"acme"',),
    ("Query", "repository", "name"): ('"app"', '"app"', '"app"', '"missing"'),
    ("Repository", "pullRequest", "number"): ("12", "14", "16", "7"),
    ("Repository", "issue", "number"): ("7", "12"),
    ("Repository", "issueOrPullRequest", "number"): ("7", "12", "999"),
    ("Query", "node", "id"): tuple(f'"{each}"' for each in IDS),
    ("Query", "nodes", "ids"): (f'["{IDS[0]}", "{IDS[7]}"]', "[" + ", ".join(f'"{each}"' for each in IDS) + "]"),
    ("Query", "search", "query"): ('"repo:acme/app is:pr"', '"repo:acme/app is:issue sort:created-asc"'),
    ("Query", "resource", "url"): ('"https://github.com/acme/app/pull/12"', '"https://github.com/acme"'),
}


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Draw a query: fields, aliases, arguments, inline fragments, @skip and @include."""
    root = SCHEMA.query_type
    assert root is not None
    body = selection(draw, root, 0)
    used = "again: __typename @skip(if: $no) @include(if: $yes)"
    return f"query($yes: Boolean! = true, $no: Boolean! = false) {{ {body} {used} }}"


def selection(draw: st.DrawFn, kind: GraphQLNamedType, depth: int) -> str:
    parts = ["__typename"] if draw(st.booleans()) or isinstance(kind, GraphQLUnionType) else []
    if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
        parts += fields(draw, kind, depth)
    if is_abstract_type(kind):
        possible = sorted(SCHEMA.get_possible_types(kind), key=lambda each: each.name)  # type: ignore[arg-type]  # just asked
        chosen = draw(st.lists(st.sampled_from(possible), max_size=2, unique_by=lambda each: each.name))
        parts += [f"... on {each.name} {{ {selection(draw, each, depth)} }}" for each in chosen]
    elif isinstance(kind, GraphQLObjectType) and parts and draw(st.integers(0, 4)) == 0:
        parts.append(f"... on {kind.name} {{ {parts[0]} }}")
    return " ".join(parts) or "__typename"


def fields(draw: st.DrawFn, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> list[str]:
    leaves = [name for name, each in kind.fields.items() if is_leaf_type(get_named_type(each.type))]
    chosen = draw(st.lists(st.sampled_from(leaves), max_size=6)) if leaves else []
    if depth < DEEPEST:
        deep = [name for name in kind.fields if name not in leaves]
        wanted = min(len(deep), 3 if depth < 3 else 1)
        chosen += draw(st.lists(st.sampled_from(deep), max_size=wanted, unique=True)) if deep else []
    return [field(draw, kind, name, kind.fields[name], depth) for name in chosen]


def field(draw: st.DrawFn, parent: GraphQLNamedType, name: str, definition: GraphQLField, depth: int) -> str:
    named = get_named_type(definition.type)
    written = arguments(draw, parent.name, name, definition)
    # Arguments that differ under one key would be refused, and so would types that differ: a name of its own for each.
    key = f"{parent.name}_{name}_{abs(hash_of(written))}"
    directive = draw(st.sampled_from(["", "", "", " @include(if: $yes)", " @skip(if: $no)", " @skip(if: $yes)"]))
    below = "" if is_leaf_type(named) else f" {{ {selection(draw, named, depth + 1)} }}"
    return f"{key}: {name}{written}{directive}{below}"


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode(), "big") % 1_000_003


def arguments(draw: st.DrawFn, parent: str, field_name: str, definition: GraphQLField) -> str:
    written = []
    names = set(definition.args)
    if "first" in names:
        boundary = draw(
            st.sampled_from(["first: 2", "first: 100", "last: 3", "", "first: 500", 'first: 2, after: "bad"'])
        )
        written += [boundary] if boundary else []
        names -= {"first", "last", "after", "before"}
    for name in sorted(names):
        argument = definition.args[name]
        known = GIVEN.get((parent, field_name, name))
        if known is not None:
            written.append(f"{name}: {draw(st.sampled_from(known))}")
        elif is_required_argument(argument) or draw(st.integers(0, 3)) == 0:
            written.append(f"{name}: {literal(draw, argument.type)}")
    return f"({', '.join(written)})" if written else ""


def literal(draw: st.DrawFn, kind: GraphQLInputType) -> str:
    if isinstance(kind, GraphQLNonNull):
        return literal(draw, kind.of_type)
    if isinstance(kind, GraphQLList):
        return f"[{literal(draw, kind.of_type)}]"
    if isinstance(kind, GraphQLEnumType):
        return draw(st.sampled_from(sorted(kind.values)))
    if isinstance(kind, GraphQLInputObjectType):
        inner = (f"{name}: {literal(draw, each.type)}" for name, each in kind.fields.items())
        return f"{{{', '.join(inner)}}}"
    return {"Int": "2", "Boolean": "true", "DateTime": '"2023-01-01T00:00:00Z"'}.get(str(kind), '"alice"')
