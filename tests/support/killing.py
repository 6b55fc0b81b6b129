"""Captures as processes that are killed in the middle, at moments that a seed chooses; nothing here sleeps."""

import random
import signal
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.support.capturing import Desk
from tests.support.forking import Child, Spawner
from tests.support.program import Program

REPEATED_PAGES: Final = 2
"""Pages that a run may ask for again, for each slot in flight: one was being written, one was asked for."""

START_UP: Final = 2
"""Look-ups that every run begins with: who the repository is, and how many contributors it has."""

LOOK_EVERY: Final = 0.004
"""Seconds between two looks at the count of requests: shorter than any request takes."""


@dataclass(frozen=True)
class Killed:
    """What a capture that was killed again and again asked for."""

    kills: int
    served: int
    """Requests of all runs together."""
    output: str
    """What the last run, which was left alone, said."""

    def allowed(self, undisturbed: int) -> int:
        """How many requests they may have made, where one run alone makes so many."""
        return undisturbed + self.kills * (REPEATED_PAGES + START_UP)


def moments(undisturbed: int, kills: int, seed: int) -> list[int]:
    """After how many requests of its own each run is killed: all over the capture, which is never done before."""
    chance = random.Random(seed)  # noqa: S311 - moments, no secret
    marks = sorted(chance.sample(range(1, undisturbed * 9 // 10), kills))
    return [later - earlier for earlier, later in pairwise([0, *marks])]


def capture_with_kills(desk: Desk, program: Program, name: str, undisturbed: int, *, kills: int, seed: int) -> Killed:
    """Capture by `pc`, kill it after each of the seed's moments, and let the run after the last kill end."""
    desk.reset_stats()
    for requests in moments(undisturbed, kills, seed):
        run = program.start("capture", name)
        wanted = desk.served() + requests
        while desk.served() < wanted:
            assert is_running(run), run.communicate()
        run.send_signal(signal.SIGKILL)
        run.communicate()
        assert run.returncode == -signal.SIGKILL
    last = program.run("capture", name)
    assert last.returncode == 0, last.stdout + last.stderr
    return Killed(kills, desk.served(), last.stdout)


def is_running(run: Child, after: float = LOOK_EVERY) -> bool:
    """Whether it still runs, after a moment of so many seconds."""
    try:
        run.wait(after)
    except subprocess.TimeoutExpired:
        return True
    return False


def program_for(desk: Desk, folder: Path, spawner: Spawner) -> Program:
    """The program with a desk's sandbox, database and tokens, and without pacing."""
    settings = {
        "PC_GITHUB_API_URL": desk.sandbox.url,
        "PC_GITHUB_TOKENS": desk.tokens,
        "DATABASE_URL": desk.database_url,
        "PC_REST_PER_MINUTE": "0",
        "PC_GRAPHQL_PER_MINUTE": "0",
    }
    return Program(folder, spawner, settings, measured=False)
