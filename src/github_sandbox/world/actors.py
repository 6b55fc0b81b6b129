"""People, bots, organizations and teams as records; who wrote what is decided elsewhere."""

from typing import Final

from github_sandbox.world.node_ids import node_id
from github_sandbox.world.records import INT_MAX, Record, iso
from github_sandbox.world.stable import number_of

_OLDEST: Final = 1_230_768_000  # 2009-01-01
_YOUNGEST_AFTER: Final = 86_400 * 365 * 3


def new_actor(kind: str, login: str, database_id: int, *, name: str | None = None, numeric: bool = True) -> Record:
    """An actor of `kind` (User, Bot, Mannequin, Organization); without `numeric` GraphQL's databaseId is None."""
    born = iso(_OLDEST + number_of("born", login) % _YOUNGEST_AFTER)
    actor: Record = {
        "__typename": kind,
        "id": node_id(kind, database_id),
        "databaseId": database_id if numeric and database_id <= INT_MAX else None,
        "login": login,
        "name": name,
        "email": "",
        "bio": None,
        "company": None,
        "location": None,
        "websiteUrl": None,
        "url": "",
        "avatarUrl": f"https://avatars.githubusercontent.com/{'in' if kind == 'Bot' else 'u'}/{database_id}?v=4",
        "isSiteAdmin": False,
        "createdAt": born,
        "updatedAt": born,
        "_restId": database_id,
        "_restLogin": login,
        "_restType": kind,
        "_noreply": f"{database_id}+{login}{'[bot]' if kind == 'Bot' else ''}@users.noreply.github.com",
    }
    if kind == "Organization":
        actor |= {"description": None, "isVerified": False}
    set_login(actor, login)
    return actor


def set_login(actor: Record, login: str) -> None:
    """Write `login` and all that follows from it into an actor."""
    bot = actor["__typename"] == "Bot"
    actor["login"] = login
    actor["_restLogin"] = f"{login}[bot]" if bot else login
    actor["url"] = f"https://github.com/{'apps/' if bot else ''}{login}"


def new_team(organization: Record, slug: str, database_id: int) -> Record:
    """A team of `organization`."""
    return {
        "__typename": "Team",
        "id": node_id("Team", organization["_restId"], database_id),
        "databaseId": database_id,
        "name": slug.title(),
        "slug": slug,
        "combinedSlug": f"{organization['login']}/{slug}",
        "description": None,
        "privacy": "VISIBLE",
        "url": f"https://github.com/orgs/{organization['login']}/teams/{slug}",
        "organization": organization,
        "createdAt": organization["createdAt"],
        "updatedAt": organization["updatedAt"],
    }
