"""Secrets and variables of repositories: sealed secrets opened, names checked; never gives a secret to a client.

https://docs.github.com/en/rest/actions/secrets and https://docs.github.com/en/rest/actions/variables
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from github_sandbox.world.stable import hex_of, number_of

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_VALUE = 48 * 1024
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class BadValueError(Exception):
    """A name or value that GitHub refuses with 422; the text says why."""


@dataclass(slots=True)
class Entry:
    """One secret or variable."""

    name: str
    value: str = field(repr=False)
    created: float
    updated: float


class Entries:
    """The secrets, or the variables, of one repository; names are the same in any case."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin empty; tell times by `now`."""
        self._now = now
        self._held: dict[str, Entry] = {}

    def all(self) -> list[Entry]:
        """List them by name."""
        return [self._held[name] for name in sorted(self._held)]

    def find(self, name: str) -> Entry | None:
        """Give one."""
        return self._held.get(name.upper())

    def put(self, name: str, value: str) -> bool:
        """Set one, and tell whether it is new; raise BadValueError for what cannot be one."""
        key = name.upper()
        if not _NAME.fullmatch(name) or key.startswith("GITHUB_"):
            raise BadValueError(
                "Names may hold letters, digits and underscores only, and must not begin with a digit or GITHUB_."
            )
        if len(value.encode()) > LONGEST_VALUE:
            raise BadValueError(f"Values end at {LONGEST_VALUE} bytes.")
        known, now = self._held.get(key), self._now()
        self._held[key] = Entry(key, value, now if known is None else known.created, now)
        return known is None

    def remove(self, name: str) -> bool:
        """Remove one, and tell whether there was one."""
        return self._held.pop(name.upper(), None) is not None

    def values(self) -> dict[str, str]:
        """Give all values by name."""
        return {name: entry.value for name, entry in self._held.items()}


@dataclass(slots=True)
class Vault:
    """All secrets and variables, by the repository's id, and the key that secrets are sealed for."""

    seed: int
    now: Callable[[], float]
    _secrets: _Stores = field(default_factory=dict)
    _variables: _Stores = field(default_factory=dict)
    _key: PrivateKey = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make the key, which a restart with the same seed keeps."""
        self._key = PrivateKey.from_seed(bytes.fromhex(hex_of(64, "sealed secrets", self.seed)))

    def secrets(self, repository: int) -> Entries:
        """Give the secrets of a repository."""
        return self._secrets.setdefault(repository, Entries(self.now))

    def variables(self, repository: int) -> Entries:
        """Give the variables of a repository."""
        return self._variables.setdefault(repository, Entries(self.now))

    @property
    def key_id(self) -> str:
        """Name the key."""
        return str(number_of("sealed secrets", self.seed))

    @property
    def public_key(self) -> str:
        """Give the key in base64."""
        return base64.b64encode(bytes(self._key.public_key)).decode()

    def opened(self, key_id: object, sealed: object) -> str:
        """Open a secret sealed for the key; raise BadValueError for anything else."""
        if not isinstance(sealed, str) or str(key_id) != self.key_id:
            raise BadValueError("Give encrypted_value, and key_id as public-key names it.")
        try:
            return SealedBox(self._key).decrypt(base64.b64decode(sealed, validate=True)).decode()
        except (binascii.Error, CryptoError, ValueError) as error:
            raise BadValueError("encrypted_value is not sealed for the key of this repository.") from error


_Stores: TypeAlias = dict[int, Entries]
