"""What every record of a world must satisfy, and worlds to check."""

from collections.abc import Iterator

from github_sandbox.model import (
    FIELDS,
    PULL_REQUEST_CONNECTIONS,
    REFERENCES,
    PullRequest,
    Record,
    Repository,
    World,
    connection,
)
from github_sandbox.population import build_world

NOW = 1_795_000_000
EXTRA = {"_visibleTo", "_holdsPending"}
WITHOUT_ID = {"GitActor", "PullRequestChangedFile"}


def world_of(*repos: str, seed: int = 7) -> World:
    return build_world(lambda: NOW, seed, repos)


def repository_of(world: World, owner: str, name: str) -> Repository:
    found = world.repository(owner, name)
    assert found is not None
    return found


def pulls_of(repository: Repository) -> list[PullRequest]:
    found = [repository.pulls.by_number(number) for number in repository.pulls.numbers()]
    return [each for each in found if each is not None]


def titled(repository: Repository, title: str) -> PullRequest:
    """The only pull request with this title."""
    (found,) = [each for each in pulls_of(repository) if each.record["title"] == title]
    return found


def records_of(pull: PullRequest) -> Iterator[Record]:
    """The pull request and every record that it holds."""
    yield pull.record
    for name in PULL_REQUEST_CONNECTIONS:
        for each in pull.connection(name):
            yield each
            if name == "reviewThreads":
                yield from connection(each, "comments")
            if name == "commits":
                yield each["commit"]
                yield each["commit"]["author"]
                yield from connection(each["commit"], "parents")
    merge = pull.record["mergeCommit"]
    if merge is not None:
        yield merge


def check_form(record: Record) -> None:
    """Exactly the keys of its kind; references are records or None; everything else is a scalar."""
    kind = record["__typename"]
    assert record.keys() - EXTRA == set(FIELDS[kind]), kind
    for key, value in record.items():
        if key in REFERENCES.get(kind, ()):
            assert value is None or "__typename" in value, (kind, key)
        elif not key.startswith("_") or key == "__typename":
            assert isinstance(value, str | int | float | bool | None), (kind, key)


def check_moments(record: Record) -> None:
    """No child is younger than the stamp of its pull request says."""
    pull = record.get("pullRequest")
    if pull is not None and "updatedAt" in record:
        assert record["createdAt"] <= record["updatedAt"]
        assert pull["createdAt"] <= record["createdAt"]
        assert record["updatedAt"] <= pull["updatedAt"], record["__typename"]
