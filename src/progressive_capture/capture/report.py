"""How a capture tells somebody what it does; the port only, those who show it live with the operator."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """One step forward of a shard."""

    phase: str
    """`index` or `hydrate`."""
    done: int
    total: int | None
    rows: int
    """Rows that this step stored."""
    points_left: int | None
    requests_left: int | None
    """Of the REST budget."""
    shard: int = 0
    """Which shard of the job took the step: `done` and `total` are that shard's."""


class Reporter(Protocol):
    """Hears what happens, in the event loop's thread."""

    def progress(self, step: Progress) -> None:
        """A page is stored."""

    def waiting(self, until: datetime, why: str) -> None:
        """Nothing will happen before `until`."""

    def note(self, text: str) -> None:
        """Something a person should know, in one sentence."""


class Silent:
    """Tells nobody."""

    def progress(self, step: Progress) -> None:
        """Ignore it."""

    def waiting(self, until: datetime, why: str) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""
