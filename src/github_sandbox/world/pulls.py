"""A repository's pull requests: found, listed in order, made when first asked for; nothing is generated here."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from github_sandbox.world.fields import PULL_REQUEST_CONNECTIONS
from github_sandbox.world.marks import Mark, MarkKind, MarkOrder, in_order, mark_of
from github_sandbox.world.records import Record, connection, seconds_of, shown, total

if TYPE_CHECKING:
    from github_sandbox.world.repository import Repository

OrderField: TypeAlias = Literal["CREATED_AT", "UPDATED_AT", "COMMENTS"]
State: TypeAlias = Literal["OPEN", "CLOSED", "MERGED"]
Key: TypeAlias = tuple[int, int]
ALL_STATES: frozenset[State] = frozenset(("OPEN", "CLOSED", "MERGED"))


class Summary(NamedTuple):
    """What orders and filters a pull request: times in seconds, number of issue comments, state."""

    created: int
    updated: int
    comments: int
    state: State

    def key(self, field: OrderField) -> int:
        """The value that `field` sorts by."""
        return (self.created, self.updated, self.comments)[("CREATED_AT", "UPDATED_AT", "COMMENTS").index(field)]


class Connections(dict[str, list[Record]]):
    """The connections of one pull request, made when first looked up: `make` gives one by name, or several together.

    It raises KeyError for a name that it does not know.
    """

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[str], dict[str, list[Record]]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> list[Record]:
        made = self._make(name)
        self.update(made)
        return made[name]


class PullRequest:
    """One pull request: `record` holds its scalars and references, the methods its connections."""

    __slots__ = ("number", "record", "repository")

    def __init__(self, repository: "Repository", record: Record) -> None:
        self.repository = repository
        self.record = record
        self.number: int = record["number"]
        record["_pull"] = self

    def connection(self, name: str) -> list[Record]:
        """All records of a connection, pending ones included; see `records.connection`."""
        return connection(self.record, name)

    def shown(self, name: str, viewer: str | None = None) -> list[Record]:
        """What `viewer` sees of a connection; see `records.shown`."""
        return shown(self.record, name, viewer)

    def total(self, name: str, viewer: str | None = None) -> int:
        """The totalCount of a connection, without making it; see `records.total`."""
        return total(self.record, name, viewer)

    def review_comments(self, viewer: str | None = None) -> list[Record]:
        """The comments of all review threads that `viewer` sees, by id ascending, as REST lists them."""
        found = [each for thread in self.shown("reviewThreads", viewer) for each in shown(thread, "comments", viewer)]
        return sorted(found, key=lambda each: int(each["fullDatabaseId"]))

    def marks(self, kind: MarkKind) -> Iterator[Mark]:
        """Where its comments of `kind` stand, those of pending reviews left out."""
        spoken = self.connection("comments") if kind == "IssueComment" else self.review_comments_of_all()
        return (mark_of(each, self.number) for each in spoken if each.get("state") != "PENDING")

    def make_all(self) -> None:
        """Make all children."""
        for name in PULL_REQUEST_CONNECTIONS:
            self.connection(name)

    def child(self, node_id: str) -> Record | None:
        """The review, thread, comment, commit or review request with this node id."""
        for name in ("reviews", "reviewThreads", "comments", "commits", "reviewRequests"):
            for each in self.connection(name):
                if each["id"] == node_id:
                    return each
                if name == "commits" and each["commit"]["id"] == node_id:
                    commit: Record = each["commit"]
                    return commit
        return next((each for each in self.review_comments_of_all() if each["id"] == node_id), None)

    def review_comments_of_all(self) -> Iterator[Record]:
        """Every review comment, pending ones included, thread by thread."""
        for thread in self.connection("reviewThreads"):
            yield from connection(thread, "comments")

    def summary(self) -> Summary:
        """What orders and filters it, read off the record."""
        record = self.record
        return Summary(
            seconds_of(record["createdAt"]), seconds_of(record["updatedAt"]), self.total("comments"), record["state"]
        )


class PullSource(Protocol):
    """Where pull requests come from: a plan of counts and times that makes each one when asked."""

    @property
    def numbers(self) -> Sequence[int]:
        """Their numbers, ascending, with gaps."""
        ...

    def summary(self, place: int) -> Summary:
        """What orders the pull request at `place` of `numbers`, without making it."""
        ...

    def make(self, place: int, repository: "Repository") -> PullRequest:
        """Make the pull request at `place`; the same one at every call."""
        ...

    def place_of(self, kind: str, database_id: int) -> int | None:
        """The place of the pull request that holds the child of `kind` (a GraphQL type name) with this id."""
        ...

    def marks(self, kind: MarkKind, place: int) -> Iterator[Mark]:
        """Where the comments of `kind` stand that the pull request at `place` holds, without making it."""
        ...

    def place_of_commit(self, oid: str) -> int | None:
        """The place of a pull request that holds the commit."""
        ...


class Pulls:
    """All pull requests of one repository.

    At most `cache` unchanged ones are kept (None: all); a changed one is kept for ever.
    """

    def __init__(self, repository: "Repository", source: PullSource, cache: int | None) -> None:
        self._repository = repository
        self._source = source
        self._cache_size = cache
        self._cache: dict[int, PullRequest] = {}
        self._pinned: dict[int, PullRequest] = {}
        self._summaries: dict[int, Summary] = {}
        self._added: list[int] = []
        self._children: dict[tuple[str, int | str], int] = {}
        self._orders: dict[tuple[OrderField, frozenset[State]], list[Key]] = {}
        self._marks: dict[tuple[MarkKind, MarkOrder], list[Mark]] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._source.numbers) + len(self._added)

    def numbers(self) -> Iterator[int]:
        """All numbers, ascending."""
        yield from self._source.numbers
        yield from self._added

    def by_number(self, number: int) -> PullRequest | None:
        """The pull request with this number, made if need be; None when there is none."""
        found = self._pinned.get(number) or self._cache.get(number)
        if found is not None:
            return found
        place = self._place(number)
        return None if place is None else self._made(number, place)

    def keys(self, field: OrderField, states: frozenset[State] = ALL_STATES) -> Sequence[Key]:
        """(sort value, number) of all in these states, ascending; read-only, kept sorted as changes come.

        Times are seconds since the epoch. A cursor's place is found in it by `bisect`; descending order reads it from
        its end. O(1) but for the first call for `field` and `states`.
        """
        order = self._orders.get((field, states))
        if order is None:
            chosen = ((self._summary(number), number) for number in self.numbers())
            order = sorted((each.key(field), number) for each, number in chosen if each.state in states)
            self._orders[field, states] = order
        return order

    def count_of(self, states: frozenset[State]) -> int:
        """How many are in these states."""
        return self.count if states >= ALL_STATES else len(self.keys("CREATED_AT", states))

    def marks(self, kind: MarkKind, order: MarkOrder) -> list[Mark]:
        """Where all comments of `kind` stand, sorted; makes no pull request.

        The marks of those that never changed are kept from the first call for `order` on.
        """
        planned = [mark for mark in self._planned_marks(kind, order) if mark.number not in self._pinned]
        changed = (mark for pull in self._pinned.values() for mark in pull.marks(kind))
        return in_order([*planned, *changed], order)

    def _planned_marks(self, kind: MarkKind, order: MarkOrder) -> list[Mark]:
        if (kind, order) not in self._marks:
            places = range(len(self._source.numbers))
            fresh = (mark for place in places for mark in self._source.marks(kind, place))
            self._marks[kind, order] = in_order(fresh if order == "id" else self._planned_marks(kind, "id"), order)
        return self._marks[kind, order]

    def holding(self, kind: str, database_id: int) -> PullRequest | None:
        """The pull request that holds the child of `kind` (a GraphQL type name) with this numeric id."""
        number = self._children.get((kind, database_id))
        if number is not None:
            return self.by_number(number)
        place = self._source.place_of(kind, database_id)
        return None if place is None else self.by_number(self._source.numbers[place])

    def holding_commit(self, oid: str) -> PullRequest | None:
        """A pull request that holds, or held, this commit."""
        number = self._children.get(("Commit", oid))
        if number is not None:
            return self.by_number(number)
        place = self._source.place_of_commit(oid)
        return None if place is None else self.by_number(self._source.numbers[place])

    def add(self, pull: PullRequest) -> None:
        """Add a new pull request; its number must be above all others."""
        self._added.append(pull.number)
        self._pinned[pull.number] = pull
        self.register("PullRequest", int(pull.record["fullDatabaseId"]), pull)
        summary = pull.summary()
        self._summaries[pull.number] = summary
        self._insert(pull.number, summary)

    def register(self, kind: str, key: int | str, pull: PullRequest) -> None:
        """Make a child that the source does not know (an id, or a commit's oid) findable by `holding`."""
        self._children[kind, key] = pull.number

    def pin(self, pull: PullRequest) -> None:
        """Keep `pull` as it is from now on; every change begins with this."""
        if pull.number not in self._pinned:
            pull.make_all()
            pull.record["_totals"] = {}
            self._pinned[pull.number] = pull
            self._cache.pop(pull.number, None)

    def moved(self, pull: PullRequest) -> None:
        """Put `pull` in its new places after a change."""
        old, new = self._summary(pull.number), pull.summary()
        if old == new:
            return
        for (field, states), order in self._orders.items():
            if old.state in states:
                del order[bisect_left(order, (old.key(field), pull.number))]
            if new.state in states:
                insort(order, (new.key(field), pull.number))
        self._summaries[pull.number] = new

    def materialised(self) -> Iterator[PullRequest]:
        """Those in memory now, changed or cached."""
        yield from self._pinned.values()
        yield from self._cache.values()

    def forget_unchanged(self) -> None:
        """Drop the cached ones, so that they are made anew (after the repository's name changed)."""
        self._cache.clear()

    def prebuild(self) -> int:
        """Make every pull request with all children now and give their number; a bounded cache keeps the last."""
        made = 0
        for number in self.numbers():
            found = self.by_number(number)
            if found is not None:
                found.make_all()
                made += 1
        return made

    def _insert(self, number: int, summary: Summary) -> None:
        for (field, states), order in self._orders.items():
            if summary.state in states:
                insort(order, (summary.key(field), number))

    def _place(self, number: int) -> int | None:
        numbers = self._source.numbers
        place = bisect_left(numbers, number)
        return place if place < len(numbers) and numbers[place] == number else None

    def _summary(self, number: int) -> Summary:
        known = self._summaries.get(number)
        if known is not None:
            return known
        place = self._place(number)
        if place is None:
            raise KeyError(number)
        return self._source.summary(place)

    def _made(self, number: int, place: int) -> PullRequest:
        if self._cache_size is not None and len(self._cache) >= self._cache_size:
            del self._cache[next(iter(self._cache))]
        made = self._source.make(place, self._repository)
        self._cache[number] = made
        return made
