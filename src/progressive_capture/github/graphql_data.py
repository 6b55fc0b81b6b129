"""The forms of `data` in the answers to this room's queries, one a query; what stands in them is typed in `nodes`."""

from typing import Any, Final

import msgspec

from progressive_capture.github.nodes import (
    Connection,
    Connections,
    IndexNode,
    Node,
    PullRequest,
    RateLimit,
    Repository,
    ReviewComment,
    Total,
)


class HydrateData(Node):
    """Answer to `hydrate`: a node that is no pull request has nothing but its type."""

    nodes: list[PullRequest | None]
    rate_limit: RateLimit | None = None


class Viewer(Node):
    """Who asks."""

    database_id: int | None


class LookUpData(Node):
    """Answer to `look_up`."""

    viewer: Viewer | None
    repository: Repository | None
    rate_limit: RateLimit | None = None


class Listing(Node):
    """A repository of which only its list of pull requests was asked for; nothing when the node is something else."""

    pull_requests: Connection[IndexNode] | None = None


class IndexData(Node):
    """Answer to `index`."""

    node: Listing | None
    rate_limit: RateLimit | None = None


class SeenNode(Node):
    """What a pull request tells for nothing; a node that is none has no id here."""

    id: str = ""
    total_comments_count: int | None = None


class CountedNode(Node):
    """A pull request of which only the threads were counted; a node that is none has neither."""

    id: str = ""
    review_threads: Total | None = None


class SampledNode(Node):
    """Totals of a pull request."""

    number: int
    changed_files: int
    review_threads: Total


class ThreadComments(Node):
    """A thread of which only the comments were asked for; a node that is no thread has neither."""

    id: str = ""
    comments: Connection[ReviewComment] | None = None


class FurtherPage(Connections):
    """One further page of a pull request's connection, or of a thread's comments."""

    id: str = ""
    changed_files: int | None = None


MOST_NUMBERS: Final = 100
MOST_LISTS: Final = 2
MOST_FURTHER: Final = 149

_COST: Final = ("rate_limit", RateLimit | None, msgspec.field(name="rateLimit", default=None))


def _aliased(name: str, letter: str, count: int, kind: Any) -> Any:  # noqa: ANN401 - types, made at run time
    """A form with fields `a0`, `a1`, …, null where GitHub has no such thing or failed."""
    return msgspec.defstruct(name, [(f"{letter}{place}", kind, None) for place in range(count)], gc=False)


class NumbersData(Node):
    """Answer to `numbers`: null for a number that is no pull request."""

    node: _aliased("NumbersBelow", "p", MOST_NUMBERS, IndexNode | None) | None  # type: ignore[valid-type] # made above
    rate_limit: RateLimit | None = None


class SampleData(Node):
    """Answer to `sample`: null for a number that is no pull request."""

    node: _aliased("SampleBelow", "p", MOST_FURTHER, SampledNode | None) | None  # type: ignore[valid-type] # made above
    rate_limit: RateLimit | None = None


class GlanceData(Node):
    """Answer to `glance`: null for a number that is no pull request; at most two lists."""

    node: dict[str, SeenNode | None] | None = None
    t0: list[CountedNode | None] | None = None
    t1: list[CountedNode | None] | None = None
    rate_limit: RateLimit | None = None


FollowUpData: Any = msgspec.defstruct(
    "FollowUpData",
    [
        *((f"t{place}", list[ThreadComments | None] | None, None) for place in range(MOST_LISTS)),
        *((f"o{place}", FurtherPage | None, None) for place in range(MOST_FURTHER)),
        _COST,
    ],
    gc=False,
)
"""Answer to `follow_up`: `t…` are the lists of threads, `o…` the further pages, as many as were asked for."""
