"""Numbers, sizes and times as people read them; no sentence about a capture is made here."""

from datetime import datetime
from typing import Final

_UNITS: Final = ("kB", "MB", "GB", "TB")


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 pull request`, `1,234 pull requests`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(octets: int) -> str:
    """Bytes in decimal units, as network tools show them."""
    if octets < 1_000:
        return count(octets, "byte")
    value = float(octets)
    for unit in _UNITS:
        value /= 1_000
        if value < 999.95 or unit == _UNITS[-1]:  # noqa: PLR2004 - the largest value that one decimal keeps below 1,000
            break
    return f"{value:,.1f} {unit}"


def duration(seconds: float) -> str:
    """`0.4 s`, `59 s`, `2 min 5 s`, `3 h 0 min`."""
    if seconds < 10:  # noqa: PLR2004 - below, the decimal says something
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{whole} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def clock_time(moment: datetime) -> str:
    """A moment as this machine's clock will show it."""
    return f"{moment.astimezone():%H:%M:%S}"
