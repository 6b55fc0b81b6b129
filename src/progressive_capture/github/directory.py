"""Which repositories an account has, by REST; one alone is looked up elsewhere, and nothing is stored here."""

from typing import Final, NamedTuple
from urllib.parse import quote

from progressive_capture.github import rest_bodies as rest
from progressive_capture.github.outcomes import Missing, Outcome, Page
from progressive_capture.github.payload import Shape
from progressive_capture.github.rest_reader import RestReader
from progressive_capture.github.session import Session

_LISTED: Final = Shape[list[rest.ListedRepository]](list[rest.ListedRepository])


class AccountRepository(NamedTuple):
    """A repository of an account's list."""

    id: int
    owner_name: str
    is_disabled: bool
    """GitHub's staff shut it: nobody can read it."""


class Directory:
    """Asks one session."""

    def __init__(self, session: Session) -> None:
        """Take the session; it is not closed here."""
        self._reader = RestReader(session)

    async def repositories_of(self, account: str) -> Outcome[list[AccountRepository]]:
        """All repositories of an organization or a person, in GitHub's order; each once.

        Of an organization those that the token may see, of a person the public ones. After `Throttled`, the same call
        goes on where it was broken off.
        https://docs.github.com/en/rest/repos/repos#list-organization-repositories
        https://docs.github.com/en/rest/repos/repos#list-repositories-for-a-user
        """
        key = ("account", account.lower())
        listed = await self._reader.whole(key, f"/orgs/{quote(account, safe='')}/repos", _LISTED)
        if isinstance(listed, Missing):
            listed = await self._reader.whole(key, f"/users/{quote(account, safe='')}/repos", _LISTED)
        if not isinstance(listed, list):
            why = f"GitHub has no account {account}, or this token may not see it: check the name and the token."
            return self._reader.ended(Missing(why, permanent=True) if isinstance(listed, Missing) else listed)
        self._reader.forget()
        found = {each.id: AccountRepository(each.id, each.full_name, each.disabled) for each in listed}
        return Page(list(found.values()))
