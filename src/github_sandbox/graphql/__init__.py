"""GitHub's GraphQL API over the sandbox's world; it never speaks HTTP, charges no budget and knows no token."""

from github_sandbox.graphql.errors import RefusedQueryError
from github_sandbox.graphql.execution import Asker, RateView
from github_sandbox.graphql.service import Executed, GraphQLService, Prepared

__all__ = [
    "Asker",
    "Executed",
    "GraphQLService",
    "Prepared",
    "RateView",
    "RefusedQueryError",
]
