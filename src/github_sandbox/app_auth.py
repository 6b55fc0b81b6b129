"""GitHub Apps: their keys and installations, App JWTs checked, installation tokens minted and read; never a route.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt

from github_sandbox.tokens import BadCredentialsError, Kind, Principal, Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOKEN_LIFE = 3_600
JWT_LONGEST = 600
CLOCK_DRIFT = 60
PREFIX = "ghs_"
DEFAULT_PERMISSIONS = {"contents": "read", "issues": "read", "metadata": "read", "pull_requests": "read"}


@dataclass(frozen=True, slots=True)
class Installation:
    """Where an App is installed; `repositories` are names within the account, None for all of them."""

    id: int
    account: str
    repositories: tuple[str, ...] | None = None
    permissions: Mapping[str, str] = field(default_factory=lambda: DEFAULT_PERMISSIONS)
    points: int | None = None
    suspended: bool = False

    def covers(self, owner: str, name: str) -> bool:
        """Tell whether the installation may see OWNER/NAME."""
        if owner.lower() != self.account.lower():
            return False
        return self.repositories is None or name.lower() in {known.lower() for known in self.repositories}


@dataclass(frozen=True, slots=True)
class App:
    """A registered App; `public_key` is the PEM that its JWTs are checked with."""

    id: int
    client_id: str
    slug: str
    public_key: str
    installations: Sequence[Installation]

    @property
    def principal(self) -> Principal:
        """Give the owner of the budget that requests with the App's own JWT are charged to."""
        return Principal(f"app:{self.id}", f"{self.slug}[bot]", self.id, Kind.APP)


class BadJwtError(BadCredentialsError):
    """A JWT that GitHub refuses; the text is GitHub's own."""


class Apps:
    """The registered Apps, and the signer of their installation tokens."""

    def __init__(self, apps: Sequence[App], secret: str, now: Callable[[], float], names_of: _Names) -> None:
        """Know `apps`; sign with `secret`; judge ages by `now`; `names_of` gives an account's repositories."""
        self._names_of = names_of
        self._apps = apps
        self._secret = secret
        self._now = now
        self._minted = 0

    def app_of(self, jwt_text: str) -> App:
        """Give the App that signed `jwt_text`; raise BadJwtError with GitHub's words when it is not acceptable."""
        try:
            issuer = str(jwt.decode(jwt_text, options={"verify_signature": False}).get("iss", ""))
            app = next((one for one in self._apps if issuer in {str(one.id), one.client_id}), None)
            if app is None:
                raise BadJwtError("Integration not found")
            claims = jwt.decode(jwt_text, app.public_key, algorithms=["RS256"], options=_ONLY_SIGNATURE)
        except (jwt.PyJWTError, ValueError) as error:
            raise BadJwtError("A JSON web token could not be decoded") from error
        self._check_times(claims)
        return app

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        issued, expires, now = claims.get("iat"), claims.get("exp"), self._now()
        if not isinstance(issued, int) or issued > now + CLOCK_DRIFT:
            raise BadJwtError(
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
            )
        if not isinstance(expires, int) or expires <= now:
            raise BadJwtError(
                "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the "
                "assertion expires"
            )
        if expires > now + JWT_LONGEST + CLOCK_DRIFT:
            raise BadJwtError("'Expiration time' claim ('exp') is too far in the future")

    def find(self, owner: str, name: str, app: App) -> Installation | None:
        """Give the installation of `app` that covers OWNER/NAME."""
        return next((one for one in app.installations if one.covers(owner, name)), None)

    def mint(self, app: App, installation: Installation, repositories: Sequence[str] | None) -> tuple[str, float]:
        """Make a token of the long stateless form for `repositories` (None: all), and tell when it expires."""
        issued = int(self._now())
        self._minted += 1
        claims = {
            "iss": "github-sandbox",
            "app": app.id,
            "installation": installation.id,
            "repositories": repositories,
            "iat": issued,
            "exp": issued + TOKEN_LIFE,
            "jti": str(self._minted),
        }
        return f"{PREFIX}{app.id}_{jwt.encode(claims, self._secret, algorithm='HS256')}", issued + TOKEN_LIFE

    def read(self, token: str) -> Token | None:
        """Read an installation token; None for text that is not one of ours."""
        if not self._apps:
            return None
        app_id, _, text = token.removeprefix(PREFIX).partition("_")
        try:
            claims = jwt.decode(text, self._secret, algorithms=["HS256"], options=_ONLY_SIGNATURE)
        except jwt.PyJWTError:
            return None
        for app in self._apps:
            for installation in app.installations:
                if str(app.id) == app_id and installation.id == claims["installation"] and not installation.suspended:
                    return Token(self._principal(app, installation, claims["repositories"]), float(claims["exp"]))
        return None

    def _principal(self, app: App, installation: Installation, repositories: Sequence[str] | None) -> Principal:
        names = installation.repositories if repositories is None else repositories
        points = {} if installation.points is None else {"core": installation.points, "graphql": installation.points}
        account = installation.account.lower()
        private = {f"{account}/{name.lower()}" for name in names or self._names_of(account)}
        key, login = f"installation:{installation.id}", f"{app.slug}[bot]"
        return Principal(key, login, app.id, Kind.INSTALLATION, points, frozenset(private), installation.permissions)


_Names = Callable[[str], Iterable[str]]
_ONLY_SIGNATURE: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
