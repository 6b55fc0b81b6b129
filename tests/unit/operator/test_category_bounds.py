"""What the help says of categories is what they are."""

from progressive_capture.domain.categories import BOUNDS
from progressive_capture.operator.commands.rollout_reading import categories


def test_the_help_tells_the_bounds_that_hold() -> None:
    told = " ".join((categories.__doc__ or "").split())
    for category, bounds in BOUNDS.items():
        assert f"{category} {bounds.stars:,}, {bounds.contributors:,}, {bounds.pull_requests:,};" in told
