"""What the servers may use of the world, in one place; it holds names only, and every rule lives in `world`.

Records are dicts; `FIELDS` says the exact keys of each kind, and the docstring of `world.fields` what those with an
underscore mean. The way in:

- ``world.find(owner, name) -> Found | None``, ``world.repository(owner, name)``, ``world.node(id) -> Record | None``,
  ``world.actor(login)``, ``world.actor_by_id(n)``, ``world.revision`` (rises with every change), ``world.now()``.
- ``Repository``: ``record``, ``pulls``, ``access`` with ``visible_to(viewer)``, ``issue(number)``, ``issue_numbers()``,
  ``commit(oid)``, ``marks(kind, order)`` (where all comments stand), ``blocked_at``; labels, milestones and
  assignableUsers are connections of the record.
- ``repository.pulls``: ``count``, ``by_number(n)``, ``keys(field, states)`` (ascending (sort value, number) pairs to
  bisect), ``numbers()``, ``count_of(states)``, ``marks(kind, order)``, ``prebuild()``.
- ``PullRequest``: ``record``, ``connection(name)``, ``shown(name, viewer)``, ``total(name, viewer)``,
  ``review_comments(viewer)``.
- Any record with connections (a thread's ``comments``, a review's ``comments``, a commit's ``parents`` and ``authors``,
  an issue's ``comments``, a repository's ``labels``): ``connection(record, name)``, ``shown(record, name, viewer)``,
  ``total(record, name, viewer)``.
- ``patch_of(file)``: REST's patch text. ``repository_of(record)``: whose it is, to check who may see it.

Records are shared, never copied: a reader must not change them, and `changes.apply_change` edits them in place.
`population.build_world(now, seed, repos)` makes the world of ``OWNER/NAME=SOURCE`` texts, or raises SourceError.
"""

from github_sandbox.world.fields import FIELDS, PULL_REQUEST_CONNECTIONS, REFERENCES
from github_sandbox.world.node_ids import NodeId, node_id, parse
from github_sandbox.world.patches import patch_of
from github_sandbox.world.pulls import ALL_STATES, Key, OrderField, PullRequest, Pulls, State
from github_sandbox.world.records import FILES_SHOWN, INT_MAX, Record, connection, iso, seconds_of, shown, total
from github_sandbox.world.repository import Access, Repository
from github_sandbox.world.state import Found, World, repository_of

__all__ = [
    "ALL_STATES",
    "FIELDS",
    "FILES_SHOWN",
    "INT_MAX",
    "PULL_REQUEST_CONNECTIONS",
    "REFERENCES",
    "Access",
    "Found",
    "Key",
    "NodeId",
    "OrderField",
    "PullRequest",
    "Pulls",
    "Record",
    "Repository",
    "State",
    "World",
    "connection",
    "iso",
    "node_id",
    "parse",
    "patch_of",
    "repository_of",
    "seconds_of",
    "shown",
    "total",
]
