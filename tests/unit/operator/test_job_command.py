"""What a job used, in words."""

import pytest

from progressive_capture.operator.commands.job import _used


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1 request, 1 point, 1 row, 1 byte"), (1_200, "1,200 requests, 1,200 points, 1,200 rows")]
)
def test_one_of_a_thing_is_told_as_one(number: int, said: str) -> None:
    used = dict.fromkeys(("requests", "points", "rows", "bytes_in", "ms", "cost_microusd"), number)
    assert said in "\n".join(_used(used))
