"""What ``--repo`` may name, and how a bad population is refused; files are made for the test."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from github_sandbox.population import SourceError
from github_sandbox.rows import read_rows
from tests.sandbox.world_checks import check_form, pulls_of, records_of, repository_of, world_of

PERSON = {"name": "Ada Lovelace", "id": "aa"}
ROW: dict[str, Any] = {
    "number": 3,
    "title": "Count",
    "state": "unmerged",
    "author": {**PERSON, "login": "ada"},
    "head": {"owner": None, "ref": None, "sha": "1" * 40},
    "base": {"ref": "main", "sha": "0" * 40},
    "first_commit_at": "2020-01-01T00:00:00+02:00",
    "head_committed_at": "2020-01-02T00:00:00Z",
    "merged_at": None,
    "merge_commit_sha": None,
    "merged_by": None,
    "body": None,
    "commits": [
        {
            "sha": "1" * 40,
            "parents": ["0" * 40],
            "author": PERSON,
            "authored_at": "2020-01-01T00:00:00+02:00",
            "committed_at": "2020-01-02T00:00:00Z",
            "message": "Count\n\nand more",
        }
    ],
    "files": [{"path": "b.py", "status": "renamed", "previous_path": "a.py", "additions": 1, "deletions": 2}],
}


def written(folder: Path, *lines: str | dict[str, Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def test_a_population_keeps_what_git_knows(tmp_path: Path) -> None:
    path = written(tmp_path, ROW, "", {**ROW, "number": 1, "title": "lone \ud83d"})
    repository = repository_of(world_of(f"ada/engine={path}"), "ada", "engine")
    first, second = pulls_of(repository)
    assert [first.number, second.number] == [1, 3]
    assert first.record["title"] == "lone \ud83d"
    record = second.record
    assert (record["additions"], record["deletions"], record["changedFiles"]) == (1, 2, 1)
    assert record["author"]["login"] == "ada"
    assert record["headRefOid"] == "1" * 40
    assert record["state"] in {"OPEN", "CLOSED"}
    (edge,) = second.connection("commits")
    assert edge["commit"]["authoredDate"] == "2019-12-31T22:00:00Z"
    assert edge["commit"]["messageBody"] == "and more"
    assert second.connection("files")[0]["_restPreviousPath"] == "a.py"
    assert repository.commit("1" * 40) is not None
    for each in records_of(second):
        check_form(each)


def test_a_gzipped_population_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(ROW).encode()))
    assert [row["number"] for row in read_rows(path)] == [3]


def broken(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in {**ROW, **changes}.items() if value is not ...}


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", "null", broken(number="3"), broken(number=True), broken(number=0), broken(title=...),
        broken(state="open"), broken(author={"name": "x"}), broken(author=None), broken(commits=[3]),
        broken(number=2**31), broken(number=-1), broken(merged_at="2020-13-01T00:00:00Z"), "[" * 100_000,
        broken(head_committed_at="2020-01-01T00:00:00"), broken(first_commit_at="9999-12-31T23:59:59Z"),
        broken(commits=[{**ROW["commits"][0], "authored_at": "soon"}]),
        broken(files=[{"path": "x", "status": "added", "additions": -1, "deletions": 0}]),
        broken(files=[{"path": "x", "status": "added", "additions": 0, "deletions": 2**31}]),
        broken(commits=[{"sha": "x"}]), broken(files=[{"path": "x"}]), broken(files={}), broken(head={}),
        broken(files=[{"path": "x", "status": "gone", "additions": 0, "deletions": 0}]), broken(merged_by="x"), ROW,
    ],
)  # fmt: skip
def test_a_malformed_line_is_named(tmp_path: Path, line: str | dict[str, Any]) -> None:
    path = written(tmp_path, ROW, "", line)
    with pytest.raises(SourceError) as refused:
        read_rows(path)
    assert f"{path}, line 3" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_time_that_is_none_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, broken(first_commit_at="yesterday"))
    with pytest.raises(SourceError, match="line 1: 'first_commit_at' is 'yesterday', which is not a time"):
        world_of(f"a/b={path}")


@pytest.mark.parametrize("name", ["absent.jsonl", "plain.jsonl.gz", "."])
def test_an_unreadable_population_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain.jsonl.gz").write_text("not gzip")
    with pytest.raises(SourceError, match="cannot be read"):
        world_of(f"a/b={tmp_path / name}")


@pytest.mark.parametrize(
    "text", ["", "a", "a/b", "a/b=", "/b=generate:1", "a/=generate:1", "a/b/c=generate:1", "Hostile"]
)
def test_what_names_no_source_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="--repo"):
        world_of(text)


def test_a_repository_is_named_once() -> None:
    with pytest.raises(SourceError, match="twice"):
        world_of("a/b=generate:1", "A/B=generate:2")


def test_without_a_repository_there_is_a_demonstration() -> None:
    assert repository_of(world_of(), "sandbox", "demo").pulls.count == 500


@pytest.mark.parametrize("source", ["generate:0", "generate:1", "generate:2"])
def test_very_small_populations(source: str) -> None:
    repository = repository_of(world_of(f"a/b={source}"), "a", "b")
    assert len(pulls_of(repository)) == repository.pulls.count == int(source[-1])
    assert repository.record["isEmpty"] is (source == "generate:0")
