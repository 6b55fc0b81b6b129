"""Changes of repositories and users: renamed, transferred, archived, made private, deleted."""

from collections.abc import Iterator

from github_sandbox.feed.event import Event
from github_sandbox.feed.order import Order
from github_sandbox.model import PullRequest, Record, Repository, World
from github_sandbox.world.edits import pending_of
from github_sandbox.world.found import owner_of


def _event(repository: Repository, action: str, changes: Record | None = None) -> list[Event]:
    sender = repository.record["owner"]
    return [Event(name="repository", action=action, repository=repository, sender=sender, changes=changes)]


def rename(order: Order) -> list[Event]:
    """``repository.rename``: another name, ``to``; the old one redirects."""
    repository, to = order.repository(), order.text("to")
    order.done()
    if not to or "/" in to or order.world.repository(repository.owner, to) not in {None, repository}:
        raise order.refuse(f"{to!r} is no free name; give a name without a slash that no repository has.")
    old = repository.name
    repository.rename(repository.record["owner"], to)
    repository.record["updatedAt"] = order.stamp()
    return _event(repository, "renamed", {"repository": {"name": {"from": old}}})


def transfer(order: Order) -> list[Event]:
    """``repository.transfer``: another owner, ``to`` (made as an organization when new); the old name redirects."""
    repository, to = order.repository(), order.text("to")
    order.done()
    if not to or "/" in to or order.world.repository(to, repository.name) not in {None, repository}:
        raise order.refuse(f"{to!r} cannot take it; name an owner without a repository {repository.name!r}.")
    old = repository.record["owner"]
    repository.rename(owner_of(order.world, to), repository.name)
    repository.record["updatedAt"] = order.stamp()
    return _event(repository, "transferred", {"owner": {"from": old}})


def archive(order: Order) -> list[Event]:
    """``repository.archive``: read only from now on."""
    repository = order.repository()
    order.done()
    stamp = order.stamp()
    repository.record |= {"isArchived": True, "archivedAt": stamp, "updatedAt": stamp}
    return _event(repository, "archived")


def make_private(order: Order) -> list[Event]:
    """``repository.privatize``: missing for all but its owner and readers."""
    repository = order.repository()
    order.done()
    repository.record |= {"isPrivate": True, "visibility": "PRIVATE", "updatedAt": order.stamp()}
    repository.access = "private"
    return _event(repository, "privatized")


def delete(order: Order) -> list[Event]:
    """``repository.delete``: missing for all."""
    repository = order.repository()
    order.done()
    repository.access = "deleted"
    return _event(repository, "deleted")


def rename_user(order: Order) -> Record:
    """``user.rename``: login ``login`` becomes ``to``; the id stays, and no webhook tells. Gives the user.

    Repositories and forks that the user owns are renamed with the user, and redirect.
    """
    login, to = order.text("login"), order.text("to")
    order.done()
    world = order.world
    user = world.actor(login)
    if user is None:
        raise order.refuse(f"nobody has the login {login!r}; name one who exists.")
    holder = world.actor(to)
    if not to or (holder is not None and holder is not user):
        raise order.refuse(f"the login {to!r} is empty or taken; choose a free one.")
    old = user["login"]
    world.rename_actor(user, to)
    for pull in (pull for each in world.repositories() for pull in each.pulls.materialised()):
        for record in pending_of(pull):
            if record["_visibleTo"] == old:
                record["_visibleTo"] = to
    for repository in world.owned_by(user):
        repository.rename(user, repository.name)
    return user


def written_by(world: World, user: Record) -> Iterator[PullRequest]:
    """Every pull request whose author is `user`; looks at each one that there is, and keeps what it gives."""
    for repository in world.repositories():
        for number in list(repository.pulls.numbers()):
            found = repository.pulls.by_number(number)
            if found is not None and found.record["author"] is user:
                repository.pulls.pin(found)
                yield found
