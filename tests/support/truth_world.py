"""The sandbox's truth lines as an index to look things up in; what a column should hold is decided elsewhere."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec

from github_sandbox.model import NodeId, parse

Line = dict[str, Any]

GHOST_ID: Final = 10_137
"""REST's stand-in for deleted accounts. https://github.com/ghost"""

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class Truth:
    """All that a perfect capture of one repository would hold, normalised as `docs/reference/normalisation.md` says."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        """Read JSON Lines as `GET /_sandbox/truth/OWNER/NAME` streams them."""
        self.by_kind: dict[str, list[Line]] = defaultdict(list)
        self.by_node: dict[str, Line] = {}
        self.by_number: dict[int, Line] = {}
        self.children: dict[tuple[str, int], list[Line]] = defaultdict(list)
        self.comments_of: dict[str, int] = defaultdict(int)
        for line in lines:
            # Whatever cannot be stored is an escape in JSON, which only Python reads; most lines hold none.
            self._take(_clean(json.loads(line)) if b"\\u" in line else msgspec.json.decode(line))

    def _take(self, row: Line) -> None:
        kind = row["kind"]
        self.by_kind[kind].append(row)
        self.by_node[row["id"]] = row
        if kind == "pullRequest":
            self.by_number[row["number"]] = row
        elif isinstance(row.get("pullRequest"), int):
            self.children[kind, row["pullRequest"]].append(row)
        if kind == "reviewComment":
            self.comments_of[row["thread"]] += 1

    @property
    def repository(self) -> Line:
        """The repository's own line."""
        return self.by_kind["repository"][0]

    def pull_request_id(self, row: Line) -> int:
        """The numeric id of the pull request that a line belongs to."""
        return int(self.by_number[row["pullRequest"]]["fullDatabaseId"])

    def person(self, node_id: str | None) -> Line | None:
        """The line of somebody; None for nobody, and for the ghost that stands for deleted accounts."""
        row = None if node_id is None else self.by_node[node_id]
        return None if row is None or row["databaseId"] == GHOST_ID else row


def numeric_id(node_id: str) -> int:
    """The number that REST tells of a node: GraphQL's `databaseId` ends at 32 bits, and some bots have none."""
    return _taken_apart(node_id).numbers[-1]


def repository_id_of(lines: Iterable[bytes]) -> int:
    """The numeric id of the repository that truth lines tell of, which stands near their beginning."""
    rows = (json.loads(line) for line in lines)
    return next(numeric_id(row["id"]) for row in rows if row["kind"] == "repository")


def type_of(node_id: str) -> str:
    """GraphQL's name for the kind of a node."""
    return _taken_apart(node_id).kind


@lru_cache(maxsize=20_000)
def _taken_apart(node_id: str) -> NodeId:
    parts = parse(node_id)
    assert parts is not None, node_id
    return parts


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    return value
