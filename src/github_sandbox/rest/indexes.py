"""Orders over a whole repository that REST lists by, kept until the world changes; they hold numbers, not records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, overload

from github_sandbox.world.records import Record, seconds_of, total

if TYPE_CHECKING:
    from github_sandbox.world.marks import Mark, MarkKind, MarkOrder
    from github_sandbox.world.pulls import Key, OrderField, State
    from github_sandbox.world.repository import Repository
    from github_sandbox.world.state import World

T = TypeVar("T")
KEPT = 64
REST_STATES: dict[str, frozenset[State]] = {
    "open": frozenset(("OPEN",)),
    "closed": frozenset(("CLOSED", "MERGED")),
    "all": frozenset(("OPEN", "CLOSED", "MERGED")),
}
_ISSUE_KEYS: dict[OrderField, Callable[[Record], int]] = {
    "CREATED_AT": lambda record: seconds_of(record["createdAt"]),
    "UPDATED_AT": lambda record: seconds_of(record["updatedAt"]),
    "COMMENTS": lambda record: total(record, "comments"),
}


class Ordered(Sequence[int]):
    """Numbers in the order of ascending (value, number) keys, or of the same from the end."""

    def __init__(self, keys: Sequence[Key], *, descending: bool) -> None:
        """Read `keys` forwards, or backwards when `descending`."""
        self._keys = keys
        self._descending = descending

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, at: int) -> int: ...

    @overload
    def __getitem__(self, at: slice) -> list[int]: ...

    def __getitem__(self, at: int | slice) -> int | list[int]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        place = range(len(self._keys))[at]
        return self._keys[-1 - place if self._descending else place][1]


class Indexes:
    """Orders made at the first question and forgotten when the world's revision rises."""

    def __init__(self, world: World) -> None:
        """Index `world`."""
        self._world = world
        self._revision = world.revision
        self._kept: dict[tuple[object, ...], object] = {}
        self._issues: dict[tuple[int, OrderField, int], list[tuple[int, int, str]]] = {}

    def _keep(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        if self._revision != self._world.revision:
            self._kept.clear()
            self._revision = self._world.revision
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = make()
        return self._kept[key]  # type: ignore[return-value]  # every key names one type

    def comments(self, repository: Repository, kind: MarkKind, order: MarkOrder) -> list[Mark]:
        """Give all comments of `kind` of the whole repository, sorted."""
        return self._keep((kind, repository.database_id, order), lambda: repository.marks(kind, order))

    def issues(self, repository: Repository, field: OrderField, state: str) -> list[Key]:
        """Give issues and pull requests of a REST state (open, closed, all) as (value, number), ascending."""

        def make() -> list[Key]:
            states = REST_STATES[state]
            mine = [(value, number) for value, number, own in self._own_issues(repository, field) if own in states]
            return sorted([*repository.pulls.keys(field, states), *mine])

        return self._keep(("issues", repository.database_id, field, state), make)

    def chosen_issues(
        self, repository: Repository, filters: tuple[tuple[str, str], ...], find: Callable[[], frozenset[int]]
    ) -> frozenset[int]:
        """Give the numbers that `filters` let through; `find` looks at every issue, once for all pages."""
        return self._keep(("chosen issues", repository.database_id, filters), find)

    def _own_issues(self, repository: Repository, field: OrderField) -> list[tuple[int, int, str]]:
        """Give (value, number, state) of the issues proper, which no change of the world touches."""
        key = (repository.database_id, field, repository.last_number)
        if key not in self._issues:
            records = [repository.issue(number) for number in repository.issue_numbers()]
            value = _ISSUE_KEYS[field]
            self._issues[key] = [(value(each), each["number"], each["state"]) for each in records if each is not None]
        return self._issues[key]

    def merges(self, repository: Repository) -> list[Key]:
        """Give merged pull requests by the time of their merge: the default branch's history."""

        def make() -> list[Key]:
            keys = []
            for number in repository.pulls.numbers():
                found = repository.pulls.by_number(number)
                if found is not None and found.record["mergedAt"] and found.record["mergeCommit"]:
                    keys.append((seconds_of(found.record["mergedAt"]), number))
            return sorted(keys)

        return self._keep(("merges", repository.database_id), make)

    def contributors(self, repository: Repository) -> list[tuple[Record, int]]:
        """Give the authors of merged pull requests with their counts, most first."""

        def make() -> list[tuple[Record, int]]:
            counts: dict[int, tuple[Record, int]] = {}
            for _, number in self.merges(repository):
                found = repository.pulls.by_number(number)
                if found is not None and (author := found.record["author"]) is not None:
                    _, count = counts.get(author["_restId"], (author, 0))
                    counts[author["_restId"]] = (author, count + 1)
            return sorted(counts.values(), key=lambda pair: (-pair[1], pair[0]["_restId"]))

        return self._keep(("contributors", repository.database_id), make)
