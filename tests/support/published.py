"""GitHub's published GraphQL schema: the npm package `@octokit/graphql-schema`, where `npm ci` puts it."""

import re
from functools import cache
from pathlib import Path
from typing import Final

from graphql import GraphQLSchema, build_ast_schema, parse

NODE_MODULES: Final = Path(__file__).parents[2] / "node_modules"
"""Tests of the schema are skipped only where this folder is absent: without the package in it they fail."""

PUBLISHED: Final = NODE_MODULES / "@octokit" / "graphql-schema" / "schema.graphql"
DESCRIPTION: Final = re.compile(r'"""(?:[^"]|"(?!""))*"""')
"""Two thirds of the text, which say nothing that a program checks."""


@cache
def published() -> GraphQLSchema:
    """Build it, once for each process. Its text repeats fields: graphql-core is told to assume that all is well."""
    text = DESCRIPTION.sub("", PUBLISHED.read_text(encoding="utf-8"))
    return build_ast_schema(parse(text, no_location=True), assume_valid=True, assume_valid_sdl=True)
