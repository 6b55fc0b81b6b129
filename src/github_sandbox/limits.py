"""Budgets as GitHub keeps them: primary points in windows, secondary limits in a sliding minute; never forms.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

SEARCH_WINDOW = 60
SEARCH_POINTS = 30
MINUTE = 60.0
CONCURRENT = 100
REQUESTS_PER_MINUTE = {"graphql": 2_000, "rest": 900}
CPU_SECONDS = {"graphql": 60.0, "all": 90.0}


@dataclass(frozen=True, slots=True)
class Rate:
    """One resource's budget at one moment; `reset` in seconds since the epoch."""

    resource: str
    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        """Give the points left, never below zero."""
        return max(0, self.limit - self.used)


@dataclass(slots=True)
class _Window:
    reset: int
    used: int = 0
    owed: int = 0


class Budgets:
    """Primary limits: each (principal, resource) has its points for a window that begins with its first request."""

    def __init__(self, points: int, window: int) -> None:
        """Give `points` per `window` seconds to `core` and to `graphql`, unless a principal has its own."""
        self._points = points
        self._window = window
        self._windows: dict[tuple[str, str], _Window] = {}

    def rate(self, principal: str, resource: str, own: int | None, now: float) -> Rate:
        """Tell the budget as it is, opening a window when none is open."""
        window = self._open(principal, resource, now)
        limit = own if own is not None else SEARCH_POINTS if resource == "search" else self._points
        return Rate(resource, limit, min(window.used, limit), window.reset)

    def charge(self, principal: str, resource: str, points: int, now: float) -> None:
        """Take `points`; a negative number gives points back."""
        window = self._open(principal, resource, now)
        window.used = max(0, window.used + points)

    def owe(self, principal: str, resource: str, points: int, now: float) -> None:
        """Take `points` from the next window: GitHub's price of a query that ran into its time limit."""
        self._open(principal, resource, now).owed += points

    def _open(self, principal: str, resource: str, now: float) -> _Window:
        window = self._windows.get((principal, resource))
        if window is None or now >= window.reset:
            length = SEARCH_WINDOW if resource == "search" else self._window
            window = _Window(int(now) + length, used=0 if window is None else window.owed)
            self._windows[principal, resource] = window
        return window


@dataclass(frozen=True, slots=True)
class Violation:
    """A secondary limit that a request would break; `wait` in seconds until it no longer would."""

    rule: str
    wait: int


@dataclass(slots=True)
class _Minute:
    """What one principal used in the last 60 s: (time, amount) in order, with the running sum."""

    entries: deque[tuple[float, float]] = field(default_factory=deque)
    total: float = 0.0

    def add(self, now: float, amount: float) -> None:
        self.entries.append((now, amount))
        self.total += amount

    def spent(self, now: float) -> float:
        while self.entries and self.entries[0][0] <= now - MINUTE:
            self.total -= self.entries.popleft()[1]
        return self.total

    def wait(self, now: float, limit: float) -> int:
        left = self.total
        for at, amount in self.entries:
            left -= amount
            if left < limit:
                return max(1, int(at + MINUTE - now) + 1)
        return int(MINUTE)


class Secondary:
    """Secondary limits, shared by all tokens of a principal: concurrency, requests a minute, server time a minute."""

    def __init__(self) -> None:
        """Begin with nobody having asked anything."""
        self._in_flight: dict[str, int] = defaultdict(int)
        self._minutes: dict[tuple[str, str], _Minute] = defaultdict(_Minute)

    def enter(self, principal: str) -> None:
        """Count a request in."""
        self._in_flight[principal] += 1

    def leave(self, principal: str) -> None:
        """Count a request out."""
        self._in_flight[principal] -= 1

    def check(self, principal: str, api: str, weight: int, now: float) -> Violation | None:
        """Count a request of `weight` points (a query 1, a mutation or write 5) on `api`, or say what it breaks."""
        if self._in_flight[principal] > CONCURRENT:
            return Violation("concurrent requests", 1)
        rules = (
            (f"{api} points per minute", self._minutes[principal, api], REQUESTS_PER_MINUTE[api] - weight + 1),
            ("GraphQL server time per minute", self._minutes[principal, "graphql cpu"], CPU_SECONDS["graphql"]),
            ("server time per minute", self._minutes[principal, "cpu"], CPU_SECONDS["all"]),
        )
        for rule, minute, limit in rules:
            if api == "rest" and rule.startswith("GraphQL"):
                continue
            if minute.spent(now) >= limit:
                return Violation(rule, minute.wait(now, limit))
        self._minutes[principal, api].add(now, weight)
        return None

    def spend(self, principal: str, api: str, seconds: float, now: float) -> None:
        """Add server time, which GitHub tells clients to estimate by total response time."""
        if seconds > 0:
            self._minutes[principal, "cpu"].add(now, seconds)
            if api == "graphql":
                self._minutes[principal, "graphql cpu"].add(now, seconds)
