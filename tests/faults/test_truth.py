"""Large repositories by every API into every database, each equal to the truth in every stored field."""

from pathlib import Path

import pytest

from tests.support.capturing import Desk
from tests.support.stand_ins import Running, Start

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]

CLICK, GENERATED = "pallets/click", "sandbox/generated"


@pytest.fixture(scope="module")
def sandbox(serve: Start, data: Path) -> Running:
    """Click's history and a generated one, with budgets that last."""
    recorded = data / "prs" / "click.jsonl.gz"
    repositories = ["--repo", f"{CLICK}={recorded}", "--repo", f"{GENERATED}=generate:2000"]
    return serve(*repositories, "--points", "10000000")


@pytest.mark.parametrize("name", [CLICK, GENERATED])
@pytest.mark.parametrize("source", ["graphql", "rest", "auto"])
def test_a_large_repository_equals_the_truth(sandbox: Running, database_url: str, name: str, source: str) -> None:
    with Desk(sandbox, database_url) as desk:
        captured = desk.capture(name, source)
        assert desk.differences(name, source) == []
        assert captured.gap_count == desk.verify(name).gap_count == 0


def test_patches_equal_the_truth(sandbox: Running, database_url: str) -> None:
    with Desk(sandbox, database_url) as desk:
        desk.capture(CLICK, patches=True)
        assert desk.differences(CLICK, patches=True) == []
