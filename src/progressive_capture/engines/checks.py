"""What a check of an engine's set-up comes to, one thing at a time; checking stands with each engine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    what: str
    is_good: bool
    why: str
