"""Gaps and row counts in words and as JSON values, the same for every command that shows them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from progressive_capture.operator.wording import count

if TYPE_CHECKING:
    from progressive_capture.domain.kinds import Kind
    from progressive_capture.store.gaps import Gap

SHOWN: Final = 20
"""Findings that a text lists before it only counts them; JSON has more."""


def rows_table(rows: Mapping[str, int]) -> list[str]:
    """A line for each table, numbers in a column."""
    width = max((len(name) for name in rows), default=0)
    digits = max((len(f"{number:,}") for number in rows.values()), default=0)
    return [f"  {name:<{width}}  {number:>{digits},}" for name, number in rows.items()]


def findings(found: Sequence["Gap"], total: int) -> list[str]:
    """A line for each finding, up to a bound; `total` is how many there are."""
    lines = [f"  #{gap.number} {gap.kind.replace('_', ' ')}: {_counts(gap)}{gap.why}" for gap in found[:SHOWN]]
    if total > len(lines):
        lines.append(f"  … and {total - len(lines):,} more")
    return lines


def verdict(gaps: int, short: int, truncated: int, where: str = "") -> str:
    """`no gaps`, or how many, and `where`; what GitHub itself cannot give stands apart."""
    parts = [(count(gaps, "gap") if gaps else "no gaps") + where]
    if short:
        parts.append(f"{count(short, 'list')} shorter than GitHub counts")
    if truncated:
        parts.append(f"{count(truncated, 'list')} cut off by GitHub")
    return ", ".join(parts)


def unlisted(number: int) -> list[str]:
    """Say how many pull requests GitHub counts and never listed."""
    return (
        [f"  {count(number, 'pull request')} that GitHub counts now, never listed here: capture again, or with --full"]
        if number
        else []
    )


def unavailable(kinds: Mapping["Kind", int]) -> list[str]:
    """A line about what the API that was used cannot give, none when it gave everything."""
    if not kinds:
        return []
    parts = [f"{kind.replace('_', ' ')} of {count(number, 'pull request')}" for kind, number in sorted(kinds.items())]
    return [f"  unavailable from the API that was used: {', '.join(parts)}"]


def document(gap: "Gap") -> dict[str, object]:
    """A finding as JSON values."""
    return {
        "number": gap.number,
        "kind": gap.kind.value,
        "state": gap.state.value,
        "expected": gap.expected,
        "stored": gap.stored,
        "why": gap.why,
    }


def _counts(gap: "Gap") -> str:
    return f"{gap.stored:,} of {gap.expected:,} stored; " if gap.expected is not None else ""
