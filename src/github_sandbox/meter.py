"""Applies the limits to exchanges: refuses, charges, gives back; never executes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from github_sandbox.refusals import (
    GRAPHQL_PRIMARY,
    GRAPHQL_SECONDARY,
    REST_PRIMARY,
    REST_SECONDARY,
    Context,
    Rotation,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from github_sandbox.http.exchange import Exchange
    from github_sandbox.http.messages import Response
    from github_sandbox.limits import Budgets, Rate, Secondary

MUTATION_WEIGHT = 5


class Meter:
    """Primary limits always, secondary ones when asked for; each refusal in the next of the forms seen in the field."""

    def __init__(self, budgets: Budgets, secondary: Secondary | None, seed: int, now: Callable[[], float]) -> None:
        """Keep `budgets` and, if given, `secondary` limits; `seed` says with which form to begin."""
        self._budgets = budgets
        self._secondary = secondary
        self._forms = Rotation(seed)
        self._now = now

    def enter(self, exchange: Exchange) -> None:
        """Count an exchange in flight."""
        if self._secondary is not None:
            self._secondary.enter(exchange.viewer.principal.key)

    def leave(self, exchange: Exchange) -> None:
        """Count it out."""
        if self._secondary is not None:
            self._secondary.leave(exchange.viewer.principal.key)

    def rate(self, exchange: Exchange, resource: str | None = None) -> Rate:
        """Tell the budget that the exchange is charged to, or another of the same principal."""
        principal, name = exchange.viewer.principal, resource or exchange.resource
        return self._budgets.rate(principal.key, name, principal.points.get(name), self._now())

    def refusal(self, exchange: Exchange) -> Response | None:
        """Give the refusal that a limit demands; None lets the exchange pass."""
        return self._secondary_refusal(exchange) or self._primary_refusal(exchange)

    def _primary_refusal(self, exchange: Exchange) -> Response | None:
        rate = self.rate(exchange)
        if rate.remaining > 0:
            return None
        family = GRAPHQL_PRIMARY if exchange.is_graphql else REST_PRIMARY
        return self._forms.take(family)(self._context(exchange, rate.reset - int(self._now())))

    def _secondary_refusal(self, exchange: Exchange) -> Response | None:
        if self._secondary is None:
            return None
        reads = exchange.is_graphql or exchange.request.method in {"GET", "HEAD", "OPTIONS"}
        weight = 1 if reads else MUTATION_WEIGHT
        broken = self._secondary.check(exchange.viewer.principal.key, exchange.api, weight, self._now())
        if broken is None:
            return None
        family = GRAPHQL_SECONDARY if exchange.is_graphql else REST_SECONDARY
        return self._forms.take(family)(self._context(exchange, broken.wait))

    @staticmethod
    def _context(exchange: Exchange, wait: int) -> Context:
        return Context(exchange.viewer.principal.database_id, exchange.request_id, wait)

    def charge(self, exchange: Exchange, points: int) -> None:
        """Take points; a negative number gives them back."""
        self._budgets.charge(exchange.viewer.principal.key, exchange.resource, points, self._now())

    def owe(self, exchange: Exchange, points: int) -> None:
        """Take points from the next window."""
        self._budgets.owe(exchange.viewer.principal.key, exchange.resource, points, self._now())

    def spend(self, exchange: Exchange, seconds: float) -> None:
        """Count server time."""
        if self._secondary is not None:
            self._secondary.spend(exchange.viewer.principal.key, exchange.api, seconds, self._now())
