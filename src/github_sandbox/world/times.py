"""When what is said about a planned pull request is said, drawn from the plan alone; no record is made here."""

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

from github_sandbox.world.marks import Mark, MarkKind
from github_sandbox.world.plan import Ids, Plan, Timing
from github_sandbox.world.stable import random_of

_EDITED: Final = 0.05


class Moments(NamedTuple):
    """When a comment was written and last edited, in seconds; equal when it never was."""

    created: int
    updated: int


class ReviewTimes(NamedTuple):
    """When each review was submitted, and with which review each thread begins."""

    opened: int
    reviews: list[int]
    beginnings: list[int]

    def review_of(self, thread: int, reply: int) -> int | None:
        """The place of the review that a thread's comment is part of; None when there is no review at all."""
        return min(self.beginnings[thread] + reply, len(self.reviews) - 1) if self.reviews else None

    def comment(self, thread: int, reply: int) -> int:
        """When a thread's comment was written."""
        review = self.review_of(thread, reply)
        return self.opened if review is None else self.reviews[review]


def review_times(plan: Plan, place: int) -> ReviewTimes:
    """When the reviews and review comments of the pull request at `place` come."""
    rng = random_of(plan.key, plan.numbers[place], "review times")
    count = plan.counts.reviews[place]
    reviews = _moments(rng, plan.timings[place], count)
    beginnings = [int(rng.random() * count) for _ in range(plan.counts.threads[place])]
    return ReviewTimes(plan.timings[place].created, reviews, beginnings)


def comment_times(plan: Plan, place: int) -> list[Moments]:
    """When the comments in the conversation of the pull request at `place` come; one in twenty is edited at its end."""
    rng, timing = random_of(plan.key, plan.numbers[place], "comment times"), plan.timings[place]
    written = _moments(rng, timing, plan.counts.comments[place])
    return [Moments(each, timing.updated if rng.random() < _EDITED else each) for each in written]


def marks(plan: Plan, ids: Ids, kind: MarkKind, place: int) -> Iterator[Mark]:
    """The marks of all comments of `kind` on the pull request at `place`, by id."""
    number = plan.numbers[place]
    if kind == "IssueComment":
        first = ids.comment + plan.first_comment[place]
        for running, moments in enumerate(comment_times(plan, place)):
            yield Mark(moments.created, first + running, moments.updated, number)
        return
    times = review_times(plan, place)
    first_thread, after = plan.first_thread[place], plan.first_thread[place + 1]
    database_id = ids.review_comment + plan.first_thread_comment[first_thread]
    for thread, size in enumerate(plan.counts.in_threads[first_thread:after]):
        for reply in range(size):
            written = times.comment(thread, reply)
            yield Mark(written, database_id, written, number)
            database_id += 1


def _moments(rng: Random, timing: Timing, count: int) -> list[int]:
    """`count` moments from the opening of a pull request to its last change, ascending."""
    span = timing.updated - timing.created
    return [timing.created + int(span * each) for each in sorted(rng.random() for _ in range(count))]
