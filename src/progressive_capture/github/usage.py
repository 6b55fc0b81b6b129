"""What was used of GitHub: requests, points, bytes, waits; counted in one place, judged nowhere here."""

from dataclasses import dataclass, field

from progressive_capture.domain.jobs import Counters
from progressive_capture.domain.kinds import Source


@dataclass(slots=True)
class ApiUsage:
    """What one of the two APIs was used for."""

    requests: int = 0
    points: int = 0
    bytes_in: int = 0
    """As received, before decompression."""
    waits: int = 0
    """How often a request had to wait for a limit."""
    timeouts: int = 0
    """Answers that GitHub, or the network, did not finish in time."""
    busy_ms: int = 0
    """Time that requests were in flight."""
    limit: int | None = None
    """Of points in the current window, None before the first answer; 0 where the server has no limits."""
    left: int | None = None


@dataclass(slots=True)
class Usage:
    """What one credential used of both APIs."""

    graphql: ApiUsage = field(default_factory=ApiUsage)
    rest: ApiUsage = field(default_factory=ApiUsage)

    def of(self, source: Source) -> ApiUsage:
        """The counts of one API."""
        return self.graphql if source is Source.GRAPHQL else self.rest

    def counters(self) -> Counters:
        """The sum in the job table's terms."""
        both = (self.graphql, self.rest)
        return Counters(
            rest_requests=self.rest.requests,
            graphql_requests=self.graphql.requests,
            points=self.graphql.points,
            bytes_in=sum(api.bytes_in for api in both),
            waits=sum(api.waits for api in both),
            timeouts=sum(api.timeouts for api in both),
            busy_ms=sum(api.busy_ms for api in both),
        )
