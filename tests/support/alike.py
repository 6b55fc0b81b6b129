"""What all stand-ins work out alike, worked out when this is imported; the spawner forks them with it.

A stand-in's first quarter of a second goes into its schema, the shapes of what it generates, and the queries that every
capture begins with: the same each time, and tests start hundreds.
"""

import time
from typing import Final

from github_sandbox.graphql.documents import Documents
from github_sandbox.graphql.schema import load_schema
from github_sandbox.population import build_world
from progressive_capture.domain.kinds import Kind
from progressive_capture.github import documents

ASKED: Final = (
    documents.look_up(),
    documents.index(updated=False),
    documents.index(updated=True),
    documents.hydrate(frozenset(Kind)),
    documents.follow_up(1, ()),
    documents.follow_up(2, ()),
    documents.follow_up(2, (Kind.FILES,)),
)


def work_out() -> None:
    """Let the sandbox's caches hold it: none of it depends on a world."""
    build_world(time.time, 7, ("any/one=generate:1",))
    known = Documents(load_schema())
    for document in ASKED:
        known.get(document.text)


work_out()
