"""Actors, organizations and teams in REST's shapes; never decides who may see them."""

from github_sandbox.http.encoding import Raw, dumps
from github_sandbox.world.node_ids import node_id
from github_sandbox.world.records import Record

AVATARS = "https://avatars.githubusercontent.com/u"
GHOST_ID = 10_137
_SUFFIXES = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_PRIVATE_PLAN = {"name": "free", "space": 976_562_499, "collaborators": 0, "private_repos": 10_000}


class People:
    """Writes actors for one API address, each once."""

    def __init__(self, api: str) -> None:
        """Write URLs under `api`."""
        self._api = api
        self._written: dict[tuple[object, ...], Raw] = {}

    def actor(self, record: Record | None) -> Raw | None:
        """Write an actor as it stands inside other objects; None stays None."""
        if record is None:
            return None
        key = (record["_restId"], record["_restLogin"], record["_restType"], record["avatarUrl"], record["id"])
        if (raw := self._written.get(key)) is None:
            raw = self._written[key] = Raw(dumps(self.simple(record)))
        return raw

    def author(self, record: Record | None) -> Raw | None:
        """Write an author, with the ghost user for a deleted account."""
        return self.actor(record) if record is not None else self.ghost()

    def ghost(self) -> Raw:
        """Write the user that REST shows for a deleted account."""
        if (raw := self._written.get(("ghost",))) is None:
            ghost = self._user(GHOST_ID, "ghost", "MDQ6VXNlcjEwMTM3", "https://github.com/ghost")
            raw = self._written["ghost",] = Raw(dumps(ghost))
        return raw

    def simple(self, record: Record) -> dict[str, object]:
        """Give an actor's simple form as a dictionary."""
        made = self._user(record["_restId"], record["_restLogin"], record["id"], record["url"])
        seen = {"avatar_url": record["avatarUrl"], "type": record["_restType"], "site_admin": record["isSiteAdmin"]}
        return {**made, **seen}

    def principal(self, record: Record | None, login: str, number: int) -> Raw | dict[str, object]:
        """Give an actor, or the owner of a token who is none of the world's."""
        if (known := self.actor(record)) is not None:
            return known
        return self._user(number, login, node_id("User", number), f"https://github.com/{login}")

    def _user(self, number: int, login: str, node: str, html: str) -> dict[str, object]:
        url = f"{self._api}/users/{login.replace('[', '%5B').replace(']', '%5D')}"
        head = {
            "login": login,
            "id": number,
            "node_id": node,
            "avatar_url": f"{AVATARS}/{number}?v=4",
            "gravatar_id": "",
        }
        links = {name: url + suffix for name, suffix in _SUFFIXES.items()}
        return {
            **head,
            "url": url,
            "html_url": html,
            **links,
            "type": "User",
            "user_view_type": "public",
            "site_admin": False,
        }

    def full(self, record: Record) -> dict[str, object]:
        """Give the answer of /users/LOGIN."""
        return {
            **self.simple(record),
            "name": record["name"],
            "company": record["company"],
            "blog": record["websiteUrl"] or "",
            "location": record["location"],
            "email": record["email"] or None,
            "hireable": None,
            "bio": record["bio"],
            "twitter_username": None,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": record["createdAt"],
            "updated_at": record["updatedAt"],
        }

    def viewer(self, login: str, number: int, now: str) -> dict[str, object]:
        """Give the answer of /user for a token's owner, who need not be in the world."""
        simple = self._user(number, login, node_id("User", number), f"https://github.com/{login}")
        facts = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio", "twitter_username"))
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        return {
            **simple,
            **facts,
            "notification_email": f"{number}@users.noreply.example.invalid",
            "blog": "",
            **counts,
            "created_at": now,
            "updated_at": now,
            **self.private_facts(),
        }

    @staticmethod
    def private_facts() -> dict[str, object]:
        """Give what only the owner of a token sees of himself."""
        counts = ("private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators")
        return {**dict.fromkeys(counts, 0), "two_factor_authentication": True, "plan": dict(_PRIVATE_PLAN)}

    def team(self, record: Record) -> dict[str, object]:
        """Give a team as it stands in requested_teams."""
        url = f"{self._api}/organizations/{record['organization']['_restId']}/team/{record['databaseId']}"
        return {
            "name": record["name"],
            "id": record["databaseId"],
            "node_id": record["id"],
            "slug": record["slug"],
            "description": record["description"] or "",
            "privacy": "closed" if record["privacy"] == "VISIBLE" else "secret",
            "notification_setting": "notifications_enabled",
            "url": url,
            "html_url": record["url"],
            "members_url": url + "/members{/member}",
            "repositories_url": url + "/repos",
            "permission": "pull",
            "type": "organization",
            "organization_id": record["organization"]["_restId"],
            "parent": None,
        }

    def organization(self, record: Record) -> dict[str, object]:
        """Give the answer of /orgs/LOGIN."""
        login, url = record["login"], f"{self._api}/orgs/{record['login']}"
        return {
            "login": login,
            "id": record["_restId"],
            "node_id": record["id"],
            "url": url,
            "repos_url": url + "/repos",
            "events_url": url + "/events",
            "hooks_url": url + "/hooks",
            "issues_url": url + "/issues",
            "members_url": url + "/members{/member}",
            "public_members_url": url + "/public_members{/member}",
            "avatar_url": record["avatarUrl"],
            "description": record["description"],
            "name": record["name"] or login,
            "company": None,
            "blog": record["websiteUrl"] or "",
            "location": record["location"] or "",
            "email": record["email"] or "",
            "twitter_username": None,
            "is_verified": record["isVerified"],
            "has_organization_projects": True,
            "has_repository_projects": True,
            **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
            "html_url": record["url"],
            "created_at": record["createdAt"],
            "updated_at": record["updatedAt"],
            "archived_at": None,
            "type": "Organization",
        }
