"""The kinds of rows a capture keeps, their proofs and states; no row and no rule of their reading lives here."""

from enum import StrEnum
from typing import Final


class Source(StrEnum):
    """Which of GitHub's two APIs a row came from."""

    GRAPHQL = "graphql"
    REST = "rest"


class Kind(StrEnum):
    """What is captured of a pull request, and what completeness is proven for, one by one."""

    LABELS = "labels"
    ASSIGNEES = "assignees"
    REQUESTED_REVIEWERS = "requested_reviewers"
    REVIEWS = "reviews"
    REVIEW_THREADS = "review_threads"
    REVIEW_COMMENTS = "review_comments"
    ISSUE_COMMENTS = "issue_comments"
    COMMITS = "commits"
    FILES = "files"


INDEX_KINDS: Final = frozenset({Kind.LABELS, Kind.ASSIGNEES, Kind.REQUESTED_REVIEWERS})
"""Kinds that the list of pull requests carries itself; no hydration is needed for them."""

HYDRATE_KINDS: Final = frozenset(Kind) - INDEX_KINDS
"""Kinds that only hydration brings."""

CONNECTIONS: Final = (Kind.REVIEWS, Kind.REVIEW_THREADS, Kind.ISSUE_COMMENTS, Kind.COMMITS, Kind.FILES)
"""The flat connections of one hydrated pull request; review comments hang below the threads."""


class Proof(StrEnum):
    """How GitHub's count of a kind is known."""

    TOTAL = "total"
    """The connection's own totalCount, or the count in a REST object."""
    END_OF_LIST = "end-of-list"
    """REST gave no next page."""
    EMBEDDED = "embedded"
    """An array that GitHub embeds whole in another object."""
    UNAVAILABLE = "unavailable"
    """That API cannot say."""


class State(StrEnum):
    """What is known about one kind of one pull request."""

    PENDING = "pending"
    """Its reading has begun and not ended; after a broken run this is a gap."""
    COMPLETE = "complete"
    GAP = "gap"
    """GitHub's count and ours differ, or an answer was broken."""
    SHORT = "short"
    """Read twice to its end and still less than GitHub counts; shown, not retried for ever."""
    TRUNCATED = "truncated"
    """GitHub itself ends the list (files at 3,000; by REST commits at 250)."""
    UNAVAILABLE = "unavailable"
    """The API used cannot give this kind at all, or, standing in for the other one, not every column of it."""


SETTLED: Final = frozenset({State.COMPLETE, State.SHORT, State.TRUNCATED, State.UNAVAILABLE})
"""States that are no gap."""

FILES_CAP: Final = 3_000
"""GitHub lists no more files of a pull request, in either API.
https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files"""

REST_COMMITS_CAP: Final = 250
"""REST lists no more commits of a pull request.
https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request"""
