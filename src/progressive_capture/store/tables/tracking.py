"""The tables of the repositories that we promised to keep, and of how large each one is."""

from typing import Final

from sqlalchemy import CheckConstraint, Column, Float, Index, Table

from progressive_capture.domain.categories import Category
from progressive_capture.store.tables.base import METADATA, big, flag, host_key, integer, key, one_of, own_time, text
from progressive_capture.store.types import is_one_of

TRACKED_REPOSITORIES: Final = Table(
    "tracked_repositories",
    METADATA,
    host_key(),
    big("repository_id"),
    text("repository_name", info={"doc": "owner/name as it was when last tracked."}),
    text("state"),
    own_time("first_tracked_at", info={"doc": "Kept when tracking ends and begins anew."}),
    own_time("changed_at"),
    text("tracked_by", null=True),
    key("repository_id"),
    CheckConstraint(is_one_of("state", "active", "paused", "untracked"), name="state"),
    Index("ix_tracked_repositories_name", "repository_name", "repository_id"),
    info={"doc": "Repositories that we promised to keep."},
)

REPOSITORY_CATEGORIES: Final = Table(
    "repository_categories",
    METADATA,
    host_key(),
    big("repository_id"),
    text("category", null=True, info={"doc": "NULL while stars or pull requests are not known."}),
    integer("priority_level", null=True),
    flag("is_test_repository"),
    integer("star_count", null=True),
    integer("contributor_count", null=True),
    integer("pr_count", null=True),
    Column("monthly_activity_score", Float, nullable=True),
    own_time("categorized_at"),
    key("repository_id"),
    one_of("category", Category),
    Index("ix_repository_categories_category", "category"),
    info={"doc": "How large repositories are; is_test_repository is set by hand, and NULL counts are not known."},
)
