"""Inside a page's transaction: count what closed kinds hold, judge them, and mark what GitHub no longer has."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from progressive_capture.capture.checkpoint import Again
from progressive_capture.capture.ledger import Absorbed, Closing
from progressive_capture.domain.completeness import Judged, judge
from progressive_capture.domain.kinds import SETTLED, Kind, Proof, State
from progressive_capture.domain.records import CompletenessRow
from progressive_capture.store import closing as counting
from progressive_capture.store.completeness import save_completeness
from progressive_capture.store.database import Connection
from progressive_capture.store.staleness import times_stood_in

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
    judged = [_judged(closing, counts, totals) for closing in closings]
    whole = [each.closing for each in judged if each.verdict.state is State.COMPLETE]
    known = [closing for closing in whole if accepted[closing.pull_request_id]]
    counting.mark_absent(connection, host_id, map(_reading, known))
    pending = [row for row in absorbed.pending if row.pull_request_id in accepted]
    before = _stood_in_before(connection, host_id, pending, judged, accepted)
    rows = [row._replace(reads=before.get((row.pull_request_id, row.kind), 0)) for row in pending]
    rows += _rows(connection, host_id, judged, accepted, before)
    save_completeness(connection, host_id, repository_id, absorbed.generations, rows)
    again: dict[int, Again] = {}
    for each in judged:
        if (more := _again(each, by_rest_last=by_rest_last)) is not None:
            earlier = again.get(more.number)
            again[more.number] = more if earlier is None else _merged(earlier, more)
    return list(again.values())


class _Judged(NamedTuple):
    closing: Closing
    expected: int | None
    read: int
    verdict: Judged


def _judged(closing: Closing, counts: Mapping[tuple[int, Kind], int], totals: Mapping[int, int | None]) -> _Judged:
    expected, broken = closing.expected, closing.broken
    if closing.kind is Kind.REVIEW_COMMENTS and expected is None and closing.proof is Proof.TOTAL:
        expected = totals.get(closing.pull_request_id)
        broken = broken or expected is None
    read = counts.get((closing.pull_request_id, closing.kind), closing.seen or 0)
    verdict = judge(
        expected=expected,
        stored=read,
        proof=closing.proof,
        broken=broken,
        truncated=closing.truncated,
        reads=closing.reads,
    )
    return _Judged(closing, expected, read, verdict)


def _reading(closing: Closing) -> tuple[int, Kind, str]:
    return closing.pull_request_id, closing.kind, closing.generation


def _stood_in_before(
    connection: Connection,
    host_id: int,
    pending: Sequence[CompletenessRow],
    judged: Sequence[_Judged],
    accepted: Mapping[int, bool],
) -> Mapping[tuple[int, Kind], int]:
    """How often REST stood in for kinds that begin, or for which it stands in now, of pull requests known before."""
    begun = {row.pull_request_id for row in pending}
    now = {each.closing.pull_request_id for each in judged if each.closing.lacks_columns}
    return times_stood_in(connection, host_id, [each for each in begun | now if accepted[each]])


def _rows(
    connection: Connection,
    host_id: int,
    judged: Sequence[_Judged],
    accepted: Mapping[int, bool],
    stood_in: Mapping[tuple[int, Kind], int],
) -> list[CompletenessRow]:
    """The completeness of each kind: where a reading was not whole, rows of earlier ones stay and are counted too."""
    held: dict[tuple[int, Kind], int] = {}
    partly = [
        each.closing
        for each in judged
        if each.verdict.state is not State.COMPLETE and accepted[each.closing.pull_request_id]
    ]
    for kind in {closing.kind for closing in partly}:
        ids = [closing.pull_request_id for closing in partly if closing.kind is kind]
        counted = counting.count_rows(connection, host_id, kind, ids)
        held |= {(identifier, kind): counted.get(identifier, 0) for identifier in ids}
    keys = [(each.closing.pull_request_id, each.closing.kind) for each in judged]
    return [_row(each, held.get(key, each.read), stood_in.get(key, 0)) for key, each in zip(keys, judged, strict=True)]


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
    return counting.count_read(connection, host_id, wanted)


def _row(judged: _Judged, held: int, stood_in: int) -> CompletenessRow:
    closing, expected, _, verdict = judged
    unavailable, (state, reads) = closing.proof is Proof.UNAVAILABLE, verdict
    if expected is None and state is State.COMPLETE:
        expected = held
    if closing.lacks_columns and state in SETTLED:
        # Whoever may ask the other API reads it anew: it gives the columns that are left. Each capture counts once.
        state, reads = State.UNAVAILABLE, max(1, stood_in + (closing.tries == 0))
    return CompletenessRow(
        closing.pull_request_id,
        closing.kind,
        expected,
        None if unavailable else held,
        closing.proof,
        state,
        reads,
    )


def _again(judged: _Judged, *, by_rest_last: bool) -> Again | None:
    closing, verdict = judged.closing, judged.verdict
    if verdict.state is not State.GAP:
        return None
    reads = {closing.kind: verdict.reads}
    if closing.tries + 1 < TRIES:
        return Again(closing.number, closing.tries + 1, reads)
    if closing.broken and by_rest_last and closing.tries + 1 == TRIES:
        return Again(closing.number, closing.tries + 1, reads, by_rest=True)
    return None


def _merged(one: Again, other: Again) -> Again:
    return Again(one.number, one.tries, {**one.reads, **other.reads}, one.by_rest or other.by_rest)
