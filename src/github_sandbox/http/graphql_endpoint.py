"""The GraphQL endpoint over HTTP: reads the body, has it priced, charged, timed and run; never parses a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from github_sandbox.graphql.errors import RefusedQueryError
from github_sandbox.graphql.execution import RateView
from github_sandbox.http.answers import graphql_errors, message
from github_sandbox.http.encoding import JSON_TYPE
from github_sandbox.http.messages import Response
from github_sandbox.refusals import Context, timed_out
from github_sandbox.world.records import iso

if TYPE_CHECKING:
    from github_sandbox.graphql.service import GraphQLService
    from github_sandbox.http.exchange import Exchange
    from github_sandbox.http.stats import Stats
    from github_sandbox.limits import Rate
    from github_sandbox.meter import Meter

DOCS = "https://docs.github.com/graphql"
LONGEST_SECONDS = 10.0
TIMEOUT_PRICE = 10
NO_QUERY = "A query attribute must be specified and must be a string."


class Timed(NamedTuple):
    """An answer and the server time that it took, in seconds."""

    response: Response
    seconds: float


@dataclass(slots=True)
class GraphQLEndpoint:
    """Answers GraphQL exchanges. `ms_per_pr` is the server time of one pull request that a query touches."""

    service: GraphQLService
    meter: Meter
    stats: Stats
    ms_per_pr: float
    timeouts: int = 0

    def answer(self, exchange: Exchange) -> Timed:
        """Answer one exchange, charging before execution."""
        if exchange.request.method != "POST":
            return Timed(message(404, "Not Found", DOCS), 0.0)
        document = exchange.document
        if not isinstance(document, dict):
            return Timed(message(400, "Problems parsing JSON", DOCS), 0.0)
        query, variables, name = (document.get(key) for key in ("query", "variables", "operationName"))
        if not isinstance(query, str):
            return Timed(graphql_errors([{"message": NO_QUERY}], with_data=False), 0.0)
        given = variables if isinstance(variables, dict) else {}
        return self._run(exchange, query, given, name if isinstance(name, str) else None)

    def _run(self, exchange: Exchange, query: str, variables: dict[str, object], name: str | None) -> Timed:
        try:
            prepared = self.service.prepare(query, variables, name)
        except RefusedQueryError as refused:
            return Timed(graphql_errors(refused.errors, with_data=refused.data_is_null), 0.0)
        cost = 0 if prepared.dry_run else prepared.cost
        self.meter.charge(exchange, cost)
        seconds = 0.0 if prepared.dry_run else prepared.pull_requests * self.ms_per_pr / 1_000
        late = seconds > LONGEST_SECONDS
        self.stats.charged(cost, 0 if prepared.dry_run or late else prepared.node_count)
        if late:
            return self._time_out(exchange, cost)
        rate = _view(self.meter.rate(exchange))
        executed = self.service.execute(prepared, asker=exchange.viewer.principal, rate=rate)
        return Timed(Response(200, {"content-type": JSON_TYPE}, executed.body()), seconds)

    def _time_out(self, exchange: Exchange, cost: int) -> Timed:
        """Answer as past the 10 s limit; its price comes off the next window, as documented.

        https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#timeouts
        """
        self.meter.owe(exchange, cost * TIMEOUT_PRICE)
        self.timeouts += 1
        context = Context(exchange.viewer.principal.database_id, exchange.request_id, 0)
        return Timed(timed_out(context, self.timeouts - 1), LONGEST_SECONDS)


def _view(rate: Rate) -> RateView:
    return RateView(limit=rate.limit, remaining=rate.remaining, used=rate.used, reset_at=iso(rate.reset))
