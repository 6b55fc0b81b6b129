"""The repositories of awkward cases."""

from github_sandbox.world.state import World


def add_hostile(world: World) -> None:
    """Add them (placeholder until the cases are written)."""
    del world
