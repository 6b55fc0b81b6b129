"""How holders of leases are told of."""

import pytest

from progressive_capture.domain.holders import called
from progressive_capture.processes import holder


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("build-1/4026531836:31731:1795425569.59#inngest-2", "process 31731 on build-1 (inngest-2)"),
        ("build-1.example/4026531836.9f86d081884c:7:1.00#0", "process 7 on build-1.example"),
        ("build-1:42:1.00#0", "process 42 on build-1"),
        ("build-1:42:1.00", "process 42 on build-1"),
        ("fe80::1/7:42:1.00#bulk", "process 42 on fe80::1 (bulk)"),
        ("6f0c.0:2", "6f0c.0:2"),
        ("run:1:of:somebody", "run:1:of:somebody"),
        ("", ""),
    ],
)
def test_a_process_is_told_by_number_and_host_and_others_as_they_are(text: str, name: str) -> None:
    assert called(text) == name


def test_what_this_process_calls_itself_is_understood() -> None:
    assert called(holder("bulk-1")).startswith("process ")
    assert called(holder("bulk-1")).endswith(" (bulk-1)")
