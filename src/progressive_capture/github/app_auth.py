"""A GitHub App's installation as a credential: its signed claim, and tokens made with it for an hour each."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import quote

import jwt
import msgspec

from progressive_capture.domain.errors import UsageError
from progressive_capture.domain.scope import moment
from progressive_capture.github.addresses import ApiAddress
from progressive_capture.github.clock import ServerClock
from progressive_capture.github.credentials import Send
from progressive_capture.github.headers import request_headers
from progressive_capture.github.limits import Refusals
from progressive_capture.github.outcomes import Denied, DeniedReason, Failure, Missing, Moved, Page, Partial
from progressive_capture.github.payload import Shape
from progressive_capture.github.rest_answer import decode_rest
from progressive_capture.github.secrets import Secret
from progressive_capture.github.transport import NoAnswer, Request

T = TypeVar("T")

CLAIM_LIFE: Final = timedelta(minutes=9)
"""GitHub allows ten; clocks differ.
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app"""

BACKDATED: Final = timedelta(seconds=60)
RENEW_BEFORE: Final = timedelta(minutes=5)


class Installation(msgspec.Struct):
    """Where an App is installed."""

    id: int


class MintedToken(msgspec.Struct):
    """A token for an hour. Its form and length are not fixed."""

    token: str
    expires_at: str


_INSTALLATION: Final = Shape[Installation](Installation)
_INSTALLATIONS: Final = Shape[list[Installation]](list[Installation])
_MINTED: Final = Shape[MintedToken](MintedToken)


def signed_claim(app_id: str, private_key: Secret, now: datetime) -> Secret:
    """The claim to be the App: RS256, dated back a minute, by the server's clock.

    Raises:
        UsageError: the private key is none.
    """
    claim = {"iat": int((now - BACKDATED).timestamp()), "exp": int((now + CLAIM_LIFE).timestamp()), "iss": app_id}
    try:
        return Secret(jwt.encode(claim, private_key.reveal(), algorithm="RS256"))
    except (ValueError, TypeError, jwt.PyJWTError) as problem:
        raise UsageError("The App's private key cannot be read: give the whole PEM file that GitHub made.") from problem


@dataclass(slots=True)
class AppInstallation:
    """The App where it is installed for a repository or an account; for public ones elsewhere, any installation.

    https://docs.github.com/en/rest/apps/apps#get-a-user-installation-for-the-authenticated-app
    """

    app_id: str
    private_key: Secret
    owner_name: str
    address: ApiAddress
    clock: ServerClock
    installation_id: int | None = None
    """None: to be found."""
    _found: int | None = None
    _token: Secret | None = field(default=None, repr=False)
    _expires_at: datetime | None = None

    @property
    def is_anonymous(self) -> bool:
        """Never."""
        return False

    @property
    def fingerprint(self) -> str:
        """Of the App and its key."""
        return Secret(f"{self.app_id}:{self.private_key.reveal()}").fingerprint

    @property
    def principal(self) -> str | None:
        """Known once the installation is."""
        number = self._installation()
        return None if number is None else f"installation:{number}"

    @property
    def place(self) -> str:
        """There is one App."""
        return ""

    def forget(self) -> bool:
        """Ask for a new token, and look an installation that was found up anew: it may have been made again."""
        self._token = self._found = None
        return True

    async def token(self, send: Send) -> Secret | Failure | None:
        """The installation's token, with more than five minutes to live."""
        if self._token is not None and self._expires_at is not None and self._lives(self._expires_at):
            return self._token
        number = self._installation()
        if number is None:
            found = await self._find(send)
            if not isinstance(found, int):
                return found
            number = self._found = found
        path = f"/app/installations/{number}/access_tokens"
        minted = await self._ask(send, "POST", self.address.url(path), _MINTED)
        if isinstance(minted, Missing):
            self._found = None
            why = f"GitHub has no installation {number} of the App: install it again, or correct its id."
            return Denied(why, DeniedReason.PERMISSION)
        if not isinstance(minted, Page):
            return minted
        self._token, self._expires_at = Secret(minted.data.token), moment(minted.data.expires_at)
        return self._token

    def _installation(self) -> int | None:
        return self._found if self.installation_id is None else self.installation_id

    def _lives(self, expires_at: datetime) -> bool:
        return self.clock.now() + RENEW_BEFORE < expires_at

    async def _find(self, send: Send) -> int | Failure:
        of = "repos" if "/" in self.owner_name else "users"
        url = self.address.url(f"/{of}/{quote(self.owner_name)}/installation")
        found = await self._ask(send, "GET", url, _INSTALLATION)
        if isinstance(found, Moved) and (target := self.address.same_origin(found.location)) is not None:
            found = await self._ask(send, "GET", target, _INSTALLATION)
        if isinstance(found, Page):
            return found.data.id
        if not isinstance(found, Missing):
            return found
        anywhere = await self._ask(send, "GET", self.address.url("/app/installations?per_page=1"), _INSTALLATIONS)
        if isinstance(anywhere, Page) and anywhere.data:
            return anywhere.data[0].id
        why = f"The App is not installed for {self.owner_name}: install it there, or use a token."
        return Denied(why, DeniedReason.PERMISSION)

    async def _ask(self, send: Send, method: str, url: str, shape: Shape[T]) -> Page[T] | Failure:
        """Ask as the App. A claim refused for a wrong clock is made once more by the server's."""
        outcome = await self._ask_once(send, method, url, shape)
        if isinstance(outcome, Denied) and outcome.reason in {DeniedReason.CREDENTIALS, DeniedReason.EXPIRED}:
            outcome = await self._ask_once(send, method, url, shape)
        return outcome

    async def _ask_once(self, send: Send, method: str, url: str, shape: Shape[T]) -> Page[T] | Failure:
        claim = signed_claim(self.app_id, self.private_key, self.clock.now())
        received = await send(Request(method, url, request_headers(claim)))
        if isinstance(received, NoAnswer):
            return received.broken
        outcome = decode_rest(received.answer, shape, self.clock.now(), Refusals())
        return Page(outcome.data.body) if isinstance(outcome, Page | Partial) else outcome
