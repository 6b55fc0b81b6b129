"""JSON bodies into typed values: fast where the text is clean, by a detour where it holds what no database takes."""

import json
import re
from typing import Any, Final, Generic, TypeVar

import msgspec

T = TypeVar("T")

REPLACEMENT: Final = "\ufffd"

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL refuses, and halves of surrogate pairs, which no encoding holds."""


class UnreadableError(Exception):
    """The body is not the JSON that was expected."""


class Shape(Generic[T]):
    """The type that a body is to be read into; made once for each."""

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - a type expression, which no type describes
        """Prepare the decoder of a type."""
        self._kind = kind
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)

    def read(self, body: bytes) -> T:
        """Decode a body; NUL and lone surrogates become U+FFFD.

        Raises:
            UnreadableError: truncated, not JSON, or of another form.
        """
        if b"\\u0000" not in body:
            try:
                return self._decoder.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass
        return self._read_by_detour(body)

    def _read_by_detour(self, body: bytes) -> T:
        try:
            converted: T = msgspec.convert(read_loosely(body), self._kind)
        except msgspec.ValidationError as problem:
            raise UnreadableError(str(problem)) from problem
        return converted


def read_loosely(body: bytes) -> Any:  # noqa: ANN401 - JSON is any value until it is converted
    """Any JSON value, cleaned.

    Raises:
        UnreadableError: truncated, or not JSON.
    """
    try:
        return clean(json.loads(body.decode("utf-8", "replace"), strict=False))
    except (ValueError, RecursionError) as problem:
        raise UnreadableError(f"it is not JSON ({problem})") from problem


def clean(value: Any) -> Any:  # noqa: ANN401 - JSON is any value until it is converted
    """The JSON value with NUL and lone surrogates replaced in every text and key."""
    if isinstance(value, str):
        return _UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in value.items()}
    return value
