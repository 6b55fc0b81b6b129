"""What a shard has done and still owes, as the text that is committed with the rows it covers; no I/O."""

import msgspec

from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.scope import Scope


class Walk(msgspec.Struct, kw_only=True):
    """How far the list of pull requests was walked."""

    started_at: str
    """The server's time when the walk's first request began."""
    source: Source
    updated_order: bool
    """Newest update first; else oldest creation first."""
    cursor: str | None = None
    listed: int = 0
    total: int | None = None
    """GitHub's own count of pull requests when the walk began."""
    floor: str | None = None
    """The walk ends at pull requests updated before this."""
    passed: bool = False
    second: bool = False
    """It is the second walk over everything, since the first listed less than GitHub counts."""
    unlisted: int = 0
    """Pull requests that GitHub counted and did not list."""
    missing: list[int] = []
    """Numbers asked for that are no pull requests."""
    read_again_to: int | None = None
    """Up to this number, pull requests with gaps in what the list carries were looked up again; None before that."""


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A look-up still owed to a hydrated pull request."""

    pull_request_id: int
    number: int
    node_id: str
    """The pull request's node, or the thread's for its comments."""
    kind: Kind
    cursor: str | None
    generation: str
    expected: int | None = None
    """GitHub's own count of the whole kind, where the first page told it."""
    tries: int = 0
    """Readings of this pull request before this one."""
    reads: dict[Kind, int] = {}
    """In how many of them each kind's list ended short."""
    failures: int = 0
    owner_node_id: str | None = None
    """The pull request's node, where `node_id` is a thread's."""

    @property
    def pull_request_node(self) -> str:
        """The node of the pull request."""
        return self.owner_node_id or self.node_id


class Detail(msgspec.Struct, frozen=True, array_like=True):
    """A pull request whose files REST must complete: previous paths, or patches."""

    pull_request_id: int
    number: int
    node_id: str
    generation: str
    expected: int | None
    truncated: bool = False
    tries: int = 0
    reads: dict[Kind, int] = {}
    failures: int = 0


class Again(msgspec.Struct, frozen=True, array_like=True):
    """A pull request to read once more, since its counts differed or its answer was broken."""

    number: int
    tries: int
    reads: dict[Kind, int] = {}
    """How often each kind's list ended short."""
    by_rest: bool = False


class Checkpoint(msgspec.Struct, kw_only=True):
    """Everything a shard needs to go on after any interruption."""

    walk: Walk | None = None
    done: int = 0
    """How many pull requests of the shard's list are hydrated and stored, from its beginning."""
    pending: list[Pending] = []
    details: list[Detail] = []
    again: list[Again] = []
    broken: list[tuple[int, Kind]] = []
    """Kinds of pull requests of which an earlier page was broken: their count will not be believed."""
    renaming: list[int] = []
    """Ids of pull requests with a renamed file, whose list of files is not read to its end yet."""


class Spec(msgspec.Struct, kw_only=True):
    """What a shard was given: its job's scope, and (but for shard 0) its pull requests in the order of work."""

    scope: Scope
    numbers: list[int] = []


def encode(value: Checkpoint | Spec) -> str:
    """The text that is stored."""
    return msgspec.json.encode(value).decode()


def decode_checkpoint(text: str | None) -> Checkpoint:
    """Read a stored checkpoint; none is a fresh one.

    Raises:
        msgspec.DecodeError: the text is not ours.
    """
    return msgspec.json.decode(text, type=Checkpoint) if text else Checkpoint()


def decode_spec(text: str) -> Spec:
    """Read a stored shard specification.

    Raises:
        msgspec.DecodeError: the text is not ours.
    """
    return msgspec.json.decode(text, type=Spec)
