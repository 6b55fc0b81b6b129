"""Where comments stand in the lists of a whole repository: by id and times, without the comments themselves."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, itemgetter
from typing import Final, Literal, NamedTuple, TypeAlias

from github_sandbox.world.records import Record, seconds_of

MarkKind: TypeAlias = Literal["IssueComment", "PullRequestReviewComment"]
MarkOrder: TypeAlias = Literal["id", "created", "updated"]


class Mark(NamedTuple):
    """A comment's id and times (seconds), and the number of the issue or pull request that it stands under."""

    created: int
    id: int
    updated: int
    number: int


_KEYS: Final[dict[MarkOrder, Callable[[Mark], object]]] = {
    "id": itemgetter(1),
    "created": itemgetter(0, 1),
    "updated": itemgetter(2, 1),
}


def mark_of(comment: Record, number: int) -> Mark:
    """The mark of a comment that is there."""
    created, updated = seconds_of(comment["createdAt"]), seconds_of(comment["updatedAt"])
    return Mark(created, int(comment["fullDatabaseId"]), updated, number)


def in_order(marks: Iterable[Mark], order: MarkOrder) -> list[Mark]:
    """Sort; what is sorted already but for a few costs little."""
    return sorted(marks, key=_KEYS[order])  # type: ignore[arg-type]  # ints or pairs of ints, the same for all marks


def updated_since(by_update: Sequence[Mark], since: int) -> Sequence[Mark]:
    """Those updated at or after `since` (seconds), out of all marks in the order of their updates."""
    return by_update[bisect_left(by_update, since, key=attrgetter("updated")) :]
