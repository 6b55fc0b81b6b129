"""Secrets never print; tokens of every form are cut out of texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.github.credentials import Anonymous, Token
from progressive_capture.github.secrets import REDACTED, Secret, redact

TAIL = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", min_size=8, max_size=600)


@given(
    prefix=st.sampled_from(["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "ghs_1234_eyJhbGciOi."]), tail=TAIL
)
def test_tokens_of_every_form_and_length_are_cut_out(prefix: str, tail: str) -> None:
    assert redact(f"url?token={prefix}{tail} and 'more'") == f"url?token={REDACTED} and 'more'"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer v1.0123abcdef, next", "Authorization: Bearer ***, next"),
        ("https://user:pass@host/path", "https://***host/path"),
        ("postgresql://me:secret@db:5432/x failed", "postgresql://***db:5432/x failed"),
        ("signkey-prod-00ff11 and signkey-branch-22", "*** and ***"),
        ("POST https://inn.gs/e/an-event-key 200", "POST https://inn.gs/e/*** 200"),
        ("someone@example.invalid wrote ghost_writer", "someone@example.invalid wrote ghost_writer"),
    ],
)
def test_other_secrets_and_plain_text(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_a_secret_shows_only_when_asked() -> None:
    secret = Secret("ghp_x\n")
    assert secret.reveal() == "ghp_x"
    for shown in (repr(secret), str(secret), f"{secret}", repr(Token(secret)), repr([secret])):
        assert "ghp_x" not in shown
    assert secret == Secret("ghp_x")
    assert secret != "ghp_x"
    assert len({secret, Secret("ghp_x")}) == 1
    assert not Secret("  ")


def test_a_fingerprint_names_a_secret_without_telling_it() -> None:
    assert Secret("a").fingerprint != Secret("b").fingerprint
    assert len(Secret("a").fingerprint) == 64


def test_installation_tokens_have_a_budget_of_their_own() -> None:
    assert (Token(Secret("ghs_x")).principal or "").startswith("token:")
    assert Token(Secret("ghp_x")).principal is None
    assert Anonymous().principal == "anonymous"
    assert not Anonymous().forget()
    assert not Token(Secret("ghp_x")).forget()
