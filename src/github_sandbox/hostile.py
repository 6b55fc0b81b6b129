"""The repositories of owner ``hostile``: every awkward case in one, and one for each way of being hard to reach."""

from typing import Final

from github_sandbox.generate import MadeUpHistory, Recipe, new_plan
from github_sandbox.hostile_cases import everything
from github_sandbox.world.cast import new_roster, roster_size
from github_sandbox.world.found import found, owner_of
from github_sandbox.world.records import iso
from github_sandbox.world.repository import Repository
from github_sandbox.world.stage import BEGIN
from github_sandbox.world.state import World

OWNER: Final = "hostile"
NEW_OWNER: Final = "elsewhere"
NEW_NAME: Final = "renamed-since"
READER: Final = "hostile-reader"  # the one login, beside the owner, that may read hostile/private
_SMALL: Final = 12


def add_hostile(world: World) -> None:
    """Add ``hostile/everything, archived, private, renamed, transferred, deleted, blocked, empty, no-issues``.

    ``hostile/renamed`` redirects to ``hostile/renamed-since``, ``hostile/transferred`` to ``elsewhere/transferred``.
    """
    everything(world, OWNER)
    archived = _small(world, "archived")
    archived.record |= {"isArchived": True, "archivedAt": iso(BEGIN)}
    private = _small(world, "private")
    private.access = "private"
    private.readers = {READER}
    private.record |= {"isPrivate": True, "visibility": "PRIVATE"}
    renamed = _small(world, "renamed")
    renamed.rename(renamed.record["owner"], NEW_NAME)
    transferred = _small(world, "transferred")
    transferred.rename(owner_of(world, NEW_OWNER), transferred.name)
    _small(world, "deleted").access = "deleted"
    blocked = _small(world, "blocked")
    blocked.access, blocked.blocked_at = "blocked", iso(BEGIN)
    _small(world, "empty", 0)
    _small(world, "no-issues").record["hasIssuesEnabled"] = False


def _small(world: World, name: str, size: int = _SMALL) -> Repository:
    key = f"{world.seed}/{OWNER}/{name}"
    plan = new_plan(Recipe(size), key)
    roster = new_roster(world, key, roster_size(size))
    return found(world, (OWNER, name), plan, roster, lambda cast, forks: MadeUpHistory(plan, cast, forks), cache=None)
