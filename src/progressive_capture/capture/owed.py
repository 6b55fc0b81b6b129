"""What is owed: how it is asked for, and what it becomes once an answer came or failed; nothing is kept here."""

from msgspec.structs import replace

from progressive_capture.capture.checkpoint import Detail, Pending
from progressive_capture.domain.kinds import Kind, Proof, State
from progressive_capture.domain.records import CompletenessRow
from progressive_capture.github.graphql_pages import split_cursor
from progressive_capture.github.results import LookUp


def begun(identifier: int, kind: Kind, expected: int | None, seen: int) -> CompletenessRow:
    """Make the state of a kind whose reading has begun and not ended."""
    return CompletenessRow(identifier, kind, expected, seen, Proof.TOTAL, State.PENDING, 0)


def next_page(owed: Pending, cursor: str) -> Pending:
    """Owe the page after one that came."""
    return replace(owed, cursor=cursor, failures=0)


def comments_of(owed: Pending, thread: str) -> Pending:
    """Owe the comments of a thread that a further page of threads showed."""
    thread_comments = {"node_id": thread, "kind": Kind.REVIEW_COMMENTS, "cursor": None, "expected": None}
    return replace(owed, **thread_comments, failures=0, owner_node_id=owed.pull_request_node)


def failed_pending(owed: Pending) -> Pending:
    """Owe it still, with one failure more."""
    return replace(owed, failures=owed.failures + 1)


def failed_detail(detail: Detail) -> Detail:
    """Owe it still, with one failure more."""
    return replace(detail, failures=detail.failures + 1)


def left_by(replaced: Pending, pending: list[Pending]) -> list[Pending]:
    """What is still owed once REST gave one kind of one pull request whole.

    Of review comments those of further threads are: what leads to them tells for whom REST stood in.
    """
    pull_request, kind = replaced.pull_request_id, replaced.kind
    left = [owed for owed in pending if (owed.pull_request_id, owed.kind) != (pull_request, kind)]
    if kind is not Kind.REVIEW_COMMENTS:
        return left
    return [replace(owed, stood_in=True) if owed.pull_request_id == pull_request else owed for owed in left]


def look_up_of(owed: Pending) -> LookUp:
    """What is asked for to pay what is owed."""
    return LookUp(owed.pull_request_id, owed.number, owed.node_id, owed.kind, owed.cursor)


def with_lost_cursors(batch: list[Pending], why: str) -> list[Pending]:
    """Those of a refused batch whose cursor GitHub does not know any more: the others are asked for again.

    GitHub names the first one; where it names none of ours, all that have a cursor are meant.
    """
    cursors = {id(owed): split_cursor(look_up_of(owed))[1] for owed in batch}
    named = [owed for owed in batch if f"`{cursors[id(owed)]}`" in why]
    return named or [owed for owed in batch if owed.cursor is not None] or batch
