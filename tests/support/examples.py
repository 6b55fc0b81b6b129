"""How many examples a costly property is tried on: few each time, many where others are searched for."""

from typing import Final

from hypothesis import settings

MORE: Final = 10


def examples(count: int) -> int:
    """`count` examples, and no more than the profile has; ten times as many under `searching`, as in `make faults`."""
    if settings.get_current_profile_name() == "searching":
        return count * MORE
    return min(count, settings.get_profile(settings.get_current_profile_name()).max_examples)
