"""Loads a repository's pull requests into DuckDB with dlt's declarative REST source; the endpoints are chosen by us.

Runs in dlt's own environment as `dlt_rest.py OWNER/NAME FOLDER`, with GITHUB_API_URL set. Comments are read as lists of
the whole repository, the rest by pull request, side by side.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.sources.rest_api import rest_api_source

HERE = os.environ["GITHUB_API_URL"]  # noqa: TID251 - another program's process


def listed(name: str, path: str, **parameters: str) -> dict[str, Any]:
    """Describe a list of the repository."""
    return {"name": name, "endpoint": {"path": path, "params": {"per_page": 100, **parameters}}}


def below(name: str) -> dict[str, Any]:
    """Describe a list of each pull request."""
    number = {"type": "resolve", "resource": "pulls", "field": "number"}
    endpoint = {"path": f"pulls/{{number}}/{name}", "params": {"number": number, "per_page": 100}}
    return {"name": name, "endpoint": endpoint, "include_from_parent": ["number"], "parallelized": True}


def counted(database: str) -> dict[str, int]:
    """Count what was loaded, but for comments on plain issues."""
    of_pulls = "issue_comments WHERE split_part(issue_url, '/', -1)::BIGINT IN (SELECT number FROM github.pulls)"
    tables = {
        "pull requests": "pulls",
        "labels": "pulls__labels",
        "reviews": "reviews",
        "review comments": "review_comments",
        "issue comments": of_pulls,
        "commits": "commits",
        "files": "files",
    }
    with duckdb.connect(database, read_only=True) as connection:
        return {
            kind: connection.execute(f"SELECT count(*) FROM github.{table}").fetchall()[0][0]  # noqa: S608 - names of ours
            for kind, table in tables.items()
        }


def main(repository: str, folder: str) -> None:
    """Load it, and write what came into `counts.json`."""
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{HERE}/repos/{repository}/",
                "auth": {"type": "bearer", "token": "x"},
                "paginator": "header_link",
            },
            "resources": [
                listed("pulls", "pulls", state="all", sort="created", direction="asc"),
                listed("review_comments", "pulls/comments"),
                listed("issue_comments", "issues/comments"),
                *map(below, ("reviews", "commits", "files")),
            ],
        }
    )
    database = f"{folder}/bench.duckdb"
    destination = dlt.destinations.duckdb(database)
    dlt.pipeline("load", pipelines_dir=folder, destination=destination, dataset_name="github").run(source)
    Path(folder, "counts.json").write_text(json.dumps(counted(database)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
