"""Which API serves an operation while one of them stays broken for it; a rule over times, no I/O."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from progressive_capture.domain.kinds import Source
from progressive_capture.domain.planning import Operation
from progressive_capture.domain.scope import SourceChoice

BROKEN_FOR: Final = timedelta(minutes=5)
"""How long an operation keeps to REST before GraphQL is tried again."""


@dataclass(slots=True)
class Fallback:
    """Chooses the API for each operation: as told, or GraphQL with REST while GraphQL is broken for it."""

    choice: SourceChoice
    anonymous: bool = False
    """Without a token there is no GraphQL at all.
    https://docs.github.com/en/graphql/guides/forming-calls-with-graphql"""
    broken_until: dict[Operation, datetime] = field(default_factory=dict)

    def source(self, operation: Operation, now: datetime) -> Source:
        """The API to use for an operation now."""
        if self.choice is SourceChoice.REST or self.anonymous:
            return Source.REST
        if self.choice is SourceChoice.GRAPHQL:
            return Source.GRAPHQL
        until = self.broken_until.get(operation)
        return Source.REST if until is not None and now < until else Source.GRAPHQL

    def can_fall_back(self) -> bool:
        """Whether REST may stand in for GraphQL."""
        return self.choice is SourceChoice.AUTO and not self.anonymous

    def graphql_broke(self, operation: Operation, now: datetime) -> None:
        """Keep an operation to REST for a while."""
        self.broken_until[operation] = now + BROKEN_FOR
