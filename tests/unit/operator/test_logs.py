"""Logs hold no secrets, whoever writes them and however."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.operator.logs import configure, without_secrets

TOKENS = st.builds(
    lambda prefix, rest: prefix + rest,
    st.sampled_from(["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"]),
    st.text(st.sampled_from("abcXYZ019_.-"), min_size=20, max_size=400),
)


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged, with the set-up of before restored."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    configure(written, debug=True)
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@given(TOKENS)
def test_a_token_is_removed_wherever_it_stands(token: str) -> None:
    event = {"event": f"sent {token} away", "headers": {"authorization": f"token {token}"}, "error": ValueError(token)}
    assert token not in repr(without_secrets(None, "info", event))


def test_libraries_are_cleaned_as_we_are(stream: io.StringIO) -> None:
    token = "ghp_" + "a" * 36
    logging.getLogger("httpx").info("GET %s with %s", "https://api.github.com/user", token)
    structlog.get_logger("ours").warning("refused", token=token)
    logging.getLogger("anybody").error("failed", exc_info=RuntimeError(f"no luck with {token}"))
    said = stream.getvalue()
    assert token not in said
    assert 'event="GET https://api.github.com/user with ***"' in said
    assert "token=***" in said
    assert "RuntimeError: no luck with ***" in said


def test_without_debugging_only_warnings_are_written() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    try:
        configure(written, debug=False)
        logging.getLogger("httpx").info("a request")
        logging.getLogger("httpx").warning("a warning")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    assert "a request" not in written.getvalue()
    assert "a warning" in written.getvalue()
