"""Logs hold no secrets, whoever writes them and however."""

import io
import json
import logging

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
def stream() -> io.StringIO:
    """What is logged with debugging on."""
    written = io.StringIO()
    configure(written, debug=True)
    return written


@given(TOKENS)
def test_a_token_is_removed_wherever_it_stands(token: str) -> None:
    event = {"event": f"sent {token} away", "headers": {"authorization": f"token {token}"}, "error": ValueError(token)}
    assert token not in repr(without_secrets()(None, "info", event))


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


def test_secrets_of_no_form_are_removed_by_what_they_are() -> None:
    written = io.StringIO()
    configure(written, debug=True, known={"an-event-key", "an-event-key-and-more"})
    logging.getLogger("anybody").error("failed", exc_info=RuntimeError("given an-event-key, an-event-key-and-more"))
    assert "RuntimeError: given ***, ***" in written.getvalue()
    assert "an-event-key" not in written.getvalue()


def test_without_debugging_only_warnings_are_written() -> None:
    written = io.StringIO()
    configure(written, debug=False)
    logging.getLogger("httpx").info("a request")
    logging.getLogger("httpx").warning("a warning")
    structlog.get_logger("progressive_capture.engines").info("our own work")
    assert "a request" not in written.getvalue()
    assert "a warning" in written.getvalue()
    assert "our own work" not in written.getvalue()


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_worker_tells_what_it_does_and_every_line_names_the_job(style: str) -> None:
    written = io.StringIO()
    configure(written, debug=False, style=style, working=True)
    with structlog.contextvars.bound_contextvars(job_id="one"):
        structlog.get_logger("progressive_capture.engines").info("claimed", slots=2)
        logging.getLogger("httpx").info("a request")
        logging.getLogger("httpx").warning("slow")
    structlog.get_logger("progressive_capture.engines").info("idle")
    lines = written.getvalue().splitlines()
    if style == "json":
        found = [{key: line.get(key) for key in ("event", "job_id", "slots")} for line in map(json.loads, lines)]
        assert found == [
            {"event": "claimed", "job_id": "one", "slots": 2},
            {"event": "slow", "job_id": "one", "slots": None},
            {"event": "idle", "job_id": None, "slots": None},
        ]
    else:
        assert ["job_id=one" in line for line in lines] == [True, True, False]
