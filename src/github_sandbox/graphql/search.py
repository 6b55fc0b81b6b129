"""`search` over pull requests, issues, repositories and people, with the qualifiers that clients of a mirror use."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from github_sandbox.graphql.execution import Arguments, Execution
from github_sandbox.graphql.pages import Listing, Records
from github_sandbox.model import Record, Repository, shown

RESULTS: Final = 1_000  # https://docs.github.com/rest/search/search#about-search


class Results(Records):
    """What a search found: at most the first thousand can be read, all are counted."""

    __slots__ = ("_found", "kind")

    def __init__(self, records: Sequence[Record], kind: str) -> None:
        """Keep the readable ones of what was found; `kind` says what the records are."""
        super().__init__(records[:RESULTS])
        self._found = len(records)
        self.kind = kind

    def total(self) -> int:
        """Give how many were found, readable or not."""
        return self._found

    def key(self, _record: Record, index: int) -> str:
        """Write the offset: GitHub's search cursors are offsets, and shift as results move."""
        return str(index)

    def bounds(self, key: str) -> tuple[int, int]:
        """Read an offset."""
        return int(key), int(key) + 1


@dataclass(slots=True)
class _Query:
    words: list[str] = field(default_factory=list)
    qualifiers: list[tuple[str, str]] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.qualifiers if key == name]


def _read(text: str) -> _Query:
    query = _Query()
    try:
        parts = shlex.split(text)
    except ValueError:
        parts = text.split()
    for part in parts:
        name, separator, value = part.partition(":")
        if separator and value:
            query.qualifiers.append((name.lower(), value))
        else:
            query.words.append(part.lower())
    return query


def search(_root: Record, args: Arguments, execution: Execution) -> Listing:
    """Find what `type` and `query` ask for."""
    query = _read(args["query"])
    match args["type"]:
        case "ISSUE" | "ISSUE_ADVANCED":
            return Results(_talks(query, execution), "issue")
        case "REPOSITORY":
            return Results([each.record for each in _repositories(query, execution)], "repository")
        case "USER":
            actors = execution.world.actors()
            found = [x for x in actors if x["__typename"] in {"User", "Organization"} and _has_words(query, x["login"])]
            return Results(found, "user")
        case _:
            return Results([], "")


def _repositories(query: _Query, execution: Execution) -> Iterator[Repository]:
    names = {name.lower() for name in query.values("repo")}
    owners = {name.lower() for name in (*query.values("user"), *query.values("org"))}
    for each in execution.world.repositories():
        if not execution.sees(each) or each.access == "blocked":
            continue
        if (names or owners) and each.record["nameWithOwner"].lower() not in names and each.owner.lower() not in owners:
            continue
        yield each


def _talks(query: _Query, execution: Execution) -> list[Record]:
    kinds = {value for name in ("is", "type") for value in query.values(name)}
    found = [
        record
        for repository in _repositories(query, execution)
        for record in _all(repository, kinds)
        if _fits(record, query, execution.viewer)
    ]
    order, _, direction = next(iter(query.values("sort")), "created-desc").partition("-")
    stamp = "updatedAt" if order == "updated" else "createdAt"
    found.sort(key=lambda each: (each[stamp], each["number"]), reverse=direction != "asc")
    return found


def _all(repository: Repository, kinds: set[str]) -> Iterator[Record]:
    if "issue" not in kinds:
        for number in repository.pulls.numbers():
            pull = repository.pulls.by_number(number)
            if pull is not None:
                yield pull.record
    if not kinds & {"pr", "pull-request", "merged", "unmerged"}:
        for number in repository.issue_numbers():
            issue = repository.issue(number)
            if issue is not None:
                yield issue


def _fits(record: Record, query: _Query, viewer: str) -> bool:
    if not _has_words(query, record["title"]):
        return False
    return all(_qualifies(record, name, value, viewer) for name, value in query.qualifiers)


def _has_words(query: _Query, text: str) -> bool:
    lowered = text.lower()
    return all(word in lowered for word in query.words)


def _qualifies(record: Record, name: str, value: str, viewer: str) -> bool:
    match name:
        case "is" | "state":
            return _is(record, value)
        case "author":
            author = record["author"]
            return author is not None and bool(author["login"].lower() == value.lower())
        case "label":
            return any(label["name"].lower() == value.lower() for label in shown(record, "labels", viewer))
        case "created" | "updated" | "closed" | "merged":
            return _in_range(record.get(f"{name}At"), value)
        case _:
            return True


def _is(record: Record, value: str) -> bool:
    match value:
        case "open":
            return bool(record["state"] == "OPEN")
        case "closed":
            return bool(record["state"] != "OPEN")
        case "merged":
            return bool(record.get("merged"))
        case "unmerged":
            return not record.get("merged")
        case _:
            return True


def _in_range(stamp: str | None, value: str) -> bool:
    """Compare a time with `2026-01-01..2026-01-31`, `>=2026-01-01` and the like; a date is a prefix of its times."""
    if stamp is None:
        return False
    low, dots, high = value.partition("..")
    if dots:
        return (low == "*" or stamp >= low) and (high == "*" or stamp[: len(high)] <= high)
    for sign, holds in _SIGNS:
        if value.startswith(sign):
            return holds(stamp, value[len(sign) :])
    return stamp.startswith(value)


_SIGNS: Final[tuple[tuple[str, Callable[[str, str], bool]], ...]] = (
    (">=", lambda stamp, bound: stamp[: len(bound)] >= bound),
    ("<=", lambda stamp, bound: stamp[: len(bound)] <= bound),
    (">", lambda stamp, bound: stamp[: len(bound)] > bound),
    ("<", lambda stamp, bound: stamp[: len(bound)] < bound),
)
