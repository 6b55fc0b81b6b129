"""Where the parts of the stand-in are put together, once; no rule lives here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from github_sandbox.actions import routes as actions_routes
from github_sandbox.actions.options import folders_of
from github_sandbox.actions.runner import Machine
from github_sandbox.actions.service import Actions
from github_sandbox.app_auth import Apps
from github_sandbox.changes import apply_change
from github_sandbox.faults import Faults
from github_sandbox.graphql.service import GraphQLService, Rounding
from github_sandbox.http.app_routes import ROUTES as APP_ROUTES
from github_sandbox.http.app_routes import AppRoutes
from github_sandbox.http.control import Control
from github_sandbox.http.graphql_endpoint import GraphQLEndpoint
from github_sandbox.http.request_log import RequestLog
from github_sandbox.http.stats import Stats
from github_sandbox.limits import Budgets, Secondary
from github_sandbox.meter import Meter
from github_sandbox.rest.api import ROUTES as REST_ROUTES
from github_sandbox.rest.api import RestApi
from github_sandbox.service import Sandbox, Timing
from github_sandbox.tokens import Tokens
from github_sandbox.tokens_file import Credentials
from github_sandbox.truth import truth
from github_sandbox.webhook_delivery import Deliveries, Hook
from github_sandbox.world.stable import hex_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from github_sandbox.clock import Clock
    from github_sandbox.faults_file import Rule, Served
    from github_sandbox.world.state import World

GRAPHQL_METHODS = frozenset(("GET", "HEAD", "POST"))
ANY_METHOD = GRAPHQL_METHODS | {"DELETE", "OPTIONS", "PATCH", "PUT"}


@dataclass(frozen=True, slots=True)
class Options:
    """How the stand-in behaves; each field is a flag of `github-sandbox serve`."""

    seed: int = 7
    points: int = 5_000
    window: int = 3_600
    rounding: Rounding = "nearest"
    resource_limit: int = 0
    secondary: bool = False
    compress: bool = False
    timing: Timing = field(default_factory=Timing)
    hook: Hook | None = None
    workflows: tuple[str, ...] = ()
    machine: Machine = field(default_factory=Machine)


def served_routes() -> Served:
    """Give the routes that a fault may name: REST's, an App's, GraphQL's, and `unknown` for all else."""
    methods: dict[str, frozenset[str]] = {}
    for route in (*REST_ROUTES, *actions_routes.ROUTES, *APP_ROUTES):
        also = {"HEAD"} if route.method == "GET" else set()
        methods[route.template] = methods.get(route.template, frozenset()) | {route.method} | also
    return {**methods, "/graphql": GRAPHQL_METHODS, "unknown": ANY_METHOD}


def build_sandbox(
    world: World,
    clock: Clock,
    options: Options,
    credentials: Credentials | None = None,
    rules: tuple[Rule, ...] = (),
) -> Sandbox:
    """Put a stand-in together over `world`; without `credentials` any token is accepted as a user of its own.

    Raise ConfigError for workflow files that cannot be used.
    """
    known = credentials or Credentials(None, ())

    def names_of(account: str) -> Iterable[str]:
        return [each.name for each in world.repositories() if each.owner.lower() == account]

    stats, log = Stats(), RequestLog()
    actions = Actions(folders_of(world, options.workflows), options.machine, options.seed, clock.now)
    apps = Apps(known.apps, hex_of(64, "installation tokens", options.seed), clock.now, names_of)
    limits = Secondary() if options.secondary else None
    meter = Meter(Budgets(options.points, options.window), limits, options.seed, clock.now)
    deliveries = Deliveries(options.seed, clock.now)
    service = GraphQLService(world, rounding=options.rounding, resource_limit=options.resource_limit)
    control = Control(
        world=world,
        clock=clock,
        stats=stats,
        log=log,
        deliveries=deliveries,
        seed=options.seed,
        served=served_routes(),
        hook=options.hook,
        apply_change=apply_change,
        truth=truth,
    )
    return Sandbox(
        clock=clock,
        tokens=Tokens(known.tokens, apps.read if known.apps else None),
        meter=meter,
        stats=stats,
        faults=Faults(rules, options.seed),
        rest=RestApi(world, actions_routes.bound_to(actions)),
        graphql=GraphQLEndpoint(service, meter, stats, options.timing.ms_per_pr),
        apps=AppRoutes(apps, world, deliveries),
        control=control,
        timing=options.timing,
        log=log,
        actions=actions,
        compress=options.compress,
    )
