"""How many examples a costly property is tried on: few each time, many where others are searched for."""

from typing import Final

from hypothesis import settings

MORE: Final = 10


def examples(count: int) -> int:
    """`count` examples, ten times as many under the profile `searching`, which `make faults` uses."""
    return count * MORE if settings.get_current_profile_name() == "searching" else count
