"""What the server counts of itself since it started, or since a reset; never what a principal has left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stats:
    """Counters; `in_flight` alone survives a reset, for requests are still under way."""

    graphql_requests: int = 0
    graphql_points: int = 0
    graphql_nodes: int = 0
    rest_requests: int = 0
    by_route: Counter[str] = field(default_factory=Counter)
    bytes_sent: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    refused: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def enter(self) -> None:
        """Count a request in."""
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def leave(self) -> None:
        """Count a request out."""
        self.in_flight -= 1

    def sent(self, count: int) -> None:
        """Count bytes written to sockets."""
        self.bytes_sent += count

    def charged(self, points: int, nodes: int) -> None:
        """Count the points of a query, and the nodes that one which is answered asks for (`rateLimit.nodeCount`)."""
        self.graphql_points += points
        self.graphql_nodes += nodes

    def reset(self) -> None:
        """Begin anew."""
        fresh = Stats(in_flight=self.in_flight, max_in_flight=self.in_flight)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def report(self) -> dict[str, object]:
        """Give the counters as GET /_sandbox/stats shows them."""
        return {
            "graphql": {
                "requests": self.graphql_requests,
                "points": self.graphql_points,
                "nodes": self.graphql_nodes,
            },
            "rest": {"requests": self.rest_requests, "by_route": dict(sorted(self.by_route.items()))},
            "bytes_sent": self.bytes_sent,
            "max_in_flight": self.max_in_flight,
            "refused": self.refused,
            "faults": dict(sorted(self.faults.items())),
        }
