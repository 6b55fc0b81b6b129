"""The recorded populations are served as they are: numbers, commits, files, merges."""

from pathlib import Path

import pytest

from github_sandbox.rows import STATUSES, Row, read_rows
from tests.sandbox.world_checks import check_form, check_moments, pulls_of, records_of, repository_of, world_of

NAMES = {"huey": "coleifer/huey", "click": "pallets/click", "argo-rollouts": "argoproj/argo-rollouts"}


@pytest.mark.no_cover  # the same lines again and again
@pytest.mark.parametrize(
    "file", ["huey", *(pytest.param(name, marks=pytest.mark.faults) for name in ("click", "argo-rollouts"))]
)
def test_a_population_is_served_as_git_has_it(data: Path, file: str) -> None:
    path = data / "prs" / f"{file}.jsonl.gz"
    rows: dict[int, Row] = {row["number"]: row for row in read_rows(path)}
    assert {each["status"] for row in rows.values() for each in row["files"]} >= {
        "added",
        "removed",
        "modified",
        "renamed",
    }
    owner, name = NAMES[file].split("/")
    world = world_of(f"{owner}/{name}={path}")
    pulls = pulls_of(repository_of(world, owner, name))
    assert [each.number for each in pulls] == list(rows)
    for pull in pulls:
        row, record = rows[pull.number], pull.record
        assert record["title"] == row["title"]
        assert (record["state"] == "MERGED") is (row["state"] == "merged")
        assert record["headRefOid"] == row["head"]["sha"]
        shas = [each["sha"] for each in row["commits"]]
        assert [each["commit"]["oid"] for each in pull.connection("commits")] == shas
        served = [
            (each["path"], each["changeType"], each["additions"], each["deletions"], each["_restPreviousPath"])
            for each in pull.connection("files")
        ]
        assert served == [
            (each["path"], STATUSES[each["status"]], each["additions"], each["deletions"], each.get("previous_path"))
            for each in row["files"]
        ]


def test_the_small_population_has_the_documented_form(data: Path) -> None:
    world = world_of(f"coleifer/huey={data / 'prs' / 'huey.jsonl.gz'}")
    for pull in pulls_of(repository_of(world, "coleifer", "huey")):
        for record in records_of(pull):
            check_form(record)
            check_moments(record)
            if record["__typename"] == "PullRequestReview":
                assert world.node(record["id"]) is record
