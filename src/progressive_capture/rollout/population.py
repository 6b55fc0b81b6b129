"""Who is in the rollout, counted by the decisions themselves, and how large repositories are; rules stand elsewhere."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from progressive_capture.domain.categories import Category, Sizes, categorize
from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.gates import Eligibility, RepositoryFacts, decide
from progressive_capture.rollout.rollout import By, InForce, Rollout, told
from progressive_capture.store import categories, repositories, tracking
from progressive_capture.store import rollout as store
from progressive_capture.store.database import Connection
from progressive_capture.store.insight.tracked import TrackedRow, page_of_tracked

PAGE: Final = 500
"""Tracked repositories looked at together."""

UNKNOWN: Final = "unknown"
"""The name of the category of repositories whose stars or pull requests are not known."""


@dataclass(frozen=True, slots=True)
class Share:
    """Of so many repositories, so many are in the rollout."""

    repositories: int
    eligible: int


@dataclass(frozen=True, slots=True)
class Population:
    """The active tracked repositories as decisions of this moment see them."""

    in_force: InForce
    repositories: int
    eligible: int
    gates: dict[str, Share]
    """By the gate that decided."""
    categories: dict[str, Share]
    """`unknown` counts as enterprise."""


@dataclass(frozen=True, slots=True)
class Categorized:
    """What a reckoning of categories came to."""

    repositories: int
    categories: dict[str, int]
    changed: int
    """Repositories that are of another category than before."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What marking repositories came to."""

    marked: tuple[int, ...]
    """Ids that were not so before; empty: nothing was changed."""
    version: int
    """Of the rollout: a mark is a change of it, with a row in its history."""


def population(rollout: Rollout) -> Population:
    """Ask the gates about every active tracked repository, each as a submission would.

    Raises:
        StoreError: the database cannot be read.
    """
    gates, sizes = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
    with rollout.database.reading() as connection:
        configuration = rollout.in_force(store.read(connection, rollout.feature))
        for row in _all_tracked(connection, rollout.host_id):
            category = _category(row)
            decision = decide(configuration, RepositoryFacts(row.repository_id, category))
            gates[decision.gate.value, decision.eligible] += 1
            sizes[category or UNKNOWN, decision.eligible] += 1
    return Population(
        in_force=told(configuration),
        repositories=gates.total(),
        eligible=sum(count for (_, eligible), count in gates.items() if eligible),
        gates=_shares(gates),
        categories=_shares(sizes),
    )


def eligibility(rollout: Rollout, repository_id: int) -> Eligibility:
    """Ask the gates about one repository.

    Raises:
        StoreError: the database cannot be read.
    """
    with rollout.database.reading() as connection:
        configuration = rollout.in_force(store.read(connection, rollout.feature))
        known = categories.find(connection, rollout.host_id, repository_id)
        sizes = categories.known_sizes(connection, rollout.host_id, repository_id)
    category = categorize(sizes) if known is None else known.category
    return decide(configuration, RepositoryFacts(repository_id, category))


def categorize_all(rollout: Rollout) -> Categorized:
    """Reckon the category of every tracked repository from what GitHub last counted; marks set by hand stay.

    Raises:
        StoreError: the database refused; what was reckoned before is kept.
    """
    now = rollout.clock()
    sizes = Counter[str]()
    changed = 0
    while True:
        with rollout.database.transaction() as connection:
            page = categories.to_categorize(connection, rollout.host_id, now, PAGE)
            # In one order: whoever marks some of them meanwhile waits, or is waited for, but not both.
            for repository_id in sorted(page):
                before = categories.find(connection, rollout.host_id, repository_id)
                known = categories.known_sizes(connection, rollout.host_id, repository_id)
                category = categories.save(connection, rollout.host_id, repository_id, known, now)
                sizes[category or UNKNOWN] += 1
                changed += before is None or before.category is not category
        if not page:
            return Categorized(sizes.total(), dict(sizes), changed)


def mark_as_test(rollout: Rollout, ids: Collection[int], by: By, *, is_test: bool = True) -> Marked:
    """Mark repositories as tests, or take the mark off: their category is reckoned again.

    Raises:
        UsageError: one is not known; nothing is changed.
    """
    action = "mark as test" if is_test else "unmark as test"
    now, host_id = rollout.clock(), rollout.host_id
    with rollout.database.transaction() as connection:
        refuse_unknown(connection, host_id, ids)
        version = store.read(connection, rollout.feature).version
        marked = tuple(each for each in sorted(set(ids)) if _is_marked(connection, host_id, each) is not is_test)
        for repository_id in marked:
            categories.mark_as_test(connection, host_id, repository_id, now, is_test=is_test)
        if not marked:
            return Marked((), version)
        noted = store.Change(action, by.who, by.reason, now, {"repositories": list(marked)})
        return Marked(marked, store.change(connection, version, {}, noted, feature=rollout.feature).version)


def tracked_categories(connection: Connection, host_id: int) -> Iterator[Category | None]:
    """Yield the category of each active tracked repository, as decisions see it."""
    return (_category(row) for row in _all_tracked(connection, host_id))


def refuse_unknown(connection: Connection, host_id: int, ids: Collection[int]) -> None:
    """See that every repository was looked up or tracked once.

    Raises:
        UsageError: one was not.
    """
    for each in sorted(set(ids)):
        if repositories.find_numbered(connection, host_id, each) or tracking.find(connection, host_id, each):
            continue
        raise UsageError(f"No repository of id {each} is known: run `pc track` with its name first.")


def _is_marked(connection: Connection, host_id: int, repository_id: int) -> bool:
    known = categories.find(connection, host_id, repository_id)
    return known is not None and known.is_test_repository


def _all_tracked(connection: Connection, host_id: int) -> Iterator[TrackedRow]:
    after = 0
    while page := page_of_tracked(connection, host_id, after=after, size=PAGE):
        yield from page
        after = page[-1].repository_id


def _category(row: TrackedRow) -> Category | None:
    """Return the stored category; where none was reckoned yet, by what GitHub last counted, as submissions do."""
    if row.is_categorized:
        return None if row.category is None else Category(row.category)
    return categorize(Sizes(row.stars, row.contributors_total, row.pull_requests_total))


def _shares(counts: Counter[tuple[str, bool]]) -> dict[str, Share]:
    names = sorted({name for name, _ in counts})
    return {name: Share(counts[name, True] + counts[name, False], counts[name, True]) for name in names}
