"""The conversation of one planned pull request: who says what and when; counts are arguments."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from github_sandbox.world import text
from github_sandbox.world.cast import Cast
from github_sandbox.world.conversation import (
    new_issue_comment,
    new_review,
    new_review_comment,
    new_thread,
    set_outdated,
    set_resolved,
)
from github_sandbox.world.records import Record, iso
from github_sandbox.world.times import Moments, ReviewTimes

_LINES: Final = 800
_FILE_LEVEL: Final = 0.04
_RANGE: Final = 0.2
_LEFT: Final = 0.06
_OUTDATED: Final = 0.25
_RESOLVED: Final = 0.55
_DISMISSED: Final = 0.03


@dataclass(kw_only=True)
class Talk:
    """What a conversation is made of: who may speak, when each speaks, about which commits and paths."""

    pull: Record
    cast: Cast
    rng: Random
    reviews: ReviewTimes
    comments: list[Moments]
    commits: list[Record]
    paths: list[str]


def converse(talk: Talk, firsts: tuple[int, int, int, int], sizes: Sequence[int]) -> dict[str, list[Record]]:
    """Make the reviews, a thread for each of `sizes` with so many comments, and the comments of the conversation.

    `firsts` are the first ids of reviews, threads, review comments and issue comments.
    """
    made = _reviews(talk, firsts[0])
    return {
        "reviews": made,
        "reviewThreads": _threads(talk, firsts[1], firsts[2], made, sizes),
        "comments": _comments(talk, firsts[3]),
    }


def _reviews(talk: Talk, first: int) -> list[Record]:
    rng, decision = talk.rng, talk.pull["reviewDecision"]
    made, count = [], len(talk.reviews.reviews)
    for place, stamp in enumerate(map(iso, talk.reviews.reviews)):
        state = "DISMISSED" if rng.random() < _DISMISSED else "COMMENTED"
        if place == count - 1 and decision in {"APPROVED", "CHANGES_REQUESTED"}:
            state = decision
        body = text.prose(rng, 0, 300) if rng.random() < 0.5 else ""  # noqa: PLR2004 - every other one
        commit = talk.commits[int(rng.random() * len(talk.commits))]["commit"] if talk.commits else None
        author = talk.cast.anyone(rng)
        made.append(new_review(talk.pull, first + place, author, state, stamp, body=body, commit=commit))
    return made


def _threads(talk: Talk, first: int, first_comment: int, reviews: list[Record], sizes: Sequence[int]) -> list[Record]:
    made = []
    for place, size in enumerate(sizes):
        thread = _thread(talk, first + place, iso(talk.reviews.comment(place, 0)))
        for reply in range(size):
            _comment(talk, thread, first_comment, reviews, (place, reply))
            first_comment += 1
        _settle(talk, thread)
        made.append(thread)
    return made


def _comment(talk: Talk, thread: Record, database_id: int, reviews: list[Record], at: tuple[int, int]) -> None:
    """Add a thread's comment; `at` is the thread's place among the threads, and the comment's in the thread."""
    rng, answered = talk.rng, thread["_connections"]["comments"]
    place = talk.reviews.review_of(*at)
    review = None if place is None else reviews[place]
    author = review["author"] if review is not None else talk.cast.anyone(rng)
    body = text.prose(rng, 10, 600)
    hunk = answered[0]["diffHunk"] if answered else text.hunk(rng, thread["originalLine"] or 1)
    stamp = iso(talk.reviews.comment(*at))
    new_review_comment(thread, database_id, author, stamp, body=body, hunk=hunk, review=review)


def _thread(talk: Talk, database_id: int, stamp: str) -> Record:
    rng = talk.rng
    path = talk.paths[int(rng.random() * len(talk.paths))]
    line = None if rng.random() < _FILE_LEVEL else 1 + int(rng.random() * _LINES)
    start = max(1, line - 3) if line is not None and rng.random() < _RANGE else None
    side = "LEFT" if rng.random() < _LEFT else "RIGHT"
    return new_thread(talk.pull, database_id, path, line, stamp, side=side, start=start)


def _settle(talk: Talk, thread: Record) -> None:
    last = thread["_connections"]["comments"][-1]["createdAt"] if thread["_connections"]["comments"] else None
    if last is None:
        return
    if talk.rng.random() < _OUTDATED:
        set_outdated(thread, last)
    if talk.rng.random() < _RESOLVED:
        set_resolved(thread, talk.cast.user(talk.rng), last)


def _comments(talk: Talk, first: int) -> list[Record]:
    rng = talk.rng
    made = []
    for place, (created, updated) in enumerate(talk.comments):
        author = talk.cast.anyone(rng)
        comment = new_issue_comment(talk.pull, first + place, author, iso(created), body=text.prose(rng, 10, 900))
        if updated != created:
            edited = iso(updated)
            comment |= {"updatedAt": edited, "lastEditedAt": edited, "editor": author, "includesCreatedEdit": True}
        made.append(comment)
    return made
