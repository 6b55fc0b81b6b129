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

_LINES: Final = 800
_FILE_LEVEL: Final = 0.04
_RANGE: Final = 0.2
_LEFT: Final = 0.06
_OUTDATED: Final = 0.25
_RESOLVED: Final = 0.55
_EDITED: Final = 0.05
_DISMISSED: Final = 0.03


@dataclass(kw_only=True)
class Talk:
    """What a conversation is made of: who may speak, from when to when, about which commits and paths."""

    pull: Record
    cast: Cast
    rng: Random
    since: int
    until: int
    commits: list[Record]
    paths: list[str]

    def stamps(self, count: int) -> list[str]:
        """`count` moments within the conversation, ascending."""
        span = self.until - self.since
        return [iso(self.since + int(span * each)) for each in sorted(self.rng.random() for _ in range(count))]


def converse(
    talk: Talk, firsts: tuple[int, int, int, int], reviews: int, sizes: Sequence[int], comments: int
) -> dict[str, list[Record]]:
    """Make `reviews` reviews, a thread for each of `sizes` with so many comments, and `comments` issue comments.

    `firsts` are the first ids of reviews, threads, review comments and issue comments.
    """
    made = _reviews(talk, firsts[0], reviews)
    return {
        "reviews": made,
        "reviewThreads": _threads(talk, firsts[1], firsts[2], made, sizes),
        "comments": _comments(talk, firsts[3], comments),
    }


def _reviews(talk: Talk, first: int, count: int) -> list[Record]:
    rng, decision = talk.rng, talk.pull["reviewDecision"]
    made = []
    for place, stamp in enumerate(talk.stamps(count)):
        state = "DISMISSED" if rng.random() < _DISMISSED else "COMMENTED"
        if place == count - 1 and decision in {"APPROVED", "CHANGES_REQUESTED"}:
            state = decision
        body = text.prose(rng, 0, 300) if rng.random() < 0.5 else ""  # noqa: PLR2004 - every other one
        commit = talk.commits[int(rng.random() * len(talk.commits))]["commit"] if talk.commits else None
        author = talk.cast.anyone(rng)
        made.append(new_review(talk.pull, first + place, author, state, stamp, body=body, commit=commit))
    return made


def _threads(talk: Talk, first: int, first_comment: int, reviews: list[Record], sizes: Sequence[int]) -> list[Record]:
    rng = talk.rng
    made = []
    for place, size in enumerate(sizes):
        begin = int(rng.random() * len(reviews))
        stamp = reviews[begin]["submittedAt"] if reviews else iso(talk.since)
        thread = _thread(talk, first + place, stamp)
        for reply in range(size):
            review = reviews[begin] if reviews else None
            author = review["author"] if review else talk.cast.anyone(rng)
            when = review["submittedAt"] if review else stamp
            body = text.prose(rng, 10, 600)
            hunk = (
                text.hunk(rng, thread["originalLine"] or 1)
                if not reply
                else thread["_connections"]["comments"][0]["diffHunk"]
            )
            new_review_comment(thread, first_comment, author, when, body=body, hunk=hunk, review=review)
            first_comment += 1
            begin = min(begin + 1, len(reviews) - 1)
        _settle(talk, thread)
        made.append(thread)
    return made


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


def _comments(talk: Talk, first: int, count: int) -> list[Record]:
    rng = talk.rng
    made = []
    for place, stamp in enumerate(talk.stamps(count)):
        author = talk.cast.anyone(rng)
        comment = new_issue_comment(talk.pull, first + place, author, stamp, body=text.prose(rng, 10, 900))
        if rng.random() < _EDITED:
            edited = iso(talk.until)
            comment |= {"updatedAt": edited, "lastEditedAt": edited, "editor": author, "includesCreatedEdit": True}
        made.append(comment)
    return made
