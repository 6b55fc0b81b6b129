"""Populations made up from a seed (``generate:N``): plans and history; nothing here is real."""

import datetime as dt
from array import array
from dataclasses import dataclass
from random import Random
from typing import Final

from github_sandbox.world import text
from github_sandbox.world.cast import REPOSITORY_OWNERS, Cast, Forks
from github_sandbox.world.commits import MERGE_POSITION, git_actor_of, new_base_commit, new_commit, oid_of, place_in
from github_sandbox.world.commits import new_pull_request_commit as edge_of
from github_sandbox.world.plan import STATES, Plan, Timing
from github_sandbox.world.planned import Origin
from github_sandbox.world.pull_records import Branches, new_file
from github_sandbox.world.quotas import MEAN_RENAMES, MEAN_THREADS, draw
from github_sandbox.world.records import Record, iso
from github_sandbox.world.stable import hex_of, random_of

UNTIL: Final = "2026-06-01"
_DAY: Final = 86_400
_ISSUES: Final = 0.3  # of all numbers
_STALE_OPEN: Final = 0.08
_MERGED: Final = 0.84  # of the closed ones
_FRESH: Final = 14 * _DAY
_LATE: Final = 0.2
_PATHS: Final = 12 * 30 * 6 * 40
_FORKED: Final = 0.6
_CHANGES: Final = ("MODIFIED",) * 38 + ("ADDED",) * 8 + ("DELETED",) * 3 + ("CHANGED",)


@dataclass(frozen=True)
class Recipe:
    """What to generate: how many, mean threads, share with a renamed file, and the day before which all happened."""

    size: int
    threads: float = MEAN_THREADS
    renames: float = MEAN_RENAMES
    until: str = UNTIL


def midnight(day: str) -> int:
    """The first second of an ISO day, UTC; ValueError when it is not a day."""
    return int(dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), dt.UTC).timestamp())


def new_plan(recipe: Recipe, key: str) -> Plan:
    """The plan of a generated population; `key` names it, seed included."""
    rng = random_of(key, "plan")
    until = midnight(recipe.until)
    days = min(max(0.15 * recipe.size, 200.0), 3_000.0)
    since = until - int(days * _DAY)
    numbers, timings, number = array("q"), [], 0
    step = (until - since) / max(recipe.size, 1)
    for place in range(recipe.size):
        number += 1
        while rng.random() < _ISSUES:
            number += 1
        numbers.append(number)
        timings.append(_timing(since + int((place + rng.random()) * step), until, rng))
    counts = draw(recipe.size, rng, threads=recipe.threads, renames=recipe.renames)
    return Plan(key, numbers, timings, counts)


def _timing(created: int, until: int, rng: Random) -> Timing:
    open_still = rng.random() < (0.5 if until - created < _FRESH else _STALE_OPEN)
    ends = min(created + int(600 * 10 ** (4 * rng.random())), until - 1)  # from ten minutes to seventy days
    later = min(ends + int(30 * _DAY * rng.random()), until - 1) if rng.random() < _LATE else ends
    ends, later = max(ends, created), max(later, created)
    if open_still:
        return Timing(created, later, 0, STATES.index("OPEN"))
    return Timing(created, later, ends, STATES.index("MERGED" if rng.random() < _MERGED else "CLOSED"))


class MadeUpHistory:
    """What git would know of a generated pull request (`planned.Details`)."""

    def __init__(self, plan: Plan, cast: Cast, forks: Forks) -> None:
        self._plan = plan
        self._cast = cast
        self._forks = forks

    def origin(self, place: int, repository: Record, rng: Random) -> Origin:
        """Title, author, branches and size of the pull request at `place`."""
        plan, author = self._plan, self._cast.anyone(rng)
        timing = plan.timings[place]
        merged = STATES[timing.state] == "MERGED"
        merger = self._cast.user(rng) if merged else None
        title = text.title(rng)
        body = text.prose(rng, 0, 2_500) if rng.random() < 0.9 else ""  # noqa: PLR2004 - a share
        rows = _rows(plan, place)
        forks = author is not None and author["__typename"] in REPOSITORY_OWNERS and rng.random() < _FORKED
        fork = self._forks.of(author) if author is not None and forks else repository
        commits = plan.counts.commits[place]
        branches = Branches(
            base_name="main",
            base_oid=self.base_oid(place),
            head_name=f"{title.split()[0].lower()}-{title.split()[1]}-{plan.numbers[place]}",
            head_oid=oid_of(plan.key, place, commits - 1),
            head_repository=fork if author is not None else None,
            head_kept=not merged,
        )
        return Origin(
            title=title,
            body=body,
            author=author,
            merged_by=merger,
            merge_commit=self._merge(place, repository, merger, title) if merged else None,
            branches=branches,
            size=(sum(row[1] for row in rows), sum(row[2] for row in rows), len(rows)),
        )

    def base_oid(self, place: int) -> str:
        """The commit of the base branch that the pull request starts from."""
        return hex_of(40, self._plan.key, "base", place)

    def _merge(self, place: int, repository: Record, merger: Record | None, title: str) -> Record:
        plan = self._plan
        who = git_actor_of(merger, iso(plan.timings[place].closed))
        message = f"{title} (#{plan.numbers[place]})"
        oid = oid_of(plan.key, place, MERGE_POSITION)
        return new_commit(repository, oid, message, who, who, parents=[])

    def commits(self, place: int, pull: Record) -> list[Record]:
        """Its commits, from shortly before it was opened to shortly before it was closed."""
        plan, timing = self._plan, self._plan.timings[place]
        rng = random_of(plan.key, plan.numbers[place], "commits")
        repository, date = pull["repository"], iso(timing.created)
        parent = new_base_commit(repository, self.base_oid(place), date)
        count = plan.counts.commits[place]
        last = timing.closed or timing.updated
        made = []
        for position in range(count):
            at = iso(timing.created - 600 + int((last - timing.created) * position / count))
            who = git_actor_of(pull["author"] if rng.random() < 0.95 else self._cast.anyone(rng), at)  # noqa: PLR2004
            lines = (int(90 * rng.random() ** 3), int(40 * rng.random() ** 3), 1 + int(rng.random() * 5))
            oid = oid_of(plan.key, place, position)
            parent = new_commit(repository, oid, _message(rng), who, who, parents=[parent], changes=lines)
            made.append(edge_of(pull, parent))
        return made

    def files(self, place: int) -> list[Record]:
        """Its changed files, by path."""
        plan = self._plan
        start = int(random_of(plan.key, plan.numbers[place], "paths").random() * _PATHS)
        made = []
        for k, (change, added, deleted) in enumerate(_rows(plan, place)):
            path = text.path((start + 101 * k) % _PATHS)
            made.append(new_file(path, change, added, deleted, previous=f"old/{path}" if change == "RENAMED" else None))
        return sorted(made, key=lambda each: each["path"])

    def place_of_commit(self, oid: str) -> int | None:
        """The place of the pull request that holds this commit."""
        return place_in(self._plan.key, oid)


def _message(rng: Random) -> str:
    headline = text.title(rng)
    return f"{headline}\n\n{text.prose(rng, 20, 400)}" if rng.random() < 0.3 else headline  # noqa: PLR2004 - a share


def _rows(plan: Plan, place: int) -> list[tuple[str, int, int]]:
    """Kind of change, additions and deletions of each file."""
    rng = random_of(plan.key, plan.numbers[place], "lines")
    rows = []
    for _ in range(plan.counts.files[place]):
        change = _CHANGES[int(rng.random() * len(_CHANGES))]
        added, deleted = 1 + int(120 * rng.random() ** 4), int(60 * rng.random() ** 4)
        if change in {"DELETED", "CHANGED"}:  # CHANGED is a change of the file's mode
            added, deleted = 0, (1 + deleted if change == "DELETED" else 0)
        rows.append((change, added, 0 if change == "ADDED" else deleted))
    if plan.counts.renamed[place]:
        rows[0] = ("RENAMED", rows[0][1], rows[0][2])
    return rows
