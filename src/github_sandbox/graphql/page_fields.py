"""How the fields of connections, edges and pageInfo are read off a page."""

from collections.abc import Mapping
from typing import Any, Final

from graphql import GraphQLSchema

from github_sandbox.graphql.execution import Arguments, Execution, Resolver
from github_sandbox.graphql.pages import Page


def _updated_at(page: Page, _args: Arguments, _execution: Execution) -> str | None:
    return getattr(page.listing, "updated_at", None)


def _count_if(*kinds: str) -> Resolver:
    """Count what was found when it is of these kinds; a search finds one kind at a time."""
    return lambda page, _args, _execution: page.listing.total() if page.listing.kind in kinds else 0


def _zero(_page: Page, _args: Arguments, _execution: Execution) -> int:
    return 0


def _no(_page: Page, _args: Arguments, _execution: Execution) -> bool:
    return False


_CONNECTION: Final[Mapping[str, Resolver]] = {
    "nodes": lambda page, _args, _execution: page.items,
    "edges": lambda page, _args, _execution: page.edges(),
    "pageInfo": lambda page, _args, _execution: page,
    "totalCount": lambda page, _args, _execution: page.listing.total(),
    "filteredCount": lambda page, _args, _execution: len(page.listing.opened()) - page.start,
    "pageCount": lambda page, _args, _execution: len(page.items),
    "updatedAt": _updated_at,
    "viewerHasReacted": _no,
    "totalDiskUsage": _zero,
    "totalSize": _zero,
    "issueCount": _count_if("issue", "pull request"),
    "repositoryCount": _count_if("repository"),
    "userCount": _count_if("user"),
    "codeCount": _zero,
    "discussionCount": _zero,
    "wikiCount": _zero,
}


def _node(edge: tuple[Page, int, Any], _args: Arguments, _execution: Execution) -> Any:  # noqa: ANN401 - any record
    return edge[2]


def _cursor(edge: tuple[Page, int, Any], _args: Arguments, _execution: Execution) -> str | None:
    page, offset, _record = edge
    return page.cursor(offset)


_EDGE: Final[Mapping[str, Resolver]] = {
    "node": _node,
    "cursor": _cursor,
    "size": lambda _edge, _args, _execution: 0,
}

_PAGE_INFO: Final[Mapping[str, Resolver]] = {
    "hasNextPage": lambda page, _args, _execution: page.has_next,
    "hasPreviousPage": lambda page, _args, _execution: page.has_previous,
    "startCursor": lambda page, _args, _execution: page.cursor(0),
    "endCursor": lambda page, _args, _execution: page.cursor(-1),
}


def page_fields(schema: GraphQLSchema) -> dict[str, Mapping[str, Resolver]]:
    """Give the resolvers of every connection and edge type of the schema, and of PageInfo."""
    table: dict[str, Mapping[str, Resolver]] = {"PageInfo": _PAGE_INFO}
    for name in schema.type_map:
        if name.endswith("Connection"):
            table[name] = _CONNECTION
        elif name.endswith("Edge"):
            table[name] = _EDGE
    return table
