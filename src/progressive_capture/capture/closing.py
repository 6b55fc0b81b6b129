"""Inside a page's transaction: count what closed kinds hold, judge them, and mark what GitHub no longer has."""

from collections.abc import Mapping, Sequence
from typing import Final

from progressive_capture.capture.checkpoint import Again
from progressive_capture.capture.ledger import Absorbed, Closing
from progressive_capture.domain.completeness import Judged, judge
from progressive_capture.domain.kinds import Kind, Proof, State
from progressive_capture.domain.records import CompletenessRow
from progressive_capture.store import closing as counting
from progressive_capture.store.completeness import save_completeness
from progressive_capture.store.database import Connection

TRIES: Final = 2
"""Readings of one pull request by the same API before its gap is left to be shown."""


def close(
    connection: Connection,
    host_id: int,
    repository_id: int,
    absorbed: Absorbed,
    accepted: Mapping[int, bool],
    *,
    by_rest_last: bool,
) -> list[Again]:
    """Settle the kinds that an answer closed, for the pull requests whose rows were accepted.

    `accepted` tells of each whether it had been stored before: only then can rows have to be counted anew or marked
    deleted. Returns the pull requests to read again; `by_rest_last` lets REST try when GraphQL stays broken.
    """
    closings = [closing for closing in absorbed.closings if closing.pull_request_id in accepted]
    counts = _counts(connection, host_id, closings, accepted)
    threads = [c.pull_request_id for c in closings if c.kind is Kind.REVIEW_COMMENTS and c.expected is None]
    totals = counting.thread_totals(connection, host_id, threads) if threads else {}
    rows = [row for row in absorbed.pending if row.pull_request_id in accepted]
    again: dict[int, Again] = {}
    for closing in closings:
        expected = closing.expected
        if closing.kind is Kind.REVIEW_COMMENTS and expected is None and closing.proof is Proof.TOTAL:
            expected = totals.get(closing.pull_request_id)
        stored = counts.get((closing.pull_request_id, closing.kind), closing.seen or 0)
        verdict = judge(
            expected=expected,
            stored=stored,
            proof=closing.proof,
            broken=closing.broken,
            truncated=closing.truncated,
            reads=closing.reads,
        )
        rows.append(_row(closing, expected, stored, verdict))
        if (more := _again(closing, verdict, by_rest_last=by_rest_last)) is not None:
            again[closing.number] = more
    save_completeness(connection, host_id, repository_id, absorbed.generations, rows)
    return list(again.values())


def _counts(
    connection: Connection,
    host_id: int,
    closings: Sequence[Closing],
    accepted: Mapping[int, bool],
) -> Mapping[tuple[int, Kind], int]:
    """Count the rows of kinds that came in several answers, or of pull requests that had rows before."""
    wanted = [
        (closing.pull_request_id, closing.kind, closing.generation)
        for closing in closings
        if closing.proof is not Proof.UNAVAILABLE and (closing.seen is None or accepted[closing.pull_request_id])
    ]
    if not wanted:
        return {}
    return counting.close_kinds(connection, host_id, wanted)


def _row(closing: Closing, expected: int | None, stored: int, verdict: Judged) -> CompletenessRow:
    unavailable = closing.proof is Proof.UNAVAILABLE
    if expected is None and verdict.state is State.COMPLETE:
        expected = stored
    return CompletenessRow(
        closing.pull_request_id,
        closing.kind,
        expected,
        None if unavailable else stored,
        closing.proof,
        verdict.state,
        verdict.reads,
    )


def _again(closing: Closing, verdict: Judged, *, by_rest_last: bool) -> Again | None:
    if verdict.state is not State.GAP:
        return None
    if closing.tries + 1 < TRIES:
        return Again(closing.number, closing.tries + 1, verdict.reads)
    if closing.broken and by_rest_last and closing.tries + 1 == TRIES:
        return Again(closing.number, closing.tries + 1, verdict.reads, by_rest=True)
    return None
