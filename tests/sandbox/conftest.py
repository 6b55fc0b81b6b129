"""A real stand-in: another process, a free port, stopped by its id."""

import pytest

from tests.support.stand_ins import Running, Start

__all__ = ["Running", "Start"]


@pytest.fixture(scope="module")
def demo(serve: Start) -> Running:
    """A stand-in with a small generated repository, sandbox/demo, and the hostile ones."""
    return serve("--repo", "sandbox/demo=generate:60", "--repo", "hostile")
