"""Reading a small JSON or TOML file strictly: each complaint is one sentence; never knows what the keys mean."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
LARGEST = 10**12


class ConfigError(Exception):
    """A file, flag or body that was given is not what it must be; the text says where and what to do."""


class Table:
    """One object of a file: every key is taken once with its type, and what is left over is refused."""

    def __init__(self, where: str, value: object) -> None:
        """Hold `value`, found at `where`; raise ConfigError when it is no object."""
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: expected an object of keys and values")
        self.where = where
        self._left: dict[str, Any] = dict(value)
        self._known: list[str] = []

    def take(self, key: str, kind: type[T] | tuple[type[T], ...], default: T | None = None) -> T | None:
        """Take an optional value of `kind`; raise ConfigError when it has another type."""
        self._known.append(key)
        value = self._left.pop(key, None)
        if value is None:
            return default
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kind) or (isinstance(value, bool) and bool not in kinds):
            names = " or ".join(one.__name__ for one in kinds)
            raise ConfigError(f"{self.where}: {key} must be {names}, not {json.dumps(value, default=str)}")
        return value

    def need(self, key: str, kind: type[T]) -> T:
        """Take a value that must be there."""
        return self.present(key, self.take(key, kind))

    def present(self, key: str, value: T | None) -> T:
        """Give a value that was taken; raise ConfigError when it is not there."""
        if value is None:
            raise ConfigError(f"{self.where}: {key} is missing")
        return value

    def finite(self, key: str) -> float | None:
        """Take an optional number that is neither NaN nor infinite, which JSON and TOML files may hold."""
        value = self.take(key, (int, float))
        if value is not None and not abs(value) <= LARGEST:
            raise ConfigError(f"{self.where}: {key} must be a number of at most {LARGEST:,}, not {value}")
        return value

    def number(self, key: str) -> float | None:
        """Take an optional number that is zero or more."""
        value = self.finite(key)
        if value is not None and value < 0:
            raise ConfigError(f"{self.where}: {key} must be zero or more, not {value}")
        return value

    def whole(self, key: str, least: int) -> int | None:
        """Take an optional whole number that is `least` or more."""
        value = self.take(key, int)
        if value is not None and not least <= value <= LARGEST:
            raise ConfigError(f"{self.where}: {key} must be a whole number from {least} to {LARGEST:,}, not {value}")
        return value

    def text(self, key: str) -> str | None:
        """Take an optional string that is not empty."""
        value = self.take(key, str)
        if value is not None and not value.strip():
            raise ConfigError(f"{self.where}: {key} must not be empty")
        return value

    def texts(self, key: str) -> list[str]:
        """Take an optional list of strings that are not empty."""
        values = self.take(key, list) or []
        if not all(isinstance(value, str) and value.strip() for value in values):
            raise ConfigError(f"{self.where}: {key} must be a list of texts that are not empty")
        return values

    def tables(self, key: str) -> list[Table]:
        """Take an optional list of objects."""
        return [Table(f"{self.where}.{key}[{n}]", value) for n, value in enumerate(self.take(key, list) or [])]

    def items(self, key: str) -> list[tuple[str, Table]]:
        """Take an optional object of objects, as pairs."""
        return [
            (name, Table(f"{self.where}.{key}.{name}", value)) for name, value in (self.take(key, dict) or {}).items()
        ]

    def raw(self) -> dict[str, Any]:
        """Give all that was not taken, unchecked."""
        return self._left

    def done(self) -> None:
        """Refuse whatever was not taken."""
        if self._left:
            unknown = ", ".join(sorted(self._left))
            raise ConfigError(f"{self.where}: unknown {unknown}; known are {', '.join(sorted(self._known))}")


def read_table(path: Path) -> Table:
    """Read a JSON file, or a TOML one by its suffix; raise ConfigError when it cannot be read or parsed."""
    try:
        text = path.read_text(encoding="utf-8")
        return Table(str(path), tomllib.loads(text) if path.suffix == ".toml" else json.loads(text))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise ConfigError(f"{path} is nested too deeply to be read") from error
    except (UnicodeDecodeError, json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} is not {'TOML' if path.suffix == '.toml' else 'JSON'}: {error}") from error
