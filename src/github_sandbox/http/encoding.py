"""JSON and gzip as bytes; never decides what to say."""

from __future__ import annotations

import json
import zlib
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = Any  # a document from the wire has no narrower type
JSON_TYPE = "application/json; charset=utf-8"
GZIP_LEVEL = 1
GZIP_FROM_BYTES = 1_400


class Raw:
    """A part of a JSON document that is already written, so that it is written once and used often."""

    __slots__ = ("text",)

    def __init__(self, text: bytes) -> None:
        """Hold `text`, which must be one JSON value in UTF-8."""
        self.text = text


def dumps(value: object) -> bytes:
    """Write `value` as JSON; text that UTF-8 cannot carry (a lone surrogate) goes out as an escape."""
    try:
        return orjson.dumps(value, default=_fragment)
    except TypeError:
        return json.dumps(value, default=_plain, separators=(",", ":")).encode("ascii")


def loads(body: bytes) -> Json:
    """Read JSON, also with escaped lone surrogates; raise ValueError for anything else."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _slowly(body)


def _slowly(body: bytes) -> Json:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def gzip(body: bytes) -> bytes:
    """Compress quickly (level 1), in the gzip frame and with no time stamp, so that equal bodies stay equal."""
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def accepts_gzip(header: str) -> bool:
    """Tell whether an Accept-Encoding header allows gzip (RFC 9110, section 12.5.3)."""
    for part in header.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        if coding.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _fragment(value: object) -> object:
    if isinstance(value, Raw):
        return orjson.Fragment(value.text)
    raise TypeError(_refusal(value))


def _plain(value: object) -> object:
    if isinstance(value, Raw):
        return json.loads(value.text)
    raise TypeError(_refusal(value))


def _refusal(value: object) -> str:
    return f"{type(value).__name__} is not JSON"
