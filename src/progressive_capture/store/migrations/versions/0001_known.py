"""Hosts, repositories, people and completeness."""

import sqlalchemy as sa
from alembic import op

from progressive_capture.store.types import SERIAL_SMALL, GitHubTime, OwnTime, is_one_of

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "completeness",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("pull_request_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=True),
        sa.Column("stored", sa.Integer(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reads", sa.SmallInteger(), nullable=False),
        sa.Column("captured_at", OwnTime(), nullable=False),
        sa.CheckConstraint(
            is_one_of(
                "kind",
                "labels",
                "assignees",
                "requested_reviewers",
                "reviews",
                "review_threads",
                "review_comments",
                "issue_comments",
                "commits",
                "files",
            ),
            name=op.f("ck_completeness_kind"),
        ),
        sa.CheckConstraint(
            is_one_of("proof", "total", "end-of-list", "embedded", "unavailable"), name=op.f("ck_completeness_proof")
        ),
        sa.CheckConstraint(
            is_one_of("state", "pending", "complete", "gap", "short", "truncated", "unavailable"),
            name=op.f("ck_completeness_state"),
        ),
        sa.PrimaryKeyConstraint("pull_request_id", "kind", "host_id", name="pk_completeness"),
    )
    op.create_table(
        "contributor_logins",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("contributor_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("first_seen_at", OwnTime(), nullable=False),
        sa.Column("last_seen_at", OwnTime(), nullable=False),
        sa.PrimaryKeyConstraint("contributor_id", "login", "host_id", name="pk_contributor_logins"),
    )
    op.create_table(
        "contributors",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("captured_at", OwnTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "host_id", name="pk_contributors"),
    )
    op.create_index("ix_contributors_login", "contributors", ["login", "host_id"], unique=False)
    op.create_table(
        "hosts",
        sa.Column("id", SERIAL_SMALL, nullable=False),
        sa.Column("api_url", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hosts"),
        sa.UniqueConstraint("api_url", name="uq_hosts_api_url"),
    )
    op.create_table(
        "page_sizes",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("size", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("repository_id", "operation", "host_id", name="pk_page_sizes"),
    )
    op.create_table(
        "pull_request_index",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pull_request_id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", GitHubTime(), nullable=False),
        sa.Column("updated_at", GitHubTime(), nullable=False),
        sa.Column("first_listed_at", OwnTime(), nullable=False),
        sa.Column("listed_at", OwnTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("deleted_at", OwnTime(), nullable=True),
        sa.PrimaryKeyConstraint("repository_id", "number", "host_id", name="pk_pull_request_index"),
    )
    op.create_index(
        "uq_pull_request_index_pull_request_id", "pull_request_index", ["pull_request_id", "host_id"], unique=True
    )
    op.create_table(
        "repositories",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("owner_login", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_type", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_private", sa.Boolean(), nullable=False),
        sa.Column("is_fork", sa.Boolean(), nullable=False),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("is_empty", sa.Boolean(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=True),
        sa.Column("default_branch", sa.Text(), nullable=True),
        sa.Column("primary_language", sa.Text(), nullable=True),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("forks", sa.Integer(), nullable=False),
        sa.Column("created_at", GitHubTime(), nullable=False),
        sa.Column("pushed_at", GitHubTime(), nullable=True),
        sa.Column("updated_at", GitHubTime(), nullable=False),
        sa.Column("archived_at", GitHubTime(), nullable=True),
        sa.Column("pull_requests_total", sa.Integer(), nullable=True),
        sa.Column("contributors_total", sa.Integer(), nullable=True),
        sa.Column("contributors_counted_at", OwnTime(), nullable=True),
        sa.Column("watermark", OwnTime(), nullable=True),
        sa.Column("captured_at", OwnTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "host_id", name="pk_repositories"),
    )
    op.create_table(
        "repository_names",
        sa.Column("host_id", sa.SmallInteger(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("repository_id", sa.BigInteger(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("first_seen_at", OwnTime(), nullable=False),
        sa.Column("last_seen_at", OwnTime(), nullable=False),
        sa.PrimaryKeyConstraint("name_key", "repository_id", "host_id", name="pk_repository_names"),
    )
