"""Pages of the list as values: cut to a limit, joined with what was cut off, and judged; nothing is asked or stored."""

from collections.abc import Sequence
from dataclasses import replace

from progressive_capture.domain.completeness import judge
from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.records import CompletenessRow, Reading, Records
from progressive_capture.github.results import FollowUpPage, IndexPage, LookUp


def first_of(page: IndexPage, wanted: int) -> IndexPage:
    """The first pull requests of a page, with what belongs to them."""
    records = page.records
    kept = {row.pull_request_id for row in records.index[:wanted]}
    first = Records(
        contributors=records.contributors,
        labels=records.labels,
        index=records.index[:wanted],
        pr_labels=[row for row in records.pr_labels if row.pull_request_id in kept],
        pr_assignees=[row for row in records.pr_assignees if row.pull_request_id in kept],
        pr_requested_reviewers=[row for row in records.pr_requested_reviewers if row.pull_request_id in kept],
    )
    return replace(page, records=first, readings=[each for each in page.readings if each.pull_request_id in kept])


def joined(page: IndexPage, further: FollowUpPage, asked: Sequence[LookUp]) -> IndexPage:
    """A page of the list with what was fetched for its cut-off readings; a look-up without answer breaks its kind."""
    records = page.records
    for name in ("contributors", "labels", "pr_labels", "pr_assignees", "pr_requested_reviewers"):
        getattr(records, name).extend(getattr(further.records, name))
    answers = {(each.node_id, each.kind): each for each in further.readings}
    keys = {(each.node_id, each.kind) for each in asked}
    readings = []
    for reading in page.readings:
        key = (reading.node_id, reading.kind)
        if reading.cursor is None or key not in keys:
            readings.append(reading)
        elif (answer := answers.get(key)) is None:
            readings.append(reading._replace(cursor=None, broken=True))
        else:
            seen = _different_rows(records, reading.kind, reading.pull_request_id)
            readings.append(answer._replace(seen=seen, broken=reading.broken or answer.broken))
    return replace(page, readings=readings)


def judged_rows(readings: list[Reading]) -> list[CompletenessRow]:
    """The completeness of what the list itself carries: labels, assignees, requested reviewers."""
    rows = []
    for reading in readings:
        verdict = judge(
            expected=reading.total,
            stored=reading.seen,
            proof=reading.proof,
            broken=reading.broken or reading.cursor is not None,
            truncated=reading.truncated,
            reads=0,
        )
        expected = reading.seen if reading.total is None else reading.total
        identity = (reading.pull_request_id, reading.kind, expected, reading.seen, reading.proof)
        rows.append(CompletenessRow(*identity, verdict.state, verdict.reads))
    return rows


def _different_rows(records: Records, kind: Kind, pull_request_id: int) -> int:
    """How many rows of a kind were brought, those that two pages have in common counted once."""
    rows: dict[Kind, Sequence[tuple[int | str, ...]]] = {
        Kind.LABELS: records.pr_labels,
        Kind.ASSIGNEES: records.pr_assignees,
        Kind.REQUESTED_REVIEWERS: records.pr_requested_reviewers,
    }
    return len({row for row in rows[kind] if row[0] == pull_request_id})
