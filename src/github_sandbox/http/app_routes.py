"""Routes that an App asks as itself, by its JWT: who it is, where it is installed, tokens, webhook deliveries.

https://docs.github.com/en/rest/apps
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.http.encoding import loads
from github_sandbox.http.messages import Response
from github_sandbox.rest.router import UNDER_REPOSITORY, Found, Route, Router
from github_sandbox.tokens import Viewer, token_of
from github_sandbox.world.records import iso

if TYPE_CHECKING:
    from github_sandbox.app_auth import App, Apps, Installation
    from github_sandbox.http.messages import Request
    from github_sandbox.webhook_delivery import Deliveries
    from github_sandbox.world.repository import Repository
    from github_sandbox.world.state import World

LONGEST_NAMES = 500


@dataclass(frozen=True, slots=True)
class AppCall:
    """One call on its way through a handler; `api` is the address that the client used."""

    app: App
    request: Request
    params: dict[str, str]
    api: str


AppHandle: TypeAlias = Callable[["AppRoutes", AppCall], Awaitable[Response]]


@dataclass(slots=True)
class AppRoutes:
    """Answers App routes."""

    apps: Apps
    world: World
    deliveries: Deliveries

    @staticmethod
    def find(method: str, path: str) -> Found[AppHandle] | None:
        """Give the route that answers `path` to a JWT; None for a path that asks for no JWT."""
        found = _ROUTER.find(method, path)
        return _NO_SUCH if found is None and (path == "/app" or path.startswith("/app/")) else found

    def viewer(self, authorization: str) -> tuple[App, Viewer]:
        """Tell which App sent `authorization`; raise BadJwtError in GitHub's words for a JWT that it refuses."""
        text = token_of(authorization)
        app = self.apps.app_of(text)
        return app, Viewer(app.principal, text)

    async def answer(self, app: App, request: Request, found: Found[AppHandle], api: str) -> Response:
        """Answer by the route found."""
        return await found.route.handle(self, AppCall(app, request, found.params, api))

    async def no_such(self, _call: AppCall) -> Response:
        """Answer that there is no such route."""
        return not_found()

    async def get_app(self, call: AppCall) -> Response:
        """Give the App itself."""
        return json_answer(self._app(call.app))

    async def list_installations(self, call: AppCall) -> Response:
        """List where the App is installed."""
        return json_answer([self._installation(call.app, each, call.api) for each in call.app.installations])

    async def get_installation(self, call: AppCall) -> Response:
        """Give one installation."""
        known = _by_id(call)
        return not_found() if known is None else json_answer(self._installation(call.app, known, call.api))

    async def list_deliveries(self, call: AppCall) -> Response:
        """List webhook deliveries."""
        return json_answer(self.deliveries.listing(call.request.query.get("status")))

    async def redeliver(self, call: AppCall) -> Response:
        """Send a webhook once more."""
        again = await self.deliveries.repeat(int(call.params["delivery_id"]))
        return json_answer({}, 202) if again else not_found()

    async def find_installation(self, call: AppCall) -> Response:
        """Give the installation on a repository."""
        params = call.params
        if "repository_id" in params:
            return self._on(call, self.world.repository_by_id(int(params["repository_id"])))
        named = self.world.find(params["owner"], params["repo"])
        if named is None or named.repository.access == "deleted":
            return not_found()
        repository = named.repository
        if named.redirected:
            address = f"{call.api}/repositories/{repository.database_id}/installation"
            moved = message(301, "Moved Permanently", url=address)
            moved.headers["location"] = address
            return moved
        return self._on(call, repository)

    def _on(self, call: AppCall, repository: Repository | None) -> Response:
        if repository is None or repository.access == "deleted":
            return not_found()
        known = self.apps.find(repository.owner, repository.name, call.app)
        return not_found() if known is None else json_answer(self._installation(call.app, known, call.api))

    async def mint(self, call: AppCall) -> Response:
        """Make an installation token.

        https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
        """
        app, body, installation = call.app, call.request.body, _by_id(call)
        if installation is None:
            return not_found()
        if installation.suspended:
            return message(403, "This installation has been suspended")
        try:
            wanted = loads(body) if body else {}
        except ValueError:
            return message(400, "Problems parsing JSON")
        wanted = wanted if isinstance(wanted, dict) else {}
        names = self._names(installation, wanted)
        if isinstance(names, str):
            return message(422, names)
        token, expires = self.apps.mint(app, installation, names)
        made = {
            "token": token,
            "expires_at": iso(int(expires)),
            "permissions": dict(wanted.get("permissions") or installation.permissions),
            "repository_selection": "all" if names is None else "selected",
        }
        return json_answer(made, 201)

    def _names(self, installation: Installation, wanted: dict[str, object]) -> list[str] | str | None:
        names, ids = wanted.get("repositories"), wanted.get("repository_ids")
        if names is None and ids is None:
            return None if installation.repositories is None else list(installation.repositories)
        chosen = [str(name) for name in names] if isinstance(names, list) else []
        for number in ids if isinstance(ids, list) else []:
            found = self.world.repository_by_id(int(number))
            chosen.append(found.name if found else "")
        if len(chosen) > LONGEST_NAMES or not all(self._may(installation, name) for name in chosen):
            return (
                "There is at least one repository that does not exist or is not accessible to the parent installation."
            )
        return chosen

    def _may(self, installation: Installation, name: str) -> bool:
        return installation.covers(installation.account, name) and (
            self.world.repository(installation.account, name) is not None
        )

    def _app(self, app: App) -> dict[str, object]:
        now = iso(int(self.world.now()))
        return {
            "id": app.id,
            "client_id": app.client_id,
            "slug": app.slug,
            "node_id": f"A_sandbox{app.id}",
            "name": app.slug,
            "description": None,
            "external_url": f"https://github.com/apps/{app.slug}",
            "html_url": f"https://github.com/apps/{app.slug}",
            "created_at": now,
            "updated_at": now,
            "permissions": dict(app.installations[0].permissions) if app.installations else {},
            "events": ["pull_request", "pull_request_review", "pull_request_review_comment", "issue_comment"],
            "installations_count": len(app.installations),
        }

    def _installation(self, app: App, installation: Installation, api: str) -> dict[str, object]:
        account, now = self.world.actor(installation.account), iso(int(self.world.now()))
        number = installation.id
        return {
            "id": number,
            "account": {
                "login": installation.account,
                "id": account["_restId"] if account else 0,
                "type": account["_restType"] if account else "Organization",
            },
            "repository_selection": "all" if installation.repositories is None else "selected",
            "access_tokens_url": f"{api}/app/installations/{number}/access_tokens",
            "repositories_url": f"{api}/installation/repositories",
            "html_url": f"https://github.com/organizations/{installation.account}/settings/installations/{number}",
            "app_id": app.id,
            "client_id": app.client_id,
            "app_slug": app.slug,
            "target_id": account["_restId"] if account else 0,
            "target_type": account["_restType"] if account else "Organization",
            "permissions": dict(installation.permissions),
            "events": ["pull_request"],
            "created_at": now,
            "updated_at": now,
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": None,
            "suspended_at": now if installation.suspended else None,
        }


def _by_id(call: AppCall) -> Installation | None:
    number = int(call.params["installation_id"])
    return next((each for each in call.app.installations if each.id == number), None)


ROUTES: tuple[Route[AppHandle], ...] = (
    Route("GET", "/app", AppRoutes.get_app),
    Route("GET", "/app/installations", AppRoutes.list_installations),
    Route("GET", "/app/installations/{installation_id}", AppRoutes.get_installation),
    Route("POST", "/app/installations/{installation_id}/access_tokens", AppRoutes.mint),
    Route("GET", "/app/hook/deliveries", AppRoutes.list_deliveries),
    Route("POST", "/app/hook/deliveries/{delivery_id}/attempts", AppRoutes.redeliver),
    Route("GET", UNDER_REPOSITORY + "/installation", AppRoutes.find_installation),
)
_ROUTER = Router(ROUTES)
_NO_SUCH: Found[AppHandle] = Found(Route("", "unknown", AppRoutes.no_such), {})
