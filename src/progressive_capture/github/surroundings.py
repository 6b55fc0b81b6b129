"""What requests need of the world: the shared budget, clocks, chance and patience; nothing is done with them here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from progressive_capture.domain.budget import Budgets
from progressive_capture.domain.kinds import Source
from progressive_capture.github.clock import ServerClock
from progressive_capture.github.retry import RetryPolicy


class PrincipalMemory(Protocol):
    """Remembers whose budget a credential uses, by its fingerprint."""

    async def recall(self, fingerprint: str) -> str | None:
        """Whose it is, None when nobody asked before."""
        ...

    async def remember(self, fingerprint: str, principal: str) -> None:
        """Keep it."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """The most requests a minute to each API; 0 for no such bound."""

    rest: int = 900
    graphql: int = 2_000

    def of(self, source: Source) -> int:
        """The bound of one API."""
        return self.rest if source is Source.REST else self.graphql


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a session needs of the world; replaced piece by piece in tests."""

    budgets: Budgets
    holder: str
    """Names this process to others that share the budget."""
    pause: Callable[[float], Awaitable[None]]
    random: Callable[[], float]
    clock: ServerClock
    principals: PrincipalMemory | None = None
    pace: Pace = field(default_factory=Pace)
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    note: Callable[[str], None] = lambda _: None
    """Hears, in one sentence, what keeps a person waiting."""
