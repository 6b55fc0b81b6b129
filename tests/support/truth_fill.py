"""A database filled from the truth through the store, as by a perfect capture: what the comparator is tried on."""

import json
from collections.abc import Iterable
from typing import Any, Final

from progressive_capture.domain import records
from progressive_capture.domain.kinds import INDEX_KINDS, Kind, Proof, Source, State
from progressive_capture.domain.records import UNAVAILABLE, CompletenessRow, Records
from progressive_capture.store import index, repositories, rows
from progressive_capture.store.completeness import save_completeness
from progressive_capture.store.database import Connection, Database
from tests.support.truth_columns import COMPARED
from tests.support.truth_people import demanded
from tests.support.truth_proof import LINES
from tests.support.truth_world import Line, Truth, numeric_id

AT: Final = "2026-11-22T00:00:00.000000Z"

ROWS: Final[dict[str, Any]] = {
    "repositories": records.RepositoryRow,
    "contributors": records.ContributorRow,
    "milestones": records.MilestoneRow,
    "labels": records.LabelRow,
    "pull_request_index": records.IndexRow,
    "pr_labels": records.PullRequestLabelRow,
    "pr_assignees": records.AssigneeRow,
    "pr_requested_reviewers": records.RequestedReviewerRow,
    "pull_requests": records.PullRequestRow,
    "pr_reviews": records.ReviewRow,
    "pr_review_threads": records.ReviewThreadRow,
    "pr_review_comments": records.ReviewCommentRow,
    "pr_issue_comments": records.IssueCommentRow,
    "pr_commits": records.CommitRow,
    "pr_files": records.FileRow,
}
"""The row of `domain.records` that each table holds."""


def fill(database_url: str, api_url: str, lines: Iterable[bytes]) -> None:
    """Store all that the truth tells and GraphQL can give."""
    truth = Truth(lines)
    database = Database.open(database_url)
    try:
        database.migrate()
        with database.transaction() as connection:
            host = repositories.host_id(connection, api_url)
            _store(connection, host, truth)
    finally:
        database.close()


def _store(connection: Connection, host: int, truth: Truth) -> None:
    made = {table: _rows(truth, table) for table in ROWS}
    repository = made.pop("repositories")[0]
    listed = {"index": made.pop("pull_request_index")} | {
        table: made.pop(table) for table in ("labels", "pr_labels", "pr_assignees", "pr_requested_reviewers")
    }
    proofs = [_proof(truth, line, kind) for line in truth.by_number.values() for kind in Kind]
    of_list = [row for row in proofs if row.kind in INDEX_KINDS]
    repositories.save_repository(connection, host, repository, AT, Source.GRAPHQL)
    page: dict[str, Any] = {"listed_at": AT, "source": Source.GRAPHQL, "records": Records(**listed)}
    index.save_index(connection, host, repository.id, **page, completeness=of_list)
    hydrated = Records(**made)
    rows.save_hydrated(connection, host, repository.id, source=Source.GRAPHQL, captured_at=AT, records=hydrated)
    generations = {row.id: AT for row in hydrated.pull_requests}
    save_completeness(connection, host, repository.id, generations, [row for row in proofs if row not in of_list])


def _rows(truth: Truth, table: str) -> list[Any]:
    spec = COMPARED[table]
    lines = truth.by_kind[spec.kind] if spec.lines is None else spec.lines(truth)
    wanted = demanded(table, truth, lambda _: Source.GRAPHQL)
    return [_stored(truth, table, line) for line in lines if wanted is None or line["id"] in wanted]


def _stored(truth: Truth, table: str, line: Line) -> Any:
    columns, row = COMPARED[table].columns, ROWS[table]
    held = {name: columns[name].value(line, truth) for name in row._fields}
    if "co_authors" in held:
        held["co_authors"] = json.dumps(held["co_authors"])
    return row(**held | dict.fromkeys(UNAVAILABLE[Source.GRAPHQL].get(table, ())))


def _proof(truth: Truth, line: Line, kind: Kind) -> CompletenessRow:
    count = len(truth.children[LINES[kind], line["number"]])
    return CompletenessRow(numeric_id(line["id"]), kind, count, count, Proof.TOTAL, State.COMPLETE, 0)
