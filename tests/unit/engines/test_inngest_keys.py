"""Which keys are set, and of what kind: each mistake is told in a sentence that holds no key."""

import pytest

from progressive_capture.domain.errors import UsageError
from progressive_capture.engines.inngest.checking import keys
from progressive_capture.engines.inngest.client import make_client
from progressive_capture.github.secrets import Secret

DIGITS = "0123456789abcdef"
SIGNING = f"signkey-prod-{DIGITS}"
BRANCH = f"signkey-branch-{DIGITS}"


def told(event_key: str | None, signing_key: str | None) -> dict[str, tuple[bool, str]]:
    made = [None if key is None else Secret(key) for key in (event_key, signing_key)]
    return {each.what: (each.is_good, each.why) for each in keys(make_client(*made, is_dev=False))}


@pytest.mark.parametrize(
    ("event_key", "signing_key", "what", "said"),
    [
        (None, SIGNING, "event key", "INNGEST_EVENT_KEY is not set: no job can be handed over."),
        (SIGNING, SIGNING, "event key", "INNGEST_EVENT_KEY holds a signing key: copy the event key from Inngest."),
        ("e", None, "signing key", "INNGEST_SIGNING_KEY is not set: Inngest cannot call this program."),
        ("e", BRANCH, "signing key", "of a branch environment (signkey-branch): set INNGEST_ENV"),
    ],
)
def test_each_mistake_is_told(event_key: str | None, signing_key: str | None, what: str, said: str) -> None:
    found = told(event_key, signing_key)
    assert [name for name, (is_good, _) in found.items() if not is_good] == [what]
    assert said in found[what][1]
    assert DIGITS not in str(found)


@pytest.mark.parametrize(
    ("signing_key", "kind"),
    [(SIGNING, "(signkey-prod)"), (BRANCH, "(signkey-branch)"), (DIGITS, "(signkey without an environment)")],
)
def test_kinds_are_named(signing_key: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNGEST_ENV", "feature")
    is_good, why = told("e", signing_key)["signing key"]
    assert is_good
    assert kind in why
    monkeypatch.setenv("INNGEST_SIGNING_KEY_FALLBACK", SIGNING)
    assert "the one before it still counts" in told("e", signing_key)["signing key"][1]


@pytest.mark.parametrize("key", ["hunter2", "signkey-test-", "key-0123", "signkey-test-012"])
def test_what_is_no_signing_key_is_refused_before_anything_is_served(key: str) -> None:
    with pytest.raises(UsageError, match="INNGEST_SIGNING_KEY is no signing key: copy it again") as refused:
        told("e", key)
    assert key not in str(refused.value)
