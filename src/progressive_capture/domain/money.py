"""Amounts of money: whole millionths of a US dollar in reckoning, dollars in sentences."""

from typing import Final

MICRO_USD: Final = 1_000_000
"""Millionths in a US dollar."""


def in_dollars(micro_usd: int) -> str:
    """An amount in words, to the last millionth: `$0.0001`, `-$3.50`."""
    dollars, millionths = divmod(abs(micro_usd), MICRO_USD)
    cents = f"{millionths:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micro_usd < 0 else ''}${dollars}.{cents}"
