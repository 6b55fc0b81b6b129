"""Which columns a null says nothing of, since GitHub forbids a field below it to this token; no decoding here."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.records import Records
from progressive_capture.domain.withheld import Withheld

Steps = tuple[str | int, ...]
"""A place in an answer, from some node down."""

_ACTOR: Final = ("id", "login")
_SIGNED: Final = ("name", "email", "id", "login")


def _columns(prefix: str, ends: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{prefix}_{end}" for end in ends)


_AUTHOR: Final[dict[Steps, tuple[str, ...]]] = {("author",): _columns("author", _ACTOR)}

PULL_REQUEST: Final[dict[Steps, tuple[str, ...]]] = {
    **_AUTHOR,
    ("editor",): _columns("editor", _ACTOR),
    ("mergedBy",): _columns("merged_by", _ACTOR),
    ("headRepository",): _columns("head_repository", ("id", "name")),
    ("headRepositoryOwner",): _columns("head_owner", _ACTOR),
    ("mergeCommit",): ("merge_commit_sha",),
    ("milestone",): ("milestone_number",),
    ("reviewDecision",): ("review_decision",),
}
"""Fields of a pull request that may be null, and the columns that such a null empties."""

BELOW: Final[dict[Kind, tuple[str, dict[Steps, tuple[str, ...]]]]] = {
    Kind.REVIEWS: ("pr_reviews", {**_AUTHOR, ("commit",): ("commit_sha",)}),
    Kind.REVIEW_THREADS: ("pr_review_threads", {("resolvedBy",): _columns("resolved_by", _ACTOR)}),
    Kind.ISSUE_COMMENTS: ("pr_issue_comments", _AUTHOR),
    Kind.COMMITS: (
        "pr_commits",
        {
            ("commit", "author"): _columns("author", _SIGNED),
            ("commit", "author", "user"): _columns("author", _ACTOR),
            ("commit", "committer"): _columns("committer", _SIGNED),
            ("commit", "committer", "user"): _columns("committer", _ACTOR),
        },
    ),
    Kind.REVIEW_COMMENTS: (
        "pr_review_comments",
        {
            **_AUTHOR,
            ("replyTo",): ("reply_to_id",),
            ("pullRequestReview",): ("review_id",),
            ("commit",): ("commit_sha",),
            ("originalCommit",): ("original_commit_sha",),
        },
    ),
}
"""The same of what hangs on pull requests, with the tables of its rows."""


def note_pull_request(records: Records, pull_request: int, places: Iterable[Steps]) -> None:
    """Note what is forbidden of a pull request itself; `places` are counted from it."""
    for place in places:
        if columns := _emptied(PULL_REQUEST, place):
            records.withheld.append(Withheld("pull_requests", pull_request, pull_request, frozenset(columns)))


def note_below(records: Records, kind: Kind, pull_request: int, nodes: Iterable[Any], places: Iterable[Steps]) -> None:
    """Note what is forbidden of a page's nodes; `places` are counted from their connection."""
    if kind not in BELOW:
        return
    table, fields = BELOW[kind]
    known = list(nodes)
    for node, place in _of_nodes(known, places):
        if columns := _emptied(fields, place):
            records.withheld.append(Withheld(table, pull_request, _key(kind, node), frozenset(columns)))


def _of_nodes(nodes: list[Any], places: Iterable[Steps]) -> Iterator[tuple[Any, Steps]]:
    for place in places:
        match place:
            case ("nodes", int(position), *rest) if position < len(nodes) and nodes[position] is not None:
                yield nodes[position], tuple(rest)


def _emptied(fields: dict[Steps, tuple[str, ...]], place: Steps) -> tuple[str, ...]:
    """The columns of the longest known field that a place is, or lies in."""
    return next((fields[place[:end]] for end in range(len(place), 0, -1) if place[:end] in fields), ())


def _key(kind: Kind, node: Any) -> int | str:  # noqa: ANN401 - a node of that kind
    if kind is Kind.COMMITS:
        return str(node.commit.oid)
    return str(node.id) if kind is Kind.REVIEW_THREADS else int(node.full_database_id or 0)
