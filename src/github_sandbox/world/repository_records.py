"""Repositories, their labels and milestones as records, and the forks of contributors; no pull request is made here."""

from typing import Final

from github_sandbox.world.node_ids import node_id
from github_sandbox.world.pull_records import new_label, new_milestone, new_ref
from github_sandbox.world.records import Record
from github_sandbox.world.stable import hex_of
from github_sandbox.world.state import World

_LABELS: Final = (
    ("bug", "d73a4a"),
    ("enhancement", "a2eeef"),
    ("documentation", "0075ca"),
    ("good first issue", "7057ff"),
    ("dependencies", "0366d6"),
    ("performance", "fbca04"),
    ("breaking", "b60205"),
    ("needs tests", "c5def5"),
)
_MILESTONES: Final = ("1.0", "1.1", "2.0")


def new_repository(owner: Record, name: str, database_id: int, created: str, updated: str) -> Record:
    """A public repository with a default branch ``main``, without labels and milestones."""
    full = f"{owner['login']}/{name}"
    record: Record = {
        "__typename": "Repository",
        "id": node_id("Repository", database_id),
        "databaseId": database_id,
        "name": name,
        "nameWithOwner": full,
        "owner": owner,
        "description": f"What {name} is about",
        "url": f"https://github.com/{full}",
        "sshUrl": f"git@github.com:{full}.git",
        "homepageUrl": None,
        **_flags(),
        "archivedAt": None,
        "pushedAt": updated,
        "updatedAt": updated,
        "createdAt": created,
        "stargazerCount": database_id % 9_000,
        "forkCount": database_id % 700,
        "diskUsage": database_id % 50_000,
        "primaryLanguage": {
            "__typename": "Language",
            "id": node_id("Language", 1),
            "name": "Python",
            "color": "#3572A5",
        },
        "_connections": {"labels": [], "milestones": [], "assignableUsers": []},
    }
    record["defaultBranchRef"] = new_ref(record, "main", hex_of(40, "head", full))
    return record


def _flags() -> Record:
    return {
        "isArchived": False,
        "isDisabled": False,
        "isPrivate": False,
        "isFork": False,
        "isEmpty": False,
        "isLocked": False,
        "isMirror": False,
        "isTemplate": False,
        "visibility": "PUBLIC",
        "hasIssuesEnabled": True,
        "hasProjectsEnabled": True,
        "hasWikiEnabled": True,
        "hasDiscussionsEnabled": False,
        "forkingAllowed": True,
        "mergeCommitAllowed": True,
        "squashMergeAllowed": True,
        "rebaseMergeAllowed": True,
        "webCommitSignoffRequired": False,
    }


def furnish(world: World, record: Record, people: list[Record]) -> None:
    """Give a repository its labels, milestones and assignable users (`people`, at most 20 of them)."""
    has = record["_connections"]
    first = world.reserve("Label", len(_LABELS))
    has["labels"] += [new_label(record, first + k, name, color) for k, (name, color) in enumerate(_LABELS)]
    first = world.reserve("Milestone", len(_MILESTONES))
    creator = people[0] if people else None
    has["milestones"] += [
        new_milestone(record, first + k, k + 1, title, creator) for k, title in enumerate(_MILESTONES)
    ]
    has["assignableUsers"] += [each for each in people if each["__typename"] == "User"][:20]
