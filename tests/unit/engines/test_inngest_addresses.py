"""Whom an address leads to is named without what else it holds."""

import pytest

from progressive_capture.engines.inngest.api import _host


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("http://127.0.0.1:8288/e/the-event-key", "127.0.0.1:8288"),
        ("https://inn.gs/e/the-event-key", "inn.gs"),
        ("https://user:the-event-key@inn.gs:8443/health?x=1", "inn.gs:8443"),
        ("http://[::1", "An address that is none"),
    ],
)
def test_whoever_does_not_answer_is_named_with_the_port(address: str, named: str) -> None:
    assert _host(address) == named
