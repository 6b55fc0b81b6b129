"""How much of a repository a tool has brought, by kind, read from whatever it wrote; nothing is judged here."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

Counts = Mapping[str, int]

KINDS: Final = {
    "pull requests": "pullRequest",
    "sizes of changes": "pullRequest",
    "labels": "label",
    "reviews": "review",
    "review threads": "reviewThread",
    "review comments": "reviewComment",
    "issue comments": "issueComment",
    "commits": "commit",
    "files": "file",
}
"""What is counted, and its name in the sandbox's truth."""


def truth(rows: Iterable[Mapping[str, Any]]) -> Counts:
    """Count what there is on pull requests."""
    there = Counter(row["kind"] for row in rows if row["kind"] == "pullRequest" or "pullRequest" in row)
    return {kind: there[name] for kind, name in KINDS.items()}


def github_to_sqlite(folder: Path) -> Counts:
    """Count in its SQLite file; comments on plain issues are left out."""
    of_pulls = "issue_comments JOIN issues ON issues.id = issue_comments.issue WHERE issues.type = 'pull'"
    tables = {"pull requests": "pull_requests", "labels": "labels_pull_requests", "issue comments": of_pulls}
    return _in_sqlite(folder / "github.db", tables)


def ours(folder: Path) -> Counts:
    """Count in our SQLite file."""
    tables = {
        "pull requests": "pull_requests",
        "sizes of changes": "pull_requests WHERE changed_files IS NOT NULL",
        "labels": "pr_labels",
        "reviews": "pr_reviews",
        "review threads": "pr_review_threads",
        "review comments": "pr_review_comments",
        "issue comments": "pr_issue_comments",
        "commits": "pr_commits",
        "files": "pr_files",
    }
    return _in_sqlite(folder / "capture.db", tables)


def perceval(folder: Path) -> Counts:
    """Count in the items of both categories."""
    counts: Counter[str] = Counter()
    for item in _lines(folder / "pull_request.jsonl"):
        data = item["data"]
        counts["pull requests"] += 1
        counts["sizes of changes"] += "additions" in data
        for kind, key in (
            ("labels", "labels"),
            ("reviews", "reviews_data"),
            ("review comments", "review_comments_data"),
            ("commits", "commits_data"),
        ):
            counts[kind] += len(data[key])
    for item in _lines(folder / "issue.jsonl"):
        if "pull_request" in item["data"]:
            counts["issue comments"] += len(item["data"]["comments_data"])
    return counts


def tap_github(folder: Path) -> Counts:
    """Count in its RECORD messages."""
    records = ((line["stream"], line["record"]) for line in _lines(folder / "tap.jsonl") if line["type"] == "RECORD")
    names = {
        "reviews": "reviews",
        "review_comments": "review comments",
        "issue_comments": "issue comments",
        "pull_request_commits": "commits",
    }
    return _in_records(records, names)


def airbyte(folder: Path) -> Counts:
    """Count in its RECORD messages."""
    lines = (line["record"] for line in _lines(folder / "read.jsonl") if line["type"] == "RECORD")
    names = {
        "reviews": "reviews",
        "review_comments": "review comments",
        "comments": "issue comments",
        "pull_request_commits": "commits",
        "pull_request_stats": "sizes of changes",
    }
    return _in_records(((record["stream"], record["data"]) for record in lines), names)


def dlt(folder: Path) -> Counts:
    """Read what its program counted in DuckDB, which only its own environment can open."""
    counts: Counts = json.loads((folder / "counts.json").read_text())
    return counts


def _in_sqlite(path: Path, tables: Mapping[str, str]) -> Counts:
    connection = sqlite3.connect(path)
    counts = {kind: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for kind, table in tables.items()}  # noqa: S608 - names of ours
    connection.close()
    return counts


def _in_records(records: Iterable[tuple[str, Mapping[str, Any]]], names: Mapping[str, str]) -> Counts:
    counts: Counter[str] = Counter()
    pulls: set[str] = set()
    commented: Counter[str] = Counter()
    for stream, record in records:
        if stream == "pull_requests":
            pulls.add(_number(record["url"]))
            counts["pull requests"] += 1
            counts["labels"] += len(record.get("labels") or ())
        elif names[stream] == "issue comments":
            commented[_number(record["issue_url"])] += 1
        else:
            counts[names[stream]] += 1
    counts["issue comments"] = sum(commented[number] for number in pulls)
    return counts


def _number(url: str) -> str:
    return url.rpartition("/")[2]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


Count = Callable[[Path], Counts]
