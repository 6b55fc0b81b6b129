"""Whom, which labels and which milestones a capture must have met, worked out from the truth alone."""

from collections.abc import Callable, Iterator
from typing import Final

from progressive_capture.domain.kinds import Source
from tests.support.truth_world import GHOST_ID, Line, Truth

_NAMING: Final = {
    "pullRequest": ("author", "editor", "mergedBy"),
    "assignee": ("to",),
    "requestedReviewer": ("to",),
    "review": ("author",),
    "reviewThread": ("resolvedBy",),
    "reviewComment": ("author",),
    "issueComment": ("author",),
}
"""Fields by which a capture meets people; owners, creators of milestones and editors of comments it does not ask."""

Api = Callable[[Line], Source]
"""Which API a line's pull request was hydrated by."""


def demanded(table: str, truth: Truth, api: Api) -> frozenset[str] | None:
    """Node ids of the lines that must be stored in a table; None where every line of its kind must be."""
    if table in {"contributors", "contributor_logins"}:
        return _people(truth, api)
    if table == "labels":
        return frozenset(row["to"] for row in truth.by_kind["label"] if "pullRequest" in row)
    if table == "milestones":
        return frozenset(row["milestone"] for row in truth.by_kind["pullRequest"] if row["milestone"])
    return None


def is_missing_rightly(line: Line, api: Api) -> bool:
    """Whether the API that brought the line's pull request cannot give the line at all."""
    unavailable = line.get("unavailable")
    return isinstance(unavailable, list) and api(line) in unavailable


def untold_fields(line: Line, api: Source) -> frozenset[str]:
    """The truth's fields that an API cannot give of this line."""
    unavailable = line.get("unavailable")
    return frozenset(unavailable.get(api, ())) if isinstance(unavailable, dict) else frozenset()


def _people(truth: Truth, api: Api) -> frozenset[str]:
    met: set[str] = set()
    meant = {line["id"]: line for line in truth.by_kind["user"] if line["databaseId"] != GHOST_ID}
    for line, field, node_id in _named(truth):
        if node_id in met:
            continue
        if node_id not in meant:
            assert node_id in truth.by_node, f"the truth names {node_id} and does not hold it"
            continue
        source = api(line)
        if is_missing_rightly(line, api) or field in untold_fields(line, source):
            continue
        if meant[node_id]["databaseId"] is not None or source is Source.REST:
            met.add(node_id)
    return frozenset(met)


def _named(truth: Truth) -> Iterator[tuple[Line, str, str]]:
    for kind, fields in _NAMING.items():
        for field in fields:
            yield from ((line, field, line[field]) for line in truth.by_kind[kind] if line[field] is not None)
    for field in ("author", "committer"):
        signed = ((line, field, line[field]["user"]) for line in truth.by_kind["commit"])
        yield from (each for each in signed if each[2] is not None)
