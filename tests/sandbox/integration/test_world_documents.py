"""The reference of the sandbox's world names what the code has, and nothing else."""

import re

from github_sandbox.changes import KINDS, MOVES_UPDATED_AT, SWITCH
from github_sandbox.truth import truth
from tests.conftest import ROOT
from tests.sandbox.world_checks import pulls_of, repository_of, world_of

REFERENCE = ROOT / "docs" / "reference"


def rows(document: str, heading: str) -> dict[str, list[str]]:
    """The rows of the first table after a heading (or a sentence), by their first cell."""
    text = (REFERENCE / document).read_text(encoding="utf-8").split(heading, 1)[1]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table is not None
    lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table[0].splitlines()[2:]]
    return {cells[0].strip("`"): cells[1:] for cells in lines}


def test_every_change_is_documented_with_what_it_moves() -> None:
    inside = rows("sandbox-changes.md", "## Changes in a pull request")
    outside = rows("sandbox-changes.md", "## Changes of repositories and users")
    moves = {kind: cells[1] == "yes" for kind, cells in inside.items()}
    assert moves | {"user.rename": False} == MOVES_UPDATED_AT
    assert {*inside, *outside, SWITCH} == set(KINDS)


def test_every_awkward_case_is_documented() -> None:
    pulls = pulls_of(repository_of(world_of("hostile"), "hostile", "everything"))
    titles = {re.sub(r"^the same second \d$", "the same second 0", each.record["title"]) for each in pulls}
    assert rows("sandbox-populations.md", "by title:").keys() == titles


def test_every_hostile_repository_is_documented() -> None:
    world = world_of("hostile")
    names = rows("sandbox-populations.md", "## `hostile`").keys()
    assert all(world.repository(*name.split("/")) is not None for name in names)
    assert len(names) == len(list(world.repositories()))


def test_every_kind_of_row_is_documented() -> None:
    world = world_of("sandbox/demo=generate:60", "hostile")
    kinds = {row["kind"] for name in ("sandbox/demo", "hostile/everything") for row in truth(world, *name.split("/"))}
    assert kinds == rows("sandbox-truth.md", "## Rows").keys()
