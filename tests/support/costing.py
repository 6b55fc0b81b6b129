"""What a capture cost for each thousand pull requests, beside what it may cost and what was forecast."""

from dataclasses import dataclass
from typing import Final

from progressive_capture.capture.plan import Plan
from progressive_capture.capture.run import Captured


@dataclass(frozen=True)
class Allowed:
    """The most that a thousand pull requests with all kinds may cost."""

    points: float
    requests: float
    """Of both APIs together."""


AUTO: Final = Allowed(points=60, requests=90)
GRAPHQL: Final = Allowed(points=80, requests=90)
ROUNDED_UP: Final = Allowed(points=90, requests=115)


def too_dear(captured: Captured, allowed: Allowed) -> str | None:
    """Say by how much a capture cost too much; None when it did not."""
    thousands = captured.pull_requests / 1_000
    points, requests = captured.points / thousands, captured.requests / thousands
    if points <= allowed.points and requests <= allowed.requests:
        return None
    return f"{points:.1f} points and {requests:.1f} requests for each thousand; allowed are {allowed}"


def misjudged(plan: Plan, captured: Captured, share: float) -> str | None:
    """Say by how much a forecast was wrong; None when it is within a share."""
    forecast = plan.forecast
    pairs = [("points", forecast.points, captured.points), ("requests", forecast.requests, captured.requests)]
    wrong = [f"{told} {name} forecast, {used} used" for name, told, used in pairs if abs(told - used) > share * used]
    return "; ".join(wrong) or None
