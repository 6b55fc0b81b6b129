"""The schema that the stand-in serves, built once from package data; never resolves or executes anything."""

from functools import cache
from importlib.resources import files

from graphql import GraphQLSchema, build_schema


def schema_text() -> str:
    """Give the definition language of the served subset of GitHub's schema.

    Names, arguments and nullability are GitHub's own: https://docs.github.com/en/graphql/overview/public-schema
    """
    folder = files("github_sandbox.graphql") / "schema"
    parts = sorted((part for part in folder.iterdir() if part.name.endswith(".graphql")), key=lambda part: part.name)
    return "\n".join(part.read_text(encoding="utf-8") for part in parts)


@cache
def load_schema() -> GraphQLSchema:
    """Build the schema; the first call takes some 50 ms, later calls nothing."""
    schema = build_schema(schema_text(), no_location=True)
    for kind in schema.type_map.values():
        # Fields are made when first asked for: here, so that no query waits for them.
        getattr(kind, "fields", None)
    return schema
