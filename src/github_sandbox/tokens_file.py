"""The file behind `--tokens`: named tokens, the principals they share, and registered Apps; never judges a request.

The format is described in docs/reference/sandbox.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from github_sandbox.app_auth import DEFAULT_PERMISSIONS, App, Installation
from github_sandbox.config_file import ConfigError, Table, read_table
from github_sandbox.tokens import FIRST_MADE_UP_ID, MADE_UP_IDS, Kind, Principal, Token
from github_sandbox.world.stable import number_of

if TYPE_CHECKING:
    from pathlib import Path

_FULL_NAME = re.compile(r"[^/\s]+/[^/\s]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the file holds; `tokens` is None when it names none, so that any token is accepted."""

    tokens: dict[str, Token] | None
    apps: tuple[App, ...]


def read_credentials(path: Path, now: float) -> Credentials:
    """Read the file; ages in it count from `now`. Raise ConfigError for anything that it may not hold."""
    table = read_table(path)
    tokens = {text: _token(text, row, now) for text, row in table.items("tokens")}
    apps = tuple(_app(row, path.parent) for row in table.tables("apps"))
    table.done()
    _once(table.where, "App", [app.id for app in apps])
    _once(table.where, "installation", [each.id for app in apps for each in app.installations])
    return Credentials(tokens or None, apps)


def _once(where: str, what: str, ids: list[int]) -> None:
    twice = next((each for each in ids if ids.count(each) > 1), None)
    if twice is not None:
        raise ConfigError(f"{where}: {what} {twice} stands there twice; give each an id of its own")


def _token(text: str, row: Table, now: float) -> Token:
    if not text.strip():
        raise ConfigError(f"{row.where}: a token must not be empty")
    login = row.present("user", row.text("user"))
    points = row.whole("points", 0)
    expires_in = row.number("expires_in")
    private = frozenset(name.lower() for name in row.texts("private"))
    if not all(_FULL_NAME.fullmatch(name) for name in private):
        raise ConfigError(f"{row.where}: private must name repositories as OWNER/NAME")
    number = row.whole("id", 1) or FIRST_MADE_UP_ID + number_of("user", login.lower()) % MADE_UP_IDS
    row.done()
    own = {} if points is None else {"core": points, "graphql": points}
    principal = Principal(f"user:{login.lower()}", login, number, Kind.USER, own, private)
    return Token(principal, None if expires_in is None else now + expires_in)


def _app(row: Table, folder: Path) -> App:
    key, file = row.text("public_key"), row.text("public_key_file")
    if (key is None) == (file is None):
        raise ConfigError(f"{row.where}: give public_key (a PEM) or public_key_file, and not both")
    number = row.present("id", row.whole("id", 1))
    client = row.text("client_id") or f"Iv23sandbox{number}"
    slug = row.text("slug") or f"app-{number}"
    installations = tuple(_installation(one) for one in row.tables("installations"))
    row.done()
    return App(number, client, slug, _checked(row.where, key or _pem(folder / str(file))), installations)


def _pem(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as a PEM file: {error}") from error


def _checked(where: str, pem: str) -> str:
    """Give `pem` when it is an RSA public key, with which alone GitHub checks an App's JWTs."""
    try:
        known = isinstance(load_pem_public_key(pem.encode()), RSAPublicKey)
    except (ValueError, UnsupportedAlgorithm):
        known = False
    if not known:
        raise ConfigError(f"{where}: the public key is no RSA public key in PEM form; give the one of the App")
    return pem


def _installation(row: Table) -> Installation:
    names = row.texts("repositories")
    if any("/" in name for name in names):
        raise ConfigError(f"{row.where}: repositories must be names without their owner")
    permissions = row.take("permissions", dict) or DEFAULT_PERMISSIONS
    if not all(isinstance(each, str) for each in permissions.values()):
        raise ConfigError(f"{row.where}: permissions must have text values, such as read")
    made = Installation(
        id=row.present("id", row.whole("id", 1)),
        account=row.present("account", row.text("account")),
        repositories=tuple(names) or None,
        permissions=permissions,
        points=row.whole("points", 0),
        suspended=row.take("suspended", bool) or False,
    )
    row.done()
    return made
