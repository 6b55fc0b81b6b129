"""Who asks GitHub: nobody, a token, or an App's installation; how an installation's token is made lives beside."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from progressive_capture.github.outcomes import Failure
from progressive_capture.github.secrets import Secret
from progressive_capture.github.transport import NoAnswer, Received, Request

Send: TypeAlias = Callable[[Request], Awaitable[Received | NoAnswer]]
"""Sends a request outside the hour's budget."""

ANONYMOUS: str = "anonymous"


class Credential(Protocol):
    """Gives the token to send."""

    @property
    def is_anonymous(self) -> bool:
        """Whether there is none at all: REST only, 60 requests an hour for each address."""
        ...

    @property
    def fingerprint(self) -> str:
        """Names the credential without telling it."""
        ...

    @property
    def principal(self) -> str | None:
        """Whose budget it uses, where the credential itself tells."""
        ...

    @property
    def place(self) -> str:
        """Which of several credentials it is, for people; empty where it is the only one."""
        ...

    async def token(self, send: Send) -> Secret | Failure | None:
        """The token to send now; a new one is fetched by `send` where the old one is about to expire."""
        ...

    def forget(self) -> bool:
        """GitHub refused the token: whether asking again may bring another."""
        ...


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No token."""

    is_anonymous: bool = True
    fingerprint: str = ANONYMOUS
    principal: str | None = ANONYMOUS
    place: str = ""

    async def token(self, send: Send) -> Secret | Failure | None:  # noqa: ARG002 - the protocol's
        """There is none."""
        return None

    def forget(self) -> bool:
        """Nothing will change."""
        return False


@dataclass(frozen=True, slots=True)
class Token:
    """A personal, OAuth or installation token that somebody gave."""

    secret: Secret
    is_anonymous: bool = False
    place: str = ""

    @property
    def fingerprint(self) -> str:
        """Of the token."""
        return self.secret.fingerprint

    @property
    def principal(self) -> str | None:
        """An installation's token has a budget of its own, and may not ask who it is; others must ask.

        https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#primary-rate-limit-for-github_token-in-github-actions
        """
        if self.secret.reveal().startswith("ghs_"):
            return f"token:{self.secret.fingerprint[:16]}"
        return None

    async def token(self, send: Send) -> Secret | Failure | None:  # noqa: ARG002 - the protocol's
        """Always the same."""
        return self.secret

    def forget(self) -> bool:
        """Nothing will change."""
        return False
