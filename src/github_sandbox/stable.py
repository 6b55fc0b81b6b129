"""Choices that a seed decides, the same on every run and machine; never the interpreter's own hash or random state."""

from __future__ import annotations

from hashlib import blake2b

SPAN = 2**64


def stable_hash(*parts: object) -> int:
    """Give 64 unsigned bits that depend on the text of `parts` alone."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def stable_share(*parts: object) -> float:
    """Give a number in [0, 1) that depends on the text of `parts` alone."""
    return stable_hash(*parts) / SPAN
