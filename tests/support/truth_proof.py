"""The stored completeness beside the truth: every count again, every state one that the truth allows."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from progressive_capture.domain.completeness import READS_BEFORE_SHORT
from progressive_capture.domain.kinds import FILES_CAP, REST_COMMITS_CAP, Kind, Proof, Source, State
from progressive_capture.store.tables import COMPLETENESS, PULL_REQUESTS
from tests.support.truth_people import Api
from tests.support.truth_world import Line, Truth

LINES: Final = {
    Kind.LABELS: "label",
    Kind.ASSIGNEES: "assignee",
    Kind.REQUESTED_REVIEWERS: "requestedReviewer",
    Kind.REVIEWS: "review",
    Kind.REVIEW_THREADS: "reviewThread",
    Kind.REVIEW_COMMENTS: "reviewComment",
    Kind.ISSUE_COMMENTS: "issueComment",
    Kind.COMMITS: "commit",
    Kind.FILES: "file",
}


LACKING: Final = {
    "pr_reviews": Kind.REVIEWS,
    "pr_review_comments": Kind.REVIEW_COMMENTS,
    "pr_issue_comments": Kind.ISSUE_COMMENTS,
}
"""Tables of which REST does not give every column, each with its kind."""


def substituted(connection: Connection, host_id: int) -> set[tuple[int, str]]:
    """Return the pull requests, by id, and kinds whose rows are said to have come by an API that lacks columns."""
    columns = COMPLETENESS.c
    query = select(columns.pull_request_id, columns.kind).where(
        columns.host_id == host_id, columns.state == State.UNAVAILABLE.value
    )
    return {(row.pull_request_id, row.kind) for row in connection.execute(query)}


def proof_differences(
    connection: Connection, host_id: int, repository_id: int, truth: Truth, api: Api
) -> Iterator[str]:
    """Say which kinds of which pull requests have no proof, or one that the truth contradicts."""
    columns = COMPLETENESS.c
    judged = (columns.kind, columns.state, columns.proof, columns.stored, columns.expected, columns.reads)
    query = (
        select(PULL_REQUESTS.c.number, *judged)
        .join(PULL_REQUESTS, (PULL_REQUESTS.c.id == columns.pull_request_id) & (PULL_REQUESTS.c.host_id == host_id))
        .where(columns.host_id == host_id, columns.repository_id == repository_id)
    )
    stored: dict[int, dict[Kind, Any]] = defaultdict(dict)
    for row in connection.execute(query).all():
        stored[row.number][Kind(row.kind)] = row
    for number, line in truth.by_number.items():
        for kind in Kind:
            if kind in stored[number]:
                yield from _judge(truth, line, kind, stored[number][kind], api(line))
            else:
                yield f"completeness #{number} {kind}: missing"


def _judge(truth: Truth, line: Line, kind: Kind, row: Row[Any], api: Source) -> Iterator[str]:
    shown = len(truth.children[LINES[kind], line["number"]])
    if kind is Kind.REVIEW_THREADS and api is Source.REST:
        if (row.state, row.proof, row.stored) != (State.UNAVAILABLE, Proof.UNAVAILABLE, None):
            yield f"{_where(line, kind)}: {row.state}, where REST knows no threads"
        return
    capped = kind is Kind.COMMITS and api is Source.REST and shown > REST_COMMITS_CAP
    held = REST_COMMITS_CAP if capped else shown
    if row.stored != held:
        yield f"{_where(line, kind)}: {row.stored} counted as stored, GitHub shows {held}"
    if not _is_sound(row, shown, held, line["changedFiles"] if kind is Kind.FILES else shown):
        short = f"{row.state} with {row.stored} of {row.expected} after {row.reads} short readings"
        yield f"{_where(line, kind)}: {short}"


def _where(line: Line, kind: Kind) -> str:
    return f"completeness #{line['number']} {kind}"


def _is_sound(row: Row[Any], shown: int, held: int, total: int) -> bool:
    if held < shown or total > FILES_CAP:
        return (row.state, row.expected) == (State.TRUNCATED, total)
    if row.state == State.SHORT:
        # GitHub may count what it shows nobody: then, and only then, a list read twice is short.
        return bool(row.expected > row.stored and row.reads == READS_BEFORE_SHORT)
    if row.state == State.UNAVAILABLE:
        return row.kind in LACKING.values() and (row.proof, row.expected) == (Proof.END_OF_LIST, held)
    return (row.state, row.expected) == (State.COMPLETE, held)
