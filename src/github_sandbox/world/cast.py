"""Who takes part in a population: a roster of actors, a few of whom do most of the work, and their forks."""

from collections.abc import Iterator
from random import Random
from typing import Final

from github_sandbox.world import text
from github_sandbox.world.actors import new_actor
from github_sandbox.world.marks import Mark, MarkKind
from github_sandbox.world.pulls import PullRequest, Summary
from github_sandbox.world.records import Record
from github_sandbox.world.repository import Repository
from github_sandbox.world.repository_records import new_repository
from github_sandbox.world.stable import random_of
from github_sandbox.world.state import World

_SKEW: Final = 2.2
_DELETED: Final = 0.01
_BOT_EVERY: Final = 29
_MANNEQUIN_EVERY: Final = 173


def new_roster(world: World, key: str, size: int) -> list[Record]:
    """`size` new actors: users, a few bots and mannequins; their logins are free in `world`."""
    first = world.reserve("User", size)
    rng = random_of(key, "roster")
    roster = []
    for place in range(size):
        kind = "Bot" if place % _BOT_EVERY == _BOT_EVERY - 1 else "User"
        kind = "Mannequin" if place % _MANNEQUIN_EVERY == _MANNEQUIN_EVERY - 1 else kind
        login = text.login(rng) + ("-ci" if kind == "Bot" else "")
        while world.actor(login, bot=kind == "Bot") is not None:
            login += str(first + place)
        roster.append(world.add_actor(new_actor(kind, login, first + place, name=login.title())))
    return roster


class Cast:
    """The roster of one repository, most active first."""

    def __init__(self, roster: list[Record]) -> None:
        self.roster = roster
        self.users = [each for each in roster if each["__typename"] == "User"]

    def anyone(self, rng: Random) -> Record | None:
        """Someone, rarely a bot; None (one in a hundred) is an account that was deleted since."""
        draw = rng.random()
        if draw < _DELETED:
            return None
        return self.roster[int(len(self.roster) * ((draw - _DELETED) / (1 - _DELETED)) ** _SKEW)]

    def user(self, rng: Random) -> Record:
        """A user."""
        return self.users[int(len(self.users) * rng.random() ** _SKEW)]


REPOSITORY_OWNERS: Final = frozenset({"User", "Organization"})
"""GitHub's `RepositoryOwner`: a bot pushes to branches of the repository itself.
https://docs.github.com/en/graphql/reference/interfaces#repositoryowner"""


class Forks:
    """The contributors' forks of one repository, made when first shown; found again by their ids."""

    def __init__(self, world: World, parent: Record, people: list[Record]) -> None:
        self._world = world
        self._parent = parent
        self._people = people
        self._first = world.reserve("Repository", len(people))
        self._places = {
            each["_restId"]: place for place, each in enumerate(people) if each["__typename"] in REPOSITORY_OWNERS
        }
        world.add_forks(range(self._first, self._first + len(people)), self._make)

    def of(self, owner: Record) -> Record | None:
        """The fork of `owner`; None when the owner has none."""
        place = self._places.get(owner["_restId"])
        if place is None:
            return None
        repository = self._world.repository_by_id(self._first + place)
        return None if repository is None else repository.record

    def _make(self, database_id: int) -> Repository:
        owner, parent = self._people[database_id - self._first], self._parent
        record = new_repository(owner, parent["name"], database_id, parent["createdAt"], parent["updatedAt"])
        record |= {"isFork": True, "hasIssuesEnabled": False}
        return Repository(self._world, record, NoPulls(), cache=None, issue=_no_issue, issue_base=0)


class NoPulls:
    """The source of a repository without pull requests."""

    numbers: tuple[int, ...] = ()

    def summary(self, place: int) -> Summary:
        """There is none at any place."""
        raise IndexError(place)

    def make(self, place: int, repository: Repository) -> PullRequest:
        """There is none at any place."""
        raise IndexError(place, repository)

    def place_of(self, kind: str, database_id: int) -> int | None:
        """Nothing is held."""
        del kind, database_id
        return None

    def marks(self, kind: MarkKind, place: int) -> Iterator[Mark]:
        """There is none at any place."""
        raise IndexError(kind, place)

    def place_of_commit(self, oid: str) -> int | None:
        """Nothing is held."""
        del oid
        return None


def _no_issue(repository: Repository, number: int) -> Record:
    raise KeyError(repository, number)


def roster_size(pulls: int) -> int:
    """How many people work on a repository with so many pull requests."""
    return max(12, int(3 * pulls**0.5))
