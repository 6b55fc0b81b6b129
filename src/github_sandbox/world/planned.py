"""Pull requests made from a plan, each by itself and always the same; what the plan says is decided elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

from github_sandbox.world.cast import Cast
from github_sandbox.world.children import Talk, converse
from github_sandbox.world.conversation import new_review_request
from github_sandbox.world.marks import Mark, MarkKind
from github_sandbox.world.plan import REQUESTS_EACH, STATES, Ids, Plan
from github_sandbox.world.pull_records import Branches, Scalars, new_pull
from github_sandbox.world.pulls import Connections, PullRequest, Summary
from github_sandbox.world.records import Record, iso
from github_sandbox.world.repository import Repository
from github_sandbox.world.stable import random_of
from github_sandbox.world.times import comment_times, marks, review_times

PEOPLE: Final = frozenset(("labels", "assignees", "reviewRequests", "closingIssuesReferences"))
SPOKEN: Final = frozenset(("reviews", "reviewThreads", "comments", "commits", "files", "participants"))

_LABELLED: Final = 0.45
_ASSIGNED: Final = 0.25
_MILESTONED: Final = 0.12
_DRAFTS: Final = 0.15


@dataclass(kw_only=True)
class Origin:
    """Where a pull request comes from: what git could know of it."""

    title: str
    body: str
    author: Record | None
    merged_by: Record | None
    merge_commit: Record | None
    branches: Branches
    size: tuple[int, int, int]


class Details(Protocol):
    """What git knows of each pull request of a plan: real history, or history made up."""

    def origin(self, place: int, repository: Record, rng: Random) -> Origin:
        """Title, author, branches and size of the pull request at `place`."""
        ...

    def commits(self, place: int, pull: Record) -> list[Record]:
        """Its commits (PullRequestCommit records), oldest first."""
        ...

    def files(self, place: int) -> list[Record]:
        """Its changed files, by path."""
        ...

    def place_of_commit(self, oid: str) -> int | None:
        """The place of the pull request that holds this commit."""
        ...


class PlannedPulls:
    """The source of a repository's pull requests (`pulls.PullSource`)."""

    def __init__(self, plan: Plan, ids: Ids, cast: Cast, details: Details) -> None:
        self._plan = plan
        self._ids = ids
        self._cast = cast
        self._details = details

    @property
    def numbers(self) -> Sequence[int]:
        """Their numbers, ascending."""
        return self._plan.numbers

    def summary(self, place: int) -> Summary:
        """What orders the pull request at `place`."""
        return self._plan.summary(place)

    def place_of(self, kind: str, database_id: int) -> int | None:
        """The place of the pull request that holds this child."""
        return self._ids.place_of(self._plan, kind, database_id)

    def marks(self, kind: MarkKind, place: int) -> Iterator[Mark]:
        """Where the comments of `kind` stand that the pull request at `place` holds."""
        return marks(self._plan, self._ids, kind, place)

    def place_of_commit(self, oid: str) -> int | None:
        """The place of the pull request that holds this commit."""
        return self._details.place_of_commit(oid)

    def make(self, place: int, repository: Repository) -> PullRequest:
        """Make the pull request at `place`; its children follow when they are asked for, in two groups."""
        plan = self._plan
        rng = random_of(plan.key, plan.numbers[place], "scalars")
        origin = self._details.origin(place, repository.record, rng)
        record = new_pull(repository.record, self._scalars(place, repository, origin, rng), origin.branches)
        record["_connections"] = Connections(lambda name: self._children(name, place, record))
        return PullRequest(repository, record)

    def _scalars(self, place: int, repository: Repository, origin: Origin, rng: Random) -> Scalars:
        plan = self._plan
        counts, timing = plan.counts, plan.timings[place]
        state = STATES[timing.state]
        milestones = repository.record["_connections"]["milestones"]
        has_milestone = milestones and rng.random() < _MILESTONED
        return Scalars(
            number=plan.numbers[place],
            database_id=self._ids.pull + place,
            issue_id=repository.issue_base + plan.numbers[place],
            title=origin.title,
            body=origin.body,
            author=origin.author,
            created=iso(timing.created),
            updated=iso(timing.updated),
            state=state,
            closed=iso(timing.closed) if timing.closed else None,
            merged_by=origin.merged_by,
            merge_commit=origin.merge_commit,
            decision=_decision(state, counts.reviews[place], rng),
            draft=state == "OPEN" and rng.random() < _DRAFTS,
            milestone=milestones[int(rng.random() * len(milestones))] if has_milestone else None,
            size=origin.size,
            review_comments=plan.review_comments(place),
            totals={
                "reviews": counts.reviews[place],
                "reviewThreads": counts.threads[place],
                "comments": counts.comments[place],
                "commits": counts.commits[place],
                "files": min(counts.files[place], 3_000),
            },
        )

    def _children(self, name: str, place: int, record: Record) -> dict[str, list[Record]]:
        """The group of connections that `name` is one of."""
        if name in PEOPLE:
            return self._people(place, record)
        if name in SPOKEN:
            return self._spoken(place, record)
        raise KeyError(name)

    def _spoken(self, place: int, record: Record) -> dict[str, list[Record]]:
        plan, ids = self._plan, self._ids
        rng = random_of(plan.key, plan.numbers[place], "children")
        commits = self._details.commits(place, record)
        files = self._details.files(place)
        first_thread, after = plan.first_thread[place], plan.first_thread[place + 1]
        talk = Talk(
            pull=record,
            cast=self._cast,
            rng=rng,
            reviews=review_times(plan, place),
            comments=comment_times(plan, place),
            commits=commits,
            paths=[each["path"] for each in files] or ["README.md"],
        )
        sizes = plan.counts.in_threads[first_thread:after]
        firsts = (
            ids.review + plan.first_review[place],
            ids.thread + first_thread,
            ids.review_comment + plan.first_thread_comment[first_thread],
            ids.comment + plan.first_comment[place],
        )
        made = converse(talk, firsts, sizes)
        return {**made, "commits": commits, "files": files, "participants": _participants(record, made)}

    def _people(self, place: int, record: Record) -> dict[str, list[Record]]:
        rng = random_of(self._plan.key, self._plan.numbers[place], "people")
        labels = record["repository"]["_connections"]["labels"]
        chosen = [each for each in labels if rng.random() < _LABELLED / 2] if rng.random() < _LABELLED else []
        assignees = [self._cast.user(rng)] if rng.random() < _ASSIGNED else []
        wanted = int(rng.random() * REQUESTS_EACH) if record["state"] == "OPEN" else 0
        asked = dict.fromkeys(self._cast.user(rng)["login"] for _ in range(wanted))
        reviewers = [each for each in self._cast.users if each["login"] in asked and each is not record["author"]]
        first = self._ids.request + place * REQUESTS_EACH
        return {
            "labels": chosen,
            "assignees": assignees,
            "reviewRequests": [new_review_request(record, first + k, each) for k, each in enumerate(reviewers)],
            "closingIssuesReferences": [],
        }


def _decision(state: str, reviews: int, rng: Random) -> str | None:
    draw = rng.random()
    if reviews == 0:
        return "REVIEW_REQUIRED" if state == "OPEN" and draw < 0.4 else None  # noqa: PLR2004 - a share
    if state == "MERGED":
        return "APPROVED" if draw < 0.85 else None  # noqa: PLR2004 - a share
    return ("CHANGES_REQUESTED", "REVIEW_REQUIRED", "APPROVED", None)[int(draw * 4)]


def _participants(record: Record, made: dict[str, list[Record]]) -> list[Record]:
    spoken = [record["author"], *(each["author"] for name in ("reviews", "comments") for each in made[name])]
    people = {each["_restId"]: each for each in spoken if each is not None and each["__typename"] == "User"}
    return list(people.values())
