"""All routes of Actions, and binding them to what they act on; no handler lives here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from github_sandbox.actions import file_routes, run_routes, vault_routes
from github_sandbox.rest.router import Handle, Route

if TYPE_CHECKING:
    from github_sandbox.actions.service import Actions

ROUTES = (*run_routes.ROUTES, *vault_routes.ROUTES, *file_routes.ROUTES)


def bound_to(actions: Actions) -> tuple[Route[Handle], ...]:
    """Give the routes as those of REST are: their handlers take a call alone."""
    return tuple(Route(each.method, each.template, partial(each.handle, actions), each.resource) for each in ROUTES)
