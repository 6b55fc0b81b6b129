"""The plan of a population: number, times, state and counts of each pull request; no record is made here."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, NamedTuple

from github_sandbox.world.pulls import State, Summary
from github_sandbox.world.state import World

STATES: Final[tuple[State, ...]] = ("OPEN", "CLOSED", "MERGED")


class Timing(NamedTuple):
    """When a pull request was created, last touched and closed (0: never), in seconds, and its place in `STATES`."""

    created: int
    updated: int
    closed: int
    state: int


@dataclass(frozen=True)
class Counts:
    """How many children each pull request has, and how many comments each thread of the whole population."""

    reviews: list[int]
    threads: list[int]
    comments: list[int]
    commits: list[int]
    files: list[int]
    in_threads: list[int]
    renamed: list[bool]


def starts(counts: Iterable[int]) -> "array[int]":
    """Where each one's children begin when all are numbered in a row; the last entry is how many there are."""
    return array("q", accumulate(counts, initial=0))


@dataclass
class Plan:
    """A population of which every pull request can be made by itself.

    `key` names the population, seed included: all that is made up depends on it and the number alone.
    """

    key: str
    numbers: "array[int]"
    timings: list[Timing]
    counts: Counts
    first_review: "array[int]" = field(init=False)
    first_thread: "array[int]" = field(init=False)
    first_comment: "array[int]" = field(init=False)
    first_thread_comment: "array[int]" = field(init=False)

    def __post_init__(self) -> None:
        self.first_review = starts(self.counts.reviews)
        self.first_thread = starts(self.counts.threads)
        self.first_comment = starts(self.counts.comments)
        self.first_thread_comment = starts(self.counts.in_threads)

    def summary(self, place: int) -> Summary:
        """What orders and filters the pull request at `place`."""
        created, updated, _, state = self.timings[place]
        return Summary(created, updated, self.counts.comments[place], STATES[state])

    def review_comments(self, place: int) -> int:
        """How many review comments the pull request at `place` has."""
        first, after = self.first_thread[place], self.first_thread[place + 1]
        return self.first_thread_comment[after] - self.first_thread_comment[first]


@dataclass(frozen=True)
class Ids:
    """The first numeric id of each kind; a child's id is its first plus its running number in the plan."""

    pull: int
    review: int
    thread: int
    review_comment: int
    comment: int
    request: int

    @classmethod
    def reserve(cls, world: World, plan: Plan) -> "Ids":
        """Take the ids that the plan needs."""
        return cls(
            pull=world.reserve("PullRequest", len(plan.numbers)),
            review=world.reserve("PullRequestReview", plan.first_review[-1]),
            thread=world.reserve("PullRequestReviewThread", plan.first_thread[-1]),
            review_comment=world.reserve("PullRequestReviewComment", plan.first_thread_comment[-1]),
            comment=world.reserve("IssueComment", plan.first_comment[-1]),
            request=world.reserve("ReviewRequest", len(plan.numbers) * REQUESTS_EACH),
        )

    def place_of(self, plan: Plan, kind: str, database_id: int) -> int | None:
        """The place of the pull request that holds this id."""
        if kind == "PullRequest":
            return _within(database_id - self.pull, len(plan.numbers))
        if kind == "ReviewRequest":
            running = _within(database_id - self.request, len(plan.numbers) * REQUESTS_EACH)
            return None if running is None else running // REQUESTS_EACH
        if kind == "PullRequestReviewComment":
            thread = _holder(plan.first_thread_comment, database_id - self.review_comment)
            return None if thread is None else _holder(plan.first_thread, thread)
        tables = {
            "PullRequestReview": (plan.first_review, self.review),
            "PullRequestReviewThread": (plan.first_thread, self.thread),
            "IssueComment": (plan.first_comment, self.comment),
        }
        if kind not in tables:
            return None
        first, base = tables[kind]
        return _holder(first, database_id - base)


REQUESTS_EACH: Final = 4


def _within(running: int, size: int) -> int | None:
    return running if 0 <= running < size else None


def _holder(first: "array[int]", running: int) -> int | None:
    return bisect_right(first, running) - 1 if 0 <= running < first[-1] else None
