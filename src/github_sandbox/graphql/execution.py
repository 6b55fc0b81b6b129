"""What one request carries while it is executed: the world, who asks, its variables and the errors so far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from graphql import FieldNode

from github_sandbox.graphql.errors import FieldError, wire_form
from github_sandbox.graphql.pages import Listing, Page
from github_sandbox.model import Record, Repository, World

Arguments: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RateView:
    """The asking principal's GraphQL budget after this query was charged; `reset_at` is a DateTime."""

    limit: int
    remaining: int
    used: int
    reset_at: str


class Asker(Protocol):
    """Who asks: the user that `viewer` gives, and the private repositories (owner/name, lower case) it may read."""

    @property
    def login(self) -> str:
        """The user's login."""

    @property
    def database_id(self) -> int:
        """The user's numeric id."""

    @property
    def private(self) -> frozenset[str]:
        """Private repositories that it may read beside its own."""


@dataclass(slots=True)
class Execution:
    """One request under way. `path` maps depth to response key or index; deeper entries may be left over.

    `held` counts the records on all pages so far; `resource_limit` is the most that there may be, 0 is none.
    """

    world: World
    asker: Asker
    rate: RateView
    cost: int
    node_count: int
    variables: dict[str, Any] = field(default_factory=dict)
    resource_limit: int = 0
    held: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    path: dict[int, str | int] = field(default_factory=dict)
    arguments: dict[int, Any] = field(default_factory=dict)
    viewer: str = field(init=False)

    def __post_init__(self) -> None:
        """Keep the login at hand; connections ask for it at every parent."""
        self.viewer = self.asker.login

    def sees(self, repository: Repository) -> bool:
        """Say whether the asker may read `repository`; one that it may not read does not exist for it."""
        if repository.visible_to(self.viewer):
            return True
        return repository.access == "private" and repository.record["nameWithOwner"].lower() in self.asker.private

    def hold(self, page: Page) -> Page:
        """Give `page`; FieldError when the answer would hold more than it may, and for every page after that.

        GitHub ends such a query with what it has so far and publishes no threshold:
        https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#resource-limits
        """
        if self.resource_limit:
            self.held += len(page.items)
            if self.held > self.resource_limit:
                raise FieldError("Resource limits for this query exceeded.", "RESOURCE_LIMITS_EXCEEDED")
        return page

    def report(self, error: FieldError, nodes: Sequence[FieldNode], depth: int) -> None:
        """List `error` at the place that `path` shows down to and with `depth`."""
        self.errors.append(wire_form(error, nodes, [self.path[each] for each in range(depth + 1)]))


Resolver: TypeAlias = Callable[[Any, Arguments, Execution], Any]
Connector: TypeAlias = Callable[[Record, Arguments, Execution], Listing]
