"""The two tables that both engines execute by: a resolver or a connector for each field that no record holds."""

from collections.abc import Mapping

from graphql import GraphQLSchema

from github_sandbox.graphql.connections import CONNECTIONS
from github_sandbox.graphql.execution import Connector, Resolver
from github_sandbox.graphql.leaves import LEAVES
from github_sandbox.graphql.listings import issues, pull_requests, repositories_of
from github_sandbox.graphql.page_fields import page_fields
from github_sandbox.graphql.root import ROOT
from github_sandbox.graphql.search import search


def resolver_table(schema: GraphQLSchema) -> Mapping[str, Mapping[str, Resolver]]:
    """Give the resolvers by type and field; a field in neither table is what the record holds under its name."""
    table: dict[str, Mapping[str, Resolver]] = page_fields(schema)
    for part in (LEAVES, ROOT):
        for name, fields in part.items():
            table[name] = {**table.get(name, {}), **fields}
    return table


def connection_table() -> Mapping[str, Mapping[str, Connector]]:
    """Give the connectors by type and field."""
    table = {
        **CONNECTIONS,
        "Query": {"search": search},
        "User": {"repositories": repositories_of},
        "Organization": {"repositories": repositories_of},
    }
    table["Repository"] = {**CONNECTIONS["Repository"], "pullRequests": pull_requests, "issues": issues}
    return table
