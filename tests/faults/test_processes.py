"""Many processes on one token: the budget that they share is never overspent, and nobody loses anything."""

from pathlib import Path

import pytest

from tests.support.capturing import Desk
from tests.support.forking import Spawner
from tests.support.killing import program_for
from tests.support.stand_ins import Start

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]


def test_eight_processes_on_one_token_never_overspend_it(
    serve: Start, database_url: str, tmp_path: Path, spawner: Spawner
) -> None:
    names = [f"sandbox/number{place}" for place in range(8)]
    repositories = [flag for name in names for flag in ("--repo", f"{name}=generate:100")]
    with Desk(serve(*repositories, "--points", "40", "--window", "5"), database_url) as desk:
        desk.reset_stats()
        program = program_for(desk, tmp_path, spawner)
        runs = [program.start("capture", name) for name in names]
        ended = [(run.communicate(), run.returncode) for run in runs]
        assert [code for _, code in ended] == [0] * len(names), ended
        stats = desk.stats()
        assert stats["graphql"]["points"] > 40  # the budget was spent, and waited for
        assert stats["max_in_flight"] == 1
        assert stats["refused"] == 0
        assert all(budget["reserved"] == 0 and budget["remaining"] >= 0 for budget in desk.rows("budgets"))
        for name in names:
            assert desk.verify(name).gap_count == 0
