"""What a shard has done and still owes, as the text that is committed with the rows it covers; no I/O."""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from progressive_capture.domain.kinds import Kind, Source
from progressive_capture.domain.planning import Operation
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
    """GitHub's own count of pull requests before the walk, or before the second one, began."""
    counted_at: str = ""
    """The server's time when `total` was asked for; empty where that is not kept, and until a second walk counts."""
    newest: int | None = None
    """The number of the pull request opened last that `total` holds; None where only its time is known."""
    floor: str | None = None
    """The walk ends at pull requests updated before this."""
    passed: bool = False
    second: bool = False
    """It is the second walk over everything, since the first listed less than GitHub counts."""
    unlisted: int = 0
    """Pull requests that GitHub counted and did not list; of a walk by updates: now or ever before."""
    missing: list[int] = []
    """Numbers asked for that are no pull requests."""
    read_again_to: int | None = None
    """Up to this number, pull requests with gaps in what the list carries were looked up again; None before that."""

    @property
    def since(self) -> str:
        """When this walk, the second where it is that, began: what is seen from then on was there after the count."""
        return max(self.started_at, self.counted_at) if self.second else self.started_at


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
    stood_in: bool = False
    """Whether REST gave the review comments of the pull request, though more of its threads are owed."""

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


class Trouble(msgspec.Struct, kw_only=True):
    """What was in the way: whoever goes on need not find it out again, at the cost of all the time there is."""

    broken_until: dict[Operation, datetime] = {}
    """Until when operations are left to REST."""
    rest_list_broke: bool = False
    graphql_list_broke: bool = False
    cursor_was_lost: bool = False
    """The walk over the list began once more for it."""
    passed_over: int = 0
    """Single pull requests that failed one after the other."""


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
    trouble: Trouble = msgspec.field(default_factory=Trouble)


class Spec(msgspec.Struct, kw_only=True):
    """What a shard was given: its job's scope, and (but for shard 0) its pull requests in the order of work."""

    scope: Scope
    numbers: list[int] = []


def encode(value: Checkpoint | Spec) -> str:
    """The text that is stored."""
    return msgspec.json.encode(value).decode()


def copied(trouble: Trouble) -> Trouble:
    """Return it as it is now; the original goes on changing."""
    return replace(trouble, broken_until=dict(trouble.broken_until))


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
