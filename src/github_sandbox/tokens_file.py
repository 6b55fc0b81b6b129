"""The file behind `--tokens`: named tokens, the principals they share, and registered Apps; never judges a request.

The format is described in docs/reference/sandbox.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from github_sandbox.app_auth import DEFAULT_PERMISSIONS, App, Installation
from github_sandbox.config_file import ConfigError, Table, read_table
from github_sandbox.tokens import FIRST_MADE_UP_ID, MADE_UP_IDS, Kind, Principal, Token
from github_sandbox.world.stable import number_of

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the file holds; `tokens` is None when it names none, so that any token is accepted."""

    tokens: dict[str, Token] | None
    apps: tuple[App, ...]


def read_credentials(path: Path, now: float) -> Credentials:
    """Read the file; ages in it count from `now`. Raise ConfigError for anything that it may not hold."""
    table = read_table(path)
    tokens = {text: _token(row, now) for text, row in table.items("tokens")}
    apps = tuple(_app(row, path.parent) for row in table.tables("apps"))
    table.done()
    return Credentials(tokens or None, apps)


def _token(row: Table, now: float) -> Token:
    login = row.need("user", str)
    points = row.take("points", int)
    expires_in = row.number("expires_in")
    private = frozenset(name.lower() for name in row.texts("private"))
    number = row.take("id", int) or FIRST_MADE_UP_ID + number_of("user", login.lower()) % MADE_UP_IDS
    row.done()
    own = {} if points is None else {"core": points, "graphql": points}
    principal = Principal(f"user:{login.lower()}", login, number, Kind.USER, own, private)
    return Token(principal, None if expires_in is None else now + expires_in)


def _app(row: Table, folder: Path) -> App:
    key, file = row.take("public_key", str), row.take("public_key_file", str)
    if (key is None) == (file is None):
        raise ConfigError(f"{row.where}: give public_key (a PEM) or public_key_file, and not both")
    number = row.need("id", int)
    client = row.take("client_id", str) or f"Iv23sandbox{number}"
    slug = row.take("slug", str) or f"app-{number}"
    installations = tuple(_installation(one) for one in row.tables("installations"))
    row.done()
    return App(number, client, slug, key or _pem(folder / str(file)), installations)


def _pem(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as a PEM file: {error}") from error


def _installation(row: Table) -> Installation:
    names = row.texts("repositories")
    made = Installation(
        id=row.need("id", int),
        account=row.need("account", str),
        repositories=tuple(names) or None,
        permissions=row.take("permissions", dict) or DEFAULT_PERMISSIONS,
        points=row.take("points", int),
        suspended=row.take("suspended", bool) or False,
    )
    row.done()
    return made
