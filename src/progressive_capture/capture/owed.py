"""What is owed once an answer came or failed, made from what was owed before; nothing is kept here."""

from msgspec.structs import replace

from progressive_capture.capture.checkpoint import Detail, Pending
from progressive_capture.domain.kinds import Kind, Proof, State
from progressive_capture.domain.records import CompletenessRow


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
