"""What the steps of a capture add up to: counts, pace and time left; how it is shown is not decided here."""

from collections.abc import Callable
from typing import Final

from progressive_capture.capture.report import Progress
from progressive_capture.operator.wording import count, duration

PHASES: Final = {"index": "listing", "hydrate": "reading"}
"""The phases of a capture in a person's words."""


class Tally:
    """The steps of one repository's capture, over all its shards."""

    def __init__(self, monotonic: Callable[[], float], name: str = "") -> None:
        """Begin at nothing; `monotonic` gives seconds, `name` is the repository's."""
        self.name = name
        self.phase: str | None = None
        self.rows = 0
        self._monotonic = monotonic
        self._done: dict[int, int] = {}
        self._totals: dict[int, int | None] = {}
        self._began = 0.0
        self._done_before = 0
        self._left: tuple[int | None, int | None] = (None, None)

    def add(self, step: Progress) -> bool:
        """Count a step; say whether a phase began with it."""
        begins = step.phase != self.phase
        if begins:
            self.phase = step.phase
            self._done, self._totals = {}, {}
        self._done[step.shard] = step.done
        self._totals[step.shard] = step.total
        self.rows += step.rows
        self._left = (step.points_left, step.requests_left)
        if begins:
            self._began, self._done_before = self._monotonic(), self.done
        return begins

    @property
    def done(self) -> int:
        """Pull requests of this phase that are stored."""
        return sum(self._done.values())

    @property
    def total(self) -> int | None:
        """Pull requests of this phase, None while a shard cannot say."""
        known = [total for total in self._totals.values() if total is not None]
        return sum(known) if len(known) == len(self._totals) else None

    @property
    def per_second(self) -> float | None:
        """The mean pace of this phase since its first step, None until a second step is in."""
        seconds = self._monotonic() - self._began
        done = self.done - self._done_before
        return done / seconds if done > 0 and seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Time to the end of this phase at that pace."""
        pace, total = self.per_second, self.total
        return max(0, total - self.done) / pace if pace and total is not None else None

    @property
    def doing(self) -> str:
        """The phase in words."""
        return PHASES.get(self.phase or "", self.phase or "starting")

    def counts(self) -> str:
        """`100 of 250 pull requests`."""
        if self.total is None:
            return count(self.done, "pull request")
        return f"{self.done:,} of {count(self.total, 'pull request')}"

    def details(self) -> str:
        """Everything but the name, the phase and the counts."""
        points, requests = self._left
        parts = [
            f"{self.per_second:,.1f} a second" if self.per_second else "",
            count(self.rows, "row"),
            f"{points:,} points left" if points is not None else "",
            f"{requests:,} REST requests left" if requests is not None else "",
            f"about {duration(self.seconds_left)} to go" if self.seconds_left else "",
        ]
        return ", ".join(part for part in parts if part)

    def sentence(self) -> str:
        """The whole state in a line."""
        return f"{self.doing}: {self.counts()}, {self.details()}"
