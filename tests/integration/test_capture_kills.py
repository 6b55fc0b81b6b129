"""A capture that is killed again and again loses nothing, repeats little and ends equal to the truth."""

from pathlib import Path

import pytest

from tests.support.capturing import Desk
from tests.support.forking import Spawner
from tests.support.killing import capture_with_kills, moments, program_for
from tests.support.stand_ins import Start

NAME = "sandbox/demo"


@pytest.mark.parametrize("seed", [1])
def test_five_kills_lose_nothing(serve: Start, database_url: str, tmp_path: Path, spawner: Spawner, seed: int) -> None:
    running = serve("--repo", f"{NAME}=generate:300", "--latency-ms", "5", "--points", "1000000")
    with Desk(running, f"sqlite:///{tmp_path / 'undisturbed.db'}") as alone:
        undisturbed = alone.capture(NAME).requests
    with Desk(running, database_url) as desk:
        killed = capture_with_kills(desk, program_for(desk, tmp_path, spawner), NAME, undisturbed, kills=5, seed=seed)
        assert desk.differences(NAME) == []
        assert desk.verify(NAME).gap_count == 0
        assert killed.served <= killed.allowed(undisturbed)
        assert desk.capture(NAME).pull_requests == 0


def test_the_moments_of_kills_are_spread_over_the_capture() -> None:
    chosen = moments(100, 30, seed=3)
    assert len(chosen) == 30
    assert min(chosen) >= 1
    assert sum(chosen) < 90
