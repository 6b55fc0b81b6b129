"""The last API requests and how they were answered, for whoever asks what a client did; holds no token and no body."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from github_sandbox.world.records import iso

if TYPE_CHECKING:
    from github_sandbox.http.exchange import Exchange
    from github_sandbox.http.messages import Response

KEPT = 1_000


class RequestLog:
    """One row for each request, oldest first; the oldest are forgotten."""

    def __init__(self) -> None:
        """Begin empty."""
        self._rows: deque[dict[str, object]] = deque(maxlen=KEPT)

    def note(self, exchange: Exchange, answer: Response, now: float) -> None:
        """Keep what was asked and answered; `status` is None where the connection was closed instead."""
        self._rows.append(
            {
                "id": exchange.request_id,
                "time": iso(int(now)),
                "method": exchange.request.method,
                "target": exchange.request.target,
                "route": exchange.route,
                "operation": exchange.operation,
                "login": exchange.viewer.principal.login,
                "status": None if answer.drop else answer.status,
                "bytes": len(answer.body),
                "fault": exchange.fault,
            }
        )

    def rows(self) -> list[dict[str, object]]:
        """Give the rows."""
        return list(self._rows)

    def reset(self) -> None:
        """Forget all."""
        self._rows.clear()
