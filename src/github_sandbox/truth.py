"""All that a perfect capture of a repository would hold, as rows; it reads the world and no API.

The form of the rows is documented in ``docs/reference/sandbox-truth.md``.
"""

from collections.abc import Iterator
from typing import Final

from github_sandbox.model import FILES_SHOWN, PullRequest, Record, Repository, World, connection, patch_of, shown
from github_sandbox.world.truth_rows import UNAVAILABLE, facts

REST_COMMITS: Final = 250  # https://docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request


def truth(world: World, owner: str, name: str) -> Iterator[Record]:
    """The rows of one repository: itself, its labels and milestones, then pull request by pull request.

    An actor's row stands before the first row that names it. Pending reviews, which only their authors see, are left
    out. A deleted or blocked repository has only its own row, which neither API gives. KeyError: no such repository.
    """
    repository = world.repository(owner, name)
    if repository is None:
        raise KeyError(f"{owner}/{name}")
    yield from _Stream().repository(repository)


class _Stream:
    """One walk over a repository, which tells every actor once."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def repository(self, repository: Repository) -> Iterator[Record]:
        record = repository.record
        yield from self._actors(record["owner"])
        if repository.access in {"deleted", "blocked"}:
            yield _row("repository", record, unavailable=["rest", "graphql"], access=repository.access)
            return
        yield _row("repository", record, access=repository.access)
        self._told.add(record["id"])
        yield from (_row("label", each) for each in connection(record, "labels"))
        for each in connection(record, "milestones"):
            yield from self._actors(each["creator"])
            yield _row("milestone", each)
        for number in repository.pulls.numbers():
            pull = repository.pulls.by_number(number)
            if pull is not None:
                yield from self._pull(pull)

    def _pull(self, pull: PullRequest) -> Iterator[Record]:
        record, number = pull.record, pull.number
        yield from self._actors(record["author"], record["mergedBy"], record["editor"], record["headRepositoryOwner"])
        yield from self._head(record["headRepository"])
        yield _row("pullRequest", record)
        yield from (_relation("label", record, each) for each in pull.connection("labels"))
        for each in pull.connection("assignees"):
            yield from self._actors(each)
            yield _relation("assignee", record, each)
        for each in pull.connection("reviewRequests"):
            yield from self._actors(each["requestedReviewer"])
            yield _relation("requestedReviewer", record, each["requestedReviewer"])
        yield from self._conversation(pull)
        for position, each in enumerate(pull.connection("commits")):
            yield from self._actors(each["commit"]["author"]["user"], each["commit"]["committer"]["user"])
            yield _commit(number, position, each)
        yield from (_file(record, each) for each in pull.connection("files")[:FILES_SHOWN])

    def _head(self, repository: Record | None) -> Iterator[Record]:
        if repository is not None and repository["id"] not in self._told:
            self._told.add(repository["id"])
            yield {"kind": "headRepository", **{key: repository[key] for key in ("id", "databaseId", "nameWithOwner")}}

    def _conversation(self, pull: PullRequest) -> Iterator[Record]:
        number = pull.number
        for each in pull.shown("reviews"):
            yield from self._actors(each["author"], each["editor"])
            yield _row("review", each, pullRequest=number)
        for thread in pull.shown("reviewThreads"):
            yield from self._actors(thread["resolvedBy"])
            yield _row("reviewThread", thread, unavailable=["rest"], pullRequest=number)
            for each in shown(thread, "comments", None):
                yield from self._actors(each["author"], each["editor"])
                yield _row("reviewComment", each, pullRequest=number, thread=thread["id"])
        for each in pull.shown("comments"):
            yield from self._actors(each["author"], each["editor"])
            yield _row("issueComment", each, pullRequest=number)

    def _actors(self, *actors: Record | None) -> Iterator[Record]:
        for each in actors:
            if each is None or each["id"] in self._told:
                continue
            self._told.add(each["id"])
            if each["__typename"] == "Team":
                yield from self._actors(each["organization"])
                yield _row("team", each)
            else:
                yield _row("user", each)


def _row(kind: str, record: Record, unavailable: list[str] | None = None, **more: object) -> Record:
    lacks: object = unavailable if unavailable is not None else UNAVAILABLE.get(record["__typename"])
    row = {"kind": kind, **facts(record), **more}
    return row if not lacks else {**row, "unavailable": lacks}


def _relation(kind: str, pull: Record, other: Record) -> Record:
    named = {"name": other["name"]} if kind == "label" else {"__typename": other["__typename"]}
    return {
        "kind": kind,
        "id": f"{pull['id']}:{other['id']}",
        "pullRequest": pull["number"],
        "to": other["id"],
        **named,
    }


def _commit(number: int, position: int, edge: Record) -> Record:
    commit = edge["commit"]
    row = {
        "kind": "commit",
        **facts(commit),
        "id": edge["id"],
        "commit": commit["id"],
        "pullRequest": number,
        "position": position,
        "parents": [each["oid"] for each in connection(commit, "parents")],
    }
    beyond = position >= REST_COMMITS
    return {**row, "unavailable": ["rest"] if beyond else UNAVAILABLE["PullRequestCommit"]}


def _file(pull: Record, file: Record) -> Record:
    return {
        "kind": "file",
        "id": f"{pull['id']}:{file['path']}",
        "pullRequest": pull["number"],
        **facts(file),
        "previousPath": file["_restPreviousPath"],
        "sha": file["_restSha"],
        "patch": patch_of(file),
        "unavailable": UNAVAILABLE["PullRequestChangedFile"],
    }
