"""Changes as a busy repository has them, chosen by a seed and always possible; what they lead to is not known here."""

import random
from dataclasses import dataclass, field
from typing import Any

from tests.support.capturing import Desk

Change = dict[str, Any]


@dataclass
class Busy:
    """A repository in which something happens all the time, so many times a second of the sandbox's clock."""

    desk: Desk
    name: str
    per_second: int = 50
    seed: int = 1
    made: int = 0
    states: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """See which pull requests there are."""
        self.chance = random.Random(self.seed)  # noqa: S311 - a choice of changes, no secret
        rows = self.desk.pull_requests(self.name)
        self.states = {row["number"]: row["state"] for row in rows}

    def second(self, share: float = 1.0) -> None:
        """Let a share of a second pass, and what happens within it."""
        count = round(self.per_second * share)
        changes = [change for _ in range(count) for change in self._some()]
        self.desk.change(*changes)
        self.made += len(changes)
        self.desk.time.advance(share)

    def _some(self) -> list[Change]:
        number = self.chance.choice(list(self.states))
        place = {"repository": self.name, "number": number}
        kind = self.chance.choice([*_ANYTIME, *_POSSIBLE.get(self.states[number], ())])
        self.states[number] = _AFTER.get(kind, self.states[number])
        if kind == "pull_request.open":
            del place["number"]
        if kind == "review.dismiss":
            said = {"type": "review.submit", **place, "author": "strict", "state": "CHANGES_REQUESTED"}
            return [said, {"type": kind, **place}]
        return [{"type": kind, **place, **_ANYTIME.get(kind, {})}]


_ANYTIME: dict[str, Change] = {
    "pull_request.open": {"title": "Opened meanwhile", "author": "newcomer", "commits": 2, "files": 3},
    "pull_request.edit": {"title": "Retitled", "body": "A new body"},
    "pull_request.push": {},
    "pull_request.force_push": {"commits": 2, "files": 2},
    "review.submit": {"author": "kind", "state": "APPROVED", "body": "Fine"},
    "review.dismiss": {},
    "thread.comment": {"author": "curious", "path": "src/new.py", "line": 7, "body": "Why?"},
    "comment.add": {"author": "talker", "body": "Still so?"},
}
"""Changes that all move `updated_at`, and what each is told."""

_POSSIBLE = {"OPEN": ["pull_request.close", "pull_request.merge"], "CLOSED": ["pull_request.reopen"]}
_AFTER = {"pull_request.close": "CLOSED", "pull_request.merge": "MERGED", "pull_request.reopen": "OPEN"}
