"""The people met in one answer, each once, by numeric id; normalised alike for both APIs."""

from typing import Final

from progressive_capture.domain.records import ContributorRow
from progressive_capture.github.nodes import Actor

GHOST_ID: Final = 10_137
"""The account that REST puts in a deleted one's place, where GraphQL has null. https://github.com/ghost"""

BOT_SUFFIX: Final = "[bot]"
"""REST appends it to a bot's login, GraphQL does not."""

Who = tuple[int | None, str | None]
NOBODY: Final[Who] = (None, None)


class People:
    """Collects whoever is named."""

    __slots__ = ("_rows",)

    def __init__(self) -> None:
        """Begin with nobody."""
        self._rows: dict[int, ContributorRow] = {}

    def rows(self) -> list[ContributorRow]:
        """Everybody with a numeric id."""
        return list(self._rows.values())

    def actor(self, actor: Actor | None) -> Who:
        """Numeric id and login of GraphQL's actor; no id for kinds of actors that have none."""
        if actor is None:
            return NOBODY
        number = actor.database_id
        if number is None:
            return None, actor.login
        if number not in self._rows:
            if number == GHOST_ID:
                return NOBODY
            self._rows[number] = ContributorRow(number, actor.id or "", actor.login, actor.typename, actor.name)
        return number, actor.login

    def user(self, number: int | None, node_id: str, login: str, kind: str) -> Who:
        """Numeric id and login of REST's user."""
        if number == GHOST_ID:
            return NOBODY
        if kind == "Bot":
            login = login.removesuffix(BOT_SUFFIX)
        if number is not None and number not in self._rows:
            self._rows[number] = ContributorRow(number, node_id, login, kind, None)
        return number, login
