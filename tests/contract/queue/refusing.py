"""What must be refused, tried one by one."""

from collections.abc import Callable, Iterable

import pytest

from progressive_capture.store.errors import LeaseLost


def all_lose_their_lease(writes: Iterable[Callable[[], object]]) -> None:
    for write in writes:
        with pytest.raises(LeaseLost):
            write()
