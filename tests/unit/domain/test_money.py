"""Dollars in sentences lose nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.money import in_dollars


@pytest.mark.parametrize(
    ("micro_usd", "told"),
    [
        (0, "$0.00"),
        (100, "$0.0001"),
        (1, "$0.000001"),
        (3_500_000, "$3.50"),
        (-8_000, "-$0.008"),
        (99_000_000, "$99.00"),
    ],
)
def test_amounts_are_told_in_dollars(micro_usd: int, told: str) -> None:
    assert in_dollars(micro_usd) == told


@given(st.integers(-(10**15), 10**15))
def test_no_millionth_is_lost(micro_usd: int) -> None:
    assert Decimal(in_dollars(micro_usd).replace("$", "")) * 1_000_000 == micro_usd
