"""Commits and their git actors as records, and commit ids that tell which pull request they belong to."""

from typing import Final

from github_sandbox.world.node_ids import node_id
from github_sandbox.world.records import Record
from github_sandbox.world.stable import hex_of

_SHORT: Final = 7
_POSITION_BITS: Final = 20
_MODULUS: Final = 2**48
_MULTIPLIER: Final = 0x5DEECE66D  # odd, so that it can be undone modulo 2**48
_INVERSE: Final = pow(_MULTIPLIER, -1, _MODULUS)
_HEADLINE: Final = 72
MERGE_POSITION: Final = 2**_POSITION_BITS - 1  # where a merge commit stands in the numbering of `oid_of`


def oid_of(key: str, place: int, position: int) -> str:
    """The id of the commit at `position` of the pull request at `place`, in the repository that `key` names."""
    mixed = ((place << _POSITION_BITS | position) * _MULTIPLIER + 11) % _MODULUS
    return f"{mixed:012x}{hex_of(28, key, place, position)}"


def place_in(key: str, oid: str) -> int | None:
    """The place of the pull request that `oid_of` made this id for; None when it did not."""
    try:
        mixed = int(oid[:12], 16)
    except ValueError:
        return None
    place, position = divmod((mixed - 11) * _INVERSE % _MODULUS, 2**_POSITION_BITS)
    return place if oid_of(key, place, position) == oid else None


def new_git_actor(name: str | None, email: str | None, date: str, user: Record | None) -> Record:
    """Who wrote or committed, as git says it, with the account that GitHub found for the address."""
    return {
        "__typename": "GitActor",
        "name": name,
        "email": email,
        "date": date,
        "avatarUrl": user["avatarUrl"] if user else "https://avatars.githubusercontent.com/u/0?v=4",
        "user": user if user is not None and user["__typename"] == "User" else None,
    }


def git_actor_of(actor: Record | None, date: str) -> Record:
    """The git actor of an account; of a deleted one only a name is left."""
    if actor is None:
        return new_git_actor("Former Contributor", "former@example.invalid", date, None)
    name = actor["name"] or actor["login"]
    return new_git_actor(name, actor["_noreply"], date, actor)


def new_commit(
    repository: Record,
    oid: str,
    message: str,
    author: Record,
    committer: Record,
    *,
    parents: list[Record],
    changes: tuple[int, int, int | None] = (0, 0, None),
) -> Record:
    """A commit; `changes` are additions, deletions and changed files (None: GitHub cannot compute it)."""
    headline, _, rest = message.partition("\n")
    return {
        "__typename": "Commit",
        "id": node_id("Commit", repository["databaseId"], oid=oid),
        "oid": oid,
        "abbreviatedOid": oid[:_SHORT],
        "message": message,
        "messageHeadline": headline if len(headline) <= _HEADLINE else headline[: _HEADLINE - 3] + "...",
        "messageBody": rest.strip(),
        "authoredDate": author["date"],
        "committedDate": committer["date"],
        "author": author,
        "committer": committer,
        "authoredByCommitter": author["email"] == committer["email"],
        "committedViaWeb": False,
        "additions": changes[0],
        "deletions": changes[1],
        "changedFilesIfAvailable": changes[2],
        "url": f"{repository['url']}/commit/{oid}",
        "repository": repository,
        "_connections": {"parents": parents, "authors": [author]},
        "_restTreeSha": hex_of(40, "tree", oid),
    }


def new_base_commit(repository: Record, oid: str, date: str) -> Record:
    """A commit of the base branch, of which only its id is known."""
    robot = new_git_actor("GitHub", "noreply@github.com", date, None)
    return new_commit(repository, oid, "Base of a pull request", robot, robot, parents=[])


def new_pull_request_commit(pull: Record, commit: Record) -> Record:
    """The edge object by which a pull request holds a commit."""
    repository, oid = pull["repository"], commit["oid"]
    return {
        "__typename": "PullRequestCommit",
        "id": node_id("PullRequestCommit", repository["databaseId"], int(pull["fullDatabaseId"]), oid=oid),
        "url": f"{pull['url']}/commits/{oid}",
        "commit": commit,
        "pullRequest": pull,
    }
