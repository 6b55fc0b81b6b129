"""Opaque global node ids, written as GitHub writes them: a prefix for the kind, then numbers in MessagePack, base64url.

The layout was read off GitHub's own ids (``PR_kwDO…`` = an array of 0, the repository's id, the pull request's id);
https://docs.github.com/graphql/guides/using-global-node-ids says only that they are opaque.
"""

import base64
import binascii
import struct
from typing import Final, NamedTuple

PREFIXES: Final = {
    "User": "U",
    "Bot": "BOT",
    "Mannequin": "M",
    "Organization": "O",
    "Team": "T",
    "Repository": "R",
    "Ref": "REF",
    "Language": "LANG",
    "Label": "LA",
    "Milestone": "MI",
    "Issue": "I",
    "PullRequest": "PR",
    "PullRequestReview": "PRR",
    "PullRequestReviewThread": "PRRT",
    "PullRequestReviewComment": "PRRC",
    "IssueComment": "IC",
    "ReviewRequest": "RR",
    "Commit": "C",
    "PullRequestCommit": "PURC",
}
_KINDS: Final = {prefix: kind for kind, prefix in PREFIXES.items()}
_ARRAY: Final = 0x90
_UINT32, _UINT64, _STR16 = 0xCE, 0xCF, 0xDA
_WIDE: Final = 2**32
_PAIR: Final = struct.Struct(">IBI")
_PAIR_HEAD: Final = "kwDO"  # base64 of an array of three that begins with 0 and a 32-bit number


class NodeId(NamedTuple):
    """A node id taken apart: the kind (a GraphQL type name), its numbers (owner first), and a commit's oid."""

    kind: str
    numbers: tuple[int, ...]
    oid: str | None = None


def _packed(number: int) -> bytes:
    return struct.pack(">BI", _UINT32, number) if number < _WIDE else struct.pack(">BQ", _UINT64, number)


def node_id(kind: str, *numbers: int, oid: str | None = None) -> str:
    """The node id of `kind` with these numbers (repository id first, then its own) and, for commits, the oid."""
    if len(numbers) == 2 and oid is None and numbers[0] < _WIDE and numbers[1] < _WIDE:  # noqa: PLR2004 - owner and own
        tail = binascii.b2a_base64(_PAIR.pack(numbers[0], _UINT32, numbers[1]), newline=False).decode()
        return f"{PREFIXES[kind]}_{_PAIR_HEAD}{tail.replace('+', '-').replace('/', '_')}"
    body = bytes((_ARRAY | (len(numbers) + 1 + (oid is not None)), 0)) + b"".join(map(_packed, numbers))
    if oid is not None:
        body += struct.pack(">BH", _STR16, len(oid)) + oid.encode()
    return f"{PREFIXES[kind]}_{base64.urlsafe_b64encode(body).decode().rstrip('=')}"


def parse(text: str) -> NodeId | None:
    """Take a node id apart; None when it is not one of ours."""
    prefix, _, encoded = text.partition("_")
    kind = _KINDS.get(prefix)
    if kind is None or not encoded.isascii():
        return None
    try:
        body = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        numbers, oid = _unpacked(body)
    except (binascii.Error, struct.error, IndexError, ValueError):
        return None
    return NodeId(kind, numbers, oid)


def _unpacked(body: bytes) -> tuple[tuple[int, ...], str | None]:
    numbers: list[int] = []
    oid = None
    at = 2
    for _ in range((body[0] & 0x0F) - 1):
        tag = body[at]
        if tag == _STR16:
            (size,) = struct.unpack_from(">H", body, at + 1)
            oid = body[at + 3 : at + 3 + size].decode()
            at += 3 + size
        else:
            numbers.append(struct.unpack_from(">Q" if tag == _UINT64 else ">I", body, at + 1)[0])
            at += 9 if tag == _UINT64 else 5
    if at != len(body):
        raise ValueError("bytes are left over")
    return tuple(numbers), oid
