"""Pull requests and issues of a repository as listings: keyset cursors over sort values that change while one reads."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, cast

from github_sandbox.graphql.execution import Arguments, Execution
from github_sandbox.graphql.pages import Listing, Records
from github_sandbox.model import ALL_STATES, Key, OrderField, Pulls, Record, Repository, State, seconds_of, shown

_OLDEST_FIRST: Final = {"field": "CREATED_AT", "direction": "ASC"}


class Keyset:
    """Records behind ascending (sort value, number) pairs.

    A cursor holds the pair, not a place: a pull request touched during a walk moves, and what follows the cursor is
    whatever follows that pair now, as with GitHub's own cursors.
    """

    __slots__ = ("_descending", "_keys", "_read")

    def __init__(self, keys: Sequence[Key], read: Callable[[int], Record | None], *, descending: bool) -> None:
        """Read the record of a number with `read`."""
        self._keys, self._read, self._descending = keys, read, descending

    def total(self) -> int:
        """Give the number of pairs."""
        return len(self._keys)

    def __len__(self) -> int:
        """Give the number of pairs."""
        return len(self._keys)

    def _at(self, index: int) -> Key:
        return self._keys[-1 - index if self._descending else index]

    def opened(self) -> "Keyset":
        """Give itself."""
        return self

    def window(self, start: int, stop: int) -> Sequence[Record | None]:
        """Give the records of a slice."""
        return [self._read(self._at(index)[1]) for index in range(start, stop)]

    def head(self, limit: int) -> tuple[Sequence[Record | None], bool]:
        """Give the first records."""
        size = len(self._keys)
        return self.window(0, min(limit, size)), size > limit

    def key(self, _record: Any, index: int) -> str:  # noqa: ANN401 - see Listing
        """Write the pair that stands at `index`."""
        value, number = self._at(index)
        return f"{value}:{number}"

    def bounds(self, key: str) -> tuple[int, int]:
        """Find where the pair stands, or would stand."""
        value, _, number = key.partition(":")
        pair = int(value), int(number)
        low, high = bisect_left(self._keys, pair), bisect_right(self._keys, pair)
        size = len(self._keys)
        return (size - high, size - low) if self._descending else (low, high)


def pull_requests(record: Record, args: Arguments, execution: Execution) -> Listing:
    """List a repository's pull requests; oldest first unless `orderBy` says otherwise."""
    pulls = _of(record).pulls
    order = args.get("orderBy") or _OLDEST_FIRST
    states = cast("frozenset[State]", frozenset(args.get("states") or ALL_STATES))
    keys = pulls.keys(cast("OrderField", order["field"]), states)
    chosen = _filtered(pulls, keys, args, execution.viewer)
    return Keyset(chosen, _reader(pulls), descending=order["direction"] == "DESC")


def _of(record: Record) -> Repository:
    found = record["_repository"]
    if not isinstance(found, Repository):
        raise TypeError("the record is no repository's")
    return found


def _reader(pulls: Pulls) -> Callable[[int], Record | None]:
    def read(number: int) -> Record | None:
        pull = pulls.by_number(number)
        return None if pull is None else pull.record

    return read


def _filtered(pulls: Pulls, keys: Sequence[Key], args: Arguments, viewer: str) -> Sequence[Key]:
    """Keep the pairs whose pull request has the branches and one of the labels asked for; makes them only if asked."""
    branches = [(name, args[name]) for name in ("baseRefName", "headRefName") if args.get(name) is not None]
    labels = args.get("labels")
    if not branches and not labels:
        return keys
    read = _reader(pulls)

    def fits(number: int) -> bool:
        record = read(number)
        return (
            record is not None
            and all(record[name] == value for name, value in branches)
            and (not labels or _has_label(record, labels, viewer))
        )

    return [key for key in keys if fits(key[1])]


def _has_label(record: Record, names: Collection[str], viewer: str) -> bool:
    return any(label["name"] in names for label in shown(record, "labels", viewer))


def issues(record: Record, args: Arguments, execution: Execution) -> Listing:
    """List a repository's issues (the numbers that no pull request has); oldest first unless `orderBy` says more."""
    repository = _of(record)
    order = args.get("orderBy") or _OLDEST_FIRST
    states, labels = args.get("states"), args.get("labels")
    numbers = repository.issue_numbers()
    if order["field"] == "CREATED_AT" and not states and not labels:
        pairs = [(number, number) for number in numbers]  # numbers rise with the time of creation
        return Keyset(pairs, repository.issue, descending=order["direction"] == "DESC")
    found = [each for each in map(repository.issue, numbers) if each is not None]
    chosen = [
        each
        for each in found
        if (not states or each["state"] in states) and (not labels or _has_label(each, labels, execution.viewer))
    ]
    ranked = sorted((_rank(each, order["field"], execution.viewer), each["number"]) for each in chosen)
    return Keyset(ranked, repository.issue, descending=order["direction"] == "DESC")


def _rank(issue: Record, order: str, viewer: str) -> int:
    if order == "COMMENTS":
        return len(shown(issue, "comments", viewer))
    return seconds_of(issue["updatedAt" if order == "UPDATED_AT" else "createdAt"])


def repositories_of(record: Record, args: Arguments, execution: Execution) -> Listing:
    """List the repositories that an account owns and the asker may read, by name."""
    private, archived = args.get("privacy"), args.get("isArchived")
    found = [
        each.record
        for each in execution.world.repositories()
        if each.record["owner"] is record
        and execution.sees(each)
        and (private is None or each.record["isPrivate"] == (private == "PRIVATE"))
        and (archived is None or each.record["isArchived"] == archived)
    ]
    return Records(sorted(found, key=lambda each: each["name"].lower()))
