"""Secrets as values that do not print, and the removal of tokens from text; where they come from is not known."""

import hashlib
import re
from typing import Final

_TOKEN: Final = re.compile(
    r"(?:gh[oprsu]_|github_pat_)[A-Za-z0-9_.\-=]+|(?<=[Bb]earer )[^\s'\",]+|(?<=://)[^/\s@]+@"
    r"|signkey-[A-Za-z0-9-]+|(?<=/e/)[^/\s'\"?]+"
)
"""Tokens by prefix up to the next delimiter: their length is not fixed, and newer ones hold dots and dashes.
https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
Inngest's keys: signing keys by prefix, event keys where they stand in the address that events are sent to.
https://www.inngest.com/docs/events/creating-an-event-key"""

REDACTED: Final = "***"


class Secret:
    """A text that shows only where it is asked for by `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep the text; line ends around it, as files have them, are no part of it."""
        self._text = text.strip()

    def reveal(self) -> str:
        """Return the secret itself, for the one place that sends it."""
        return self._text

    @property
    def fingerprint(self) -> str:
        """SHA-256 in hex: names the secret without telling it."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    def __repr__(self) -> str:
        return f"Secret({REDACTED})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)


def redact(text: str) -> str:
    """The text with every token, Inngest key, bearer value and user part of an address replaced."""
    return _TOKEN.sub(REDACTED, text)
