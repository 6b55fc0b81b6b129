"""When a request is tried again, as a pure decision of the one retry layer; limits never pass here."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Full jitter: a random part of a bound that doubles, ended by a count of attempts and by time.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    attempts: int = 5
    """Requests in all, the first included."""
    seconds: float = 60.0
    """No further attempt begins after this long."""
    first: float = 1.0
    """Bound of the first pause."""
    longest: float = 16.0

    def pause(self, attempt: int, elapsed: float, random: Callable[[], float]) -> float | None:
        """Seconds before the next attempt after the `attempt`-th (from 1) failed, None to give up."""
        if attempt >= self.attempts:
            return None
        pause = random() * min(self.longest, self.first * 2 ** (attempt - 1))
        return pause if elapsed + pause <= self.seconds else None
