"""Founds a repository from a plan: ids, cast, forks, issues, handle; the plan and its history are given."""

from collections.abc import Callable
from typing import Final

from github_sandbox.world.actors import new_actor, new_team
from github_sandbox.world.cast import Cast, Forks
from github_sandbox.world.issues import Issues
from github_sandbox.world.plan import Ids, Plan
from github_sandbox.world.planned import Details, PlannedPulls
from github_sandbox.world.records import Record, iso
from github_sandbox.world.repository import Repository
from github_sandbox.world.repository_records import furnish, new_repository
from github_sandbox.world.state import World

_ROOM_FOR_NEW: Final = 100_000  # numbers that changes may still add
_EPOCH: Final = 1_325_376_000  # 2012-01-01: of a repository without pull requests


def owner_of(world: World, login: str) -> Record:
    """The actor who owns repositories under `login`, made as an organization with a team when there is none."""
    known = world.actor(login)
    if known is not None:
        return known
    owner = world.add_actor(new_actor("Organization", login, world.reserve("User")))
    world.add_team(new_team(owner, "maintainers", world.reserve("Team")))
    return owner


def found(
    world: World,
    name: tuple[str, str],
    plan: Plan,
    roster: list[Record],
    details: Callable[[Cast, Forks], Details],
    *,
    cache: int | None,
) -> Repository:
    """Add the repository `name` (owner, name) with the pull requests of `plan`.

    `cache` bounds how many unchanged pull requests stay in memory (None: all).
    """
    owner = owner_of(world, name[0])
    first = min((each.created for each in plan.timings), default=_EPOCH)
    last = max((each.updated for each in plan.timings), default=_EPOCH)
    record = new_repository(owner, name[1], world.reserve("Repository"), iso(first - 86_400), iso(last))
    furnish(world, record, roster)
    cast = Cast(roster)
    source = PlannedPulls(plan, Ids.reserve(world, plan), cast, details(cast, Forks(world, record, roster)))
    top = plan.numbers[-1] if len(plan.numbers) else 0
    issues = Issues(plan, cast, world.reserve("IssueComment", Issues.comments_up_to(top)))
    base = world.reserve("Issue", top + _ROOM_FOR_NEW)
    repository = Repository(world, record, source, cache=cache, issue=issues, issue_base=base)
    repository.readers.update(each["login"] for each in record["_connections"]["assignableUsers"])
    record["isEmpty"] = not len(plan.numbers)
    world.add_repository(repository)
    return repository
