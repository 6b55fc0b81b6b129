"""Randomness that is the same on every run and machine: hashes and generators made from a seed; no global state."""

import hashlib
from random import Random


def number_of(*parts: object) -> int:
    """A 64-bit unsigned number that depends on nothing but the text of `parts`."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def random_of(*parts: object) -> Random:
    """A generator seeded by `parts` alone. Only `random()`, whose sequence Python promises to keep, is used of it."""
    return Random(number_of(*parts))  # noqa: S311 - made-up data, no secret


def hex_of(length: int, *parts: object) -> str:
    """`length` (at most 64) hexadecimal digits that depend on nothing but `parts`."""
    text = "\x1f".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=32).hexdigest()[:length]
