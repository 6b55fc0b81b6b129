"""Thirty kills of one capture of three thousand pull requests."""

from pathlib import Path

import pytest

from tests.support.capturing import Desk
from tests.support.forking import Spawner
from tests.support.killing import capture_with_kills, program_for
from tests.support.stand_ins import Start

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1_800)]

NAME = "sandbox/demo"


def test_thirty_kills_lose_nothing(serve: Start, database_url: str, tmp_path: Path, spawner: Spawner) -> None:
    running = serve("--repo", f"{NAME}=generate:3000", "--latency-ms", "20", "--points", "1000000")
    with Desk(running, f"sqlite:///{tmp_path / 'undisturbed.db'}") as alone:
        undisturbed = alone.capture(NAME).requests
    with Desk(running, database_url) as desk:
        killed = capture_with_kills(desk, program_for(desk, tmp_path, spawner), NAME, undisturbed, kills=30, seed=11)
        assert desk.differences(NAME) == []
        assert desk.verify(NAME).gap_count == 0
        assert killed.served <= killed.allowed(undisturbed)
