"""The tables of what we know of hosts, repositories, people and of how complete pull requests are."""

from typing import Final

from sqlalchemy import Column, Index, SmallInteger, Table, Text

from progressive_capture.domain.kinds import Kind, Proof, State
from progressive_capture.store.tables.base import (
    METADATA,
    big,
    flag,
    github_time,
    host_key,
    integer,
    key,
    one_of,
    own_time,
    provenance,
    text,
)
from progressive_capture.store.types import SERIAL_SMALL

HOSTS: Final = Table(
    "hosts",
    METADATA,
    Column("id", SERIAL_SMALL, primary_key=True),
    Column("api_url", Text, nullable=False, unique=True),
    text("name", info={"doc": "The host part of the address, for people."}),
    info={"doc": "API hosts; part of every identity."},
)

REPOSITORIES: Final = Table(
    "repositories",
    METADATA,
    host_key(),
    big("id"),
    text("node_id"),
    text("owner_login"),
    big("owner_id", null=True),
    text("owner_type", null=True),
    text("name"),
    text("description", null=True),
    flag("is_private"),
    flag("is_fork"),
    flag("is_archived"),
    flag("is_disabled"),
    flag("is_empty", null=True),
    text("visibility", null=True),
    text("default_branch", null=True),
    text("primary_language", null=True),
    integer("stars"),
    integer("forks"),
    github_time("created_at"),
    github_time("pushed_at", null=True),
    github_time("updated_at"),
    github_time("archived_at", null=True),
    integer("pull_requests_total", null=True, info={"doc": "GitHub's own count."}),
    integer("contributors_total", null=True, info={"doc": "GitHub's own count; NULL when it cannot say."}),
    own_time("contributors_counted_at", null=True),
    own_time("watermark", null=True),
    *provenance(deletable=False),
    key("id"),
    info={"doc": "Repositories by GitHub's numeric id; watermark is the start of the last walk that covered all."},
)

REPOSITORY_NAMES: Final = Table(
    "repository_names",
    METADATA,
    host_key(),
    text("name_key", info={"doc": "owner/name in lower case, as GitHub compares names."}),
    big("repository_id"),
    text("full_name"),
    own_time("first_seen_at"),
    own_time("last_seen_at"),
    key("name_key", "repository_id"),
    info={"doc": "Every name that a repository was seen under; of two holders of a name the later seen has it now."},
)

PAGE_SIZES: Final = Table(
    "page_sizes",
    METADATA,
    host_key(),
    big("repository_id"),
    text("operation"),
    Column("size", SmallInteger, nullable=False),
    key("repository_id", "operation"),
    info={"doc": "Page sizes that a repository's heavy answers forced."},
)

CONTRIBUTORS: Final = Table(
    "contributors",
    METADATA,
    host_key(),
    big("id"),
    text("node_id"),
    text("login"),
    text("type", info={"doc": "User, Bot, Mannequin or Organization."}),
    text("name", null=True),
    *provenance(deletable=False),
    key("id"),
    Index("ix_contributors_login", "login", "host_id"),
    info={"doc": "People by GitHub's numeric id; a login may pass to another id."},
)

CONTRIBUTOR_LOGINS: Final = Table(
    "contributor_logins",
    METADATA,
    host_key(),
    big("contributor_id"),
    text("login"),
    own_time("first_seen_at"),
    own_time("last_seen_at"),
    key("contributor_id", "login"),
    info={"doc": "Every login that a contributor was seen under."},
)

PULL_REQUEST_INDEX: Final = Table(
    "pull_request_index",
    METADATA,
    host_key(),
    big("repository_id"),
    integer("number"),
    big("pull_request_id"),
    text("node_id"),
    text("state"),
    github_time("created_at"),
    github_time("updated_at"),
    own_time("first_listed_at"),
    own_time("listed_at"),
    text("source"),
    own_time("deleted_at", null=True),
    key("repository_id", "number"),
    Index("uq_pull_request_index_pull_request_id", "pull_request_id", "host_id", unique=True),
    info={"doc": "What GitHub's list of pull requests said last, before and beside hydration."},
)

COMPLETENESS: Final = Table(
    "completeness",
    METADATA,
    host_key(),
    big("repository_id"),
    big("pull_request_id"),
    text("kind"),
    integer("expected", null=True, info={"doc": "GitHub's count."}),
    integer("stored", null=True, info={"doc": "Ours, not deleted, when the reading ended."}),
    text("proof"),
    text("state"),
    Column("reads", SmallInteger, nullable=False),
    own_time("captured_at"),
    key("pull_request_id", "kind"),
    one_of("kind", Kind),
    one_of("proof", Proof),
    one_of("state", State),
    info={"doc": "For each pull request and kind: GitHub's count, ours, and how that is known."},
)
