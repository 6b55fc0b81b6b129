"""Numbers, sizes and times as people read them; no sentence about a capture is made here."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from progressive_capture.domain.jobs import Processor
from progressive_capture.domain.money import in_dollars

if TYPE_CHECKING:
    from progressive_capture.insight.speed import Quantiles

_UNITS: Final = ("kB", "MB", "GB", "TB")
_STEP: Final = 1_000

_LANES: Final = {Processor.INNGEST: "real-time", Processor.GITHUB_ACTIONS: "bulk"}

_FEW_SECONDS: Final = 9.95
"""Below, tenths of a second say something."""


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 pull request`, `1,234 pull requests`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(octets: int) -> str:
    """Bytes in decimal units, as network tools show them."""
    value, unit = float(octets), ""
    for larger in _UNITS:
        if round(value, 1) < _STEP:
            break
        value, unit = value / _STEP, larger
    return f"{value:,.1f} {unit}" if unit else count(octets, "byte")


def duration(seconds: float) -> str:
    """`0.4 s`, `59 s`, `2 min 5 s`, `3 h 0 min`."""
    if seconds < _FEW_SECONDS:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{whole} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def quantiles(found: "Quantiles | None") -> str:
    """What half, and what 95 % of the jobs stayed within; `-` when nobody measured."""
    return "-" if found is None else f"{duration(found.median)}, {duration(found.p95)}"


def dollars(micro_usd: int | None) -> str:
    """Millionths of a US dollar: `$12.34`, `$0.0042`, `not known`."""
    return "not known" if micro_usd is None else in_dollars(micro_usd)


def lane_name(processor: Processor) -> str:
    """A lane by its processor's name, as options and JSON give it, and by what it is for."""
    return f"{processor} ({_LANES[processor]})"


def clock_time(moment: datetime) -> str:
    """A moment as this machine's clock will show it, with the name of its time zone."""
    return f"{moment.astimezone():%H:%M:%S %Z}"


def day(stamp: str) -> str:
    """The day of one of our own times, in UTC."""
    return stamp[:10]


def moment(stamp: str | None) -> str:
    """One of our own times to the second, in UTC: `2026-11-23 02:45:41`; `-` for none."""
    return "-" if stamp is None else stamp[:19].replace("T", " ")
