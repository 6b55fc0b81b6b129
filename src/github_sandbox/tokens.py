"""Who a request comes from: tokens, the principals that own budgets, what each may see; never what is charged."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from github_sandbox.world.stable import number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ANONYMOUS_POINTS = 60
FIRST_MADE_UP_ID = 90_000_000
MADE_UP_IDS = 9_000_000


class Kind(StrEnum):
    """What a token speaks for."""

    USER = "user"
    INSTALLATION = "installation"
    APP = "app"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Principal:
    """The owner of a budget (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).

    `private` names private repositories (OWNER/NAME, lower case) that it may see; `points` is per hour and resource;
    `permissions` are those of an installation.
    """

    key: str
    login: str
    database_id: int
    kind: Kind = Kind.USER
    points: Mapping[str, int] = field(default_factory=dict)
    private: frozenset[str] = frozenset()
    permissions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of one token; `expires` in seconds since the epoch, None for never."""

    principal: Principal
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """A request's author: a principal, and the token that said so (its ETags are that token's own)."""

    principal: Principal
    token: str

    @property
    def authenticated(self) -> bool:
        """Tell whether a token was sent."""
        return self.principal.kind is not Kind.ANONYMOUS


class BadCredentialsError(Exception):
    """The Authorization header holds nothing that is valid now; the text is GitHub's own."""


ANONYMOUS = Principal("anonymous", "", 0, Kind.ANONYMOUS, {"core": ANONYMOUS_POINTS, "graphql": 0, "search": 10})


class Tokens:
    """All tokens: those given, those minted for installations, and, when none was given, any text at all."""

    def __init__(self, known: Mapping[str, Token] | None, minted: Callable[[str], Token | None] | None) -> None:
        """Know `known`; None accepts any token as a user of its own.

        `minted` reads an installation's token; None: no App is registered, and such a text is like any other.
        """
        self._known = known
        self._minted = minted
        self._made_up: dict[str, Principal] = {}

    def viewer(self, authorization: str, now: float) -> Viewer:
        """Tell who sent `authorization`; raise BadCredentialsError when it is not valid at `now`."""
        if not authorization:
            return Viewer(ANONYMOUS, "")
        text = token_of(authorization)
        token = self._find(text)
        if token is None or (token.expires is not None and token.expires <= now):
            raise BadCredentialsError("Bad credentials")
        return Viewer(token.principal, text)

    def _find(self, text: str) -> Token | None:
        if self._minted is not None and text.startswith("ghs_"):
            return self._minted(text) or (self._known or {}).get(text)
        if self._known is not None:
            return self._known.get(text)
        return Token(self._made_up.setdefault(text, made_up_user(text))) if text else None


def token_of(authorization: str) -> str:
    """Take the token out of an Authorization header (`token`, `Bearer` or Basic with the token as the password)."""
    scheme, _, rest = authorization.partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            return rest.strip()
        case "basic":
            return _basic(rest)
        case _:
            return ""


def made_up_user(text: str) -> Principal:
    """Make the user that an unknown token stands for: the same for the same text, told apart by number and login."""
    number = number_of("token", text)
    return Principal(f"user:{number:x}", f"user-{number:016x}"[:13], FIRST_MADE_UP_ID + number % MADE_UP_IDS)


def _basic(text: str) -> str:
    try:
        user, _, password = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return user if password in {"", "x-oauth-basic"} else password
