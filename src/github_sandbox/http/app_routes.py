"""Routes that an App asks as itself, by its JWT: who it is, where it is installed, tokens, webhook deliveries.

https://docs.github.com/en/rest/apps
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from github_sandbox.app_auth import App, Apps, BadJwtError, Installation
from github_sandbox.http.answers import json_answer, message, not_found
from github_sandbox.http.encoding import loads
from github_sandbox.tokens import token_of
from github_sandbox.world.records import iso

if TYPE_CHECKING:
    from github_sandbox.http.messages import Request, Response
    from github_sandbox.webhook_delivery import Deliveries
    from github_sandbox.world.repository import Repository
    from github_sandbox.world.state import World

_OF_REPOSITORY = re.compile(r"/repos/([^/]+)/([^/]+)/installation")
_OF_NUMBERED = re.compile(r"/repositories/(\d{1,18})/installation")
_TOKENS = re.compile(r"/app/installations/(\d+)/access_tokens")
_INSTALLATION = re.compile(r"/app/installations/(\d+)")
_REDELIVER = re.compile(r"/app/hook/deliveries/(\d+)/attempts")
LONGEST_NAMES = 500


@dataclass(slots=True)
class AppRoutes:
    """Answers App routes."""

    apps: Apps
    world: World
    deliveries: Deliveries

    def concerns(self, path: str) -> bool:
        """Tell whether `path` is asked with a JWT."""
        if path == "/app" or path.startswith("/app/"):
            return True
        return any(pattern.fullmatch(path) for pattern in (_OF_REPOSITORY, _OF_NUMBERED))

    async def answer(self, request: Request, path: str, api: str) -> Response:
        """Answer `path`; 401 in GitHub's words for a JWT that is not acceptable."""
        try:
            app = self.apps.app_of(token_of(request.header("authorization")))
        except BadJwtError as error:
            return message(401, str(error))
        if found := _REDELIVER.fullmatch(path):
            again = request.method == "POST" and await self.deliveries.repeat(int(found[1]))
            return json_answer({}, 202) if again else not_found()
        if request.method == "POST" and (found := _TOKENS.fullmatch(path)):
            return self._token(app, int(found[1]), request.body)
        return self._read(request, app, path, api) if request.method in {"GET", "HEAD"} else not_found()

    def _read(self, request: Request, app: App, path: str, api: str) -> Response:
        if path == "/app":
            return json_answer(self._app(app))
        if path == "/app/installations":
            return json_answer([self._installation(app, each, api) for each in app.installations])
        if path == "/app/hook/deliveries":
            return json_answer(self.deliveries.listing(request.query.get("status")))
        if found := _INSTALLATION.fullmatch(path):
            known = _by_id(app, int(found[1]))
            return not_found() if known is None else json_answer(self._installation(app, known, api))
        if found := _OF_NUMBERED.fullmatch(path):
            return self._on(app, self.world.repository_by_id(int(found[1])), api)
        found = _OF_REPOSITORY.fullmatch(path)
        return self._of_repository(app, found[1], found[2], api) if found else not_found()

    def _of_repository(self, app: App, owner: str, name: str, api: str) -> Response:
        named = self.world.find(owner, name)
        if named is None or named.repository.access == "deleted":
            return not_found()
        repository = named.repository
        if named.redirected:
            address = f"{api}/repositories/{repository.database_id}/installation"
            moved = message(301, "Moved Permanently", url=address)
            moved.headers["location"] = address
            return moved
        return self._on(app, repository, api)

    def _on(self, app: App, repository: Repository | None, api: str) -> Response:
        """Give the installation on a repository."""
        if repository is None or repository.access == "deleted":
            return not_found()
        known = self.apps.find(repository.owner, repository.name, app)
        return not_found() if known is None else json_answer(self._installation(app, known, api))

    def _token(self, app: App, number: int, body: bytes) -> Response:
        installation = _by_id(app, number)
        if installation is None:
            return not_found()
        if installation.suspended:
            return message(403, "This installation has been suspended")
        try:
            wanted = loads(body) if body else {}
        except ValueError:
            return message(400, "Problems parsing JSON")
        names = self._names(installation, wanted if isinstance(wanted, dict) else {})
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


def _by_id(app: App, number: int) -> Installation | None:
    return next((each for each in app.installations if each.id == number), None)
