"""GraphQL documents put together from the fragments in queries/*.graphql; what answers look like is typed elsewhere."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from progressive_capture.domain.kinds import Kind

PAGE: Final = 100
"""GitHub gives at most 100 nodes of a connection at once, and smaller pages cost the same.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api"""

THREADS_IN_A_LIST: Final = 100
"""Ids that one `nodes(ids:)` takes."""

_SPREAD: Final = re.compile(r"\.\.\.\s*([A-Z]\w+)")
_FRAGMENT: Final = re.compile(r"^fragment (\w+) on .*?^}$", re.MULTILINE | re.DOTALL)


class Connection(NamedTuple):
    """How a kind is asked for below a pull request (review comments: below a thread)."""

    field: str
    fragment: str


CONNECTION: Final = {
    Kind.LABELS: Connection("labels", "LabelPage"),
    Kind.ASSIGNEES: Connection("assignees", "AssigneePage"),
    Kind.REQUESTED_REVIEWERS: Connection("reviewRequests", "ReviewRequestPage"),
    Kind.REVIEWS: Connection("reviews", "ReviewPage"),
    Kind.REVIEW_THREADS: Connection("reviewThreads", "ReviewThreadPage"),
    Kind.ISSUE_COMMENTS: Connection("comments", "IssueCommentPage"),
    Kind.COMMITS: Connection("commits", "CommitPage"),
    Kind.FILES: Connection("files", "FilePage"),
    Kind.REVIEW_COMMENTS: Connection("comments", "ReviewCommentPage"),
}


class Document(NamedTuple):
    """A query's text, and how many connections it asks for by GitHub's formula."""

    text: str
    lookups: int
    """Per id of a `nodes` list where the document has one, else of the whole query."""


def flat_kinds(kinds: Iterable[Kind]) -> list[Kind]:
    """The kinds that a hydrated pull request carries as flat connections; comments of threads need the threads.

    Their order is the one they are asked for in.
    """
    wanted = set(kinds)
    if Kind.REVIEW_COMMENTS in wanted:
        wanted.add(Kind.REVIEW_THREADS)
    below_others = {Kind.REVIEW_COMMENTS, Kind.LABELS, Kind.ASSIGNEES, Kind.REQUESTED_REVIEWERS}
    return [kind for kind in CONNECTION if kind in wanted - below_others]


@cache
def look_up() -> Document:
    """A repository by name, and who asks."""
    return Document(
        composed(
            "query LookUp($owner: String!, $name: String!) {\n  ...Cost\n"
            "  viewer { databaseId }\n"
            "  repository(owner: $owner, name: $name, followRenames: true) {\n    ...RepositoryFields\n"
            "    newest: pullRequests(first: 1, orderBy: {field: CREATED_AT, direction: DESC}) { nodes { number } }\n"
            "  }\n}"
        ),
        2,
    )


@cache
def index(*, updated: bool) -> Document:
    """A page of the list of pull requests, with what the index keeps of each."""
    order = "{field: UPDATED_AT, direction: DESC}" if updated else "{field: CREATED_AT, direction: ASC}"
    return Document(
        composed(
            "query Index($repository: ID!, $first: Int!, $after: String) {\n  ...Cost\n"
            "  node(id: $repository) {\n    ... on Repository {\n"
            f"      pullRequests(first: $first, after: $after, orderBy: {order}) {{\n"
            "        totalCount\n        pageInfo { hasNextPage endCursor }\n        nodes { ...IndexFields }\n"
            "      }\n    }\n  }\n}"
        ),
        3,
    )


@cache
def numbers(count: int) -> Document:
    """What the index keeps of some pull requests, by their numbers."""
    variables = ", ".join(f"$n{place}: Int!" for place in range(count))
    aliases = "\n".join(
        f"      p{place}: pullRequest(number: $n{place}) {{ ...IndexFields }}" for place in range(count)
    )
    return Document(composed(_below_repository("Numbers", variables, aliases)), 3 * count)


@cache
def sample(count: int) -> Document:
    """Totals of some pull requests, by their numbers."""
    variables = ", ".join(f"$n{place}: Int!" for place in range(count))
    aliases = "\n".join(
        f"      p{place}: pullRequest(number: $n{place}) {{ number changedFiles reviewThreads {{ totalCount }} }}"
        for place in range(count)
    )
    return Document(composed(_below_repository("Sample", variables, aliases)), count)


@cache
def glance(count: int, lists: int) -> Document:
    """Which of some numbers are pull requests, with what costs nothing; and the threads of others, in lists of ids."""
    variables = [f"$n{place}: Int!" for place in range(count)] + [f"$t{place}: [ID!]!" for place in range(lists)]
    aliases = "\n".join(
        f"      p{place}: pullRequest(number: $n{place}) {{ id totalCommentsCount }}" for place in range(count)
    )
    below = f"  node(id: $repository) {{\n    ... on Repository {{\n{aliases}\n    }}\n  }}\n" if count else ""
    threads = "".join(
        f"  t{place}: nodes(ids: $t{place}) {{ ... on PullRequest {{ id reviewThreads {{ totalCount }} }} }}\n"
        for place in range(lists)
    )
    named = ", ".join(["$repository: ID!", *variables] if count else variables)
    return Document(composed(f"query Glance({named}) {{\n  ...Cost\n{below}{threads}}}"), 0)


@cache
def hydrate(kinds: frozenset[Kind]) -> Document:
    """Pull requests by node id, each with the first page of the kinds asked for."""
    flat = flat_kinds(kinds)
    pages = "\n".join(f"      {_connection(kind)}" for kind in flat)
    return Document(
        composed(
            "query Hydrate($ids: [ID!]!) {\n  ...Cost\n  nodes(ids: $ids) {\n"
            f"    ... on PullRequest {{\n      ...PullRequestFields\n{pages}\n    }}\n  }}\n}}"
        ),
        len(flat),
    )


@cache
def follow_up(lists: int, pages: tuple[Kind, ...]) -> Document:
    """Comments of threads in `lists` lists of ids, and one further page for each of `pages`."""
    variables = [f"$t{place}: [ID!]!" for place in range(lists)]
    variables += [f"$i{place}: ID!, $c{place}: String" for place in range(len(pages))]
    threads = [
        f"  t{place}: nodes(ids: $t{place}) {{ ... on PullRequestReviewThread {{ id comments(first: {PAGE}) "
        "{ ...ReviewCommentPage } } }"
        for place in range(lists)
    ]
    aliases = [f"  o{place}: {_further_page(kind, place)}" for place, kind in enumerate(pages)]
    body = "\n".join(threads + aliases)
    return Document(composed(f"query FollowUp({', '.join(variables)}) {{\n  ...Cost\n{body}\n}}"), len(pages))


def _below_repository(name: str, variables: str, aliases: str) -> str:
    return (
        f"query {name}($repository: ID!, {variables}) {{\n  ...Cost\n  node(id: $repository) {{\n"
        f"    ... on Repository {{\n{aliases}\n    }}\n  }}\n}}"
    )


def _connection(kind: Kind, after: str = "") -> str:
    field, fragment = CONNECTION[kind]
    return f"{field}(first: {PAGE}{after}) {{ ...{fragment} }}"


def _further_page(kind: Kind, place: int) -> str:
    page = _connection(kind, f", after: $c{place}")
    if kind is Kind.REVIEW_COMMENTS:
        return f"node(id: $i{place}) {{ ... on PullRequestReviewThread {{ id reviewComments: {page} }} }}"
    total = " changedFiles" if kind is Kind.FILES else ""
    return f"node(id: $i{place}) {{ ... on PullRequest {{ id{total} {page} }} }}"


@cache
def _fragments() -> dict[str, str]:
    """Every fragment's text by name."""
    folder = files("progressive_capture.github") / "queries"
    texts = [entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".graphql")]
    return {match[1]: match[0] for text in sorted(texts) for match in _FRAGMENT.finditer(text)}


def composed(operation: str) -> str:
    """The operation with every fragment that it needs, directly or through others, and none besides."""
    needed: dict[str, str] = {}
    texts: Sequence[str] = [operation]
    while texts:
        names = {name for text in texts for name in _SPREAD.findall(text)} - needed.keys()
        found = {name: _fragments()[name] for name in sorted(names)}
        needed.update(found)
        texts = list(found.values())
    return "\n\n".join([operation, *needed.values()]) + "\n"
