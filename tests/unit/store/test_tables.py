"""The tables, the rows of the domain and the documentation say the same."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from progressive_capture.domain import records
from progressive_capture.domain.kinds import Source
from progressive_capture.store.reference import as_markdown
from progressive_capture.store.tables import METADATA

SHARED = {"host_id", "repository_id", "captured_at", "source", "deleted_at"}
OWN = {
    "repositories": {"contributors_total", "contributors_counted_at", "watermark"},
    "pull_request_index": {"first_listed_at", "listed_at"},
    "pull_requests": {"first_captured_at"},
    "pr_review_threads": {"comments_total"},
}
ROWS: dict[str, Any] = {
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
    "completeness": records.CompletenessRow,
}


def may_be_null(hint: Any) -> bool:
    return type(None) in getattr(hint, "__args__", ())


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_has_its_tables_columns_in_order(name: str) -> None:
    table: Table = METADATA.tables[name]
    own = [column for column in table.c if column.name not in SHARED | OWN.get(name, set())]
    assert tuple(column.name for column in own) == ROWS[name]._fields
    hints = ROWS[name].__annotations__
    assert {column.name: bool(column.nullable) for column in own} == {
        field: may_be_null(hints[field]) for field in ROWS[name]._fields
    }


@pytest.mark.parametrize("source", Source)
def test_what_a_source_cannot_give_may_be_null(source: Source) -> None:
    for name, columns in records.UNAVAILABLE[source].items():
        assert all(METADATA.tables[name].c[column].nullable for column in columns)


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: table.name)
def test_every_captured_row_says_whence_it_came(table: Table) -> None:
    assert table.info["doc"].endswith(".")
    if table.name in ROWS and table.name not in {"pull_request_index", "completeness"}:
        assert {"host_id", "captured_at", "source"} <= set(table.c.keys())


def test_the_documentation_is_made_from_the_tables() -> None:
    """To mend it: `python -m progressive_capture.store.reference > docs/reference/tables.md`."""
    page = Path(__file__).parents[3] / "docs" / "reference" / "tables.md"
    assert page.read_text(encoding="utf-8") == as_markdown()
