"""Node ids are GitHub's in form, and are taken apart again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_sandbox.world.node_ids import PREFIXES, NodeId, node_id, parse

NUMBERS = st.integers(0, 2**64 - 1)
OIDS = st.none() | st.text("0123456789abcdef", min_size=40, max_size=40)


@given(st.sampled_from(sorted(PREFIXES)), st.lists(NUMBERS, min_size=1, max_size=3), OIDS)
def test_an_id_is_taken_apart_again(kind: str, numbers: list[int], oid: str | None) -> None:
    assert parse(node_id(kind, *numbers, oid=oid)) == NodeId(kind, tuple(numbers), oid)


@given(st.text())
def test_no_text_is_too_odd_to_be_refused(text: str) -> None:
    for prefix in ("", "PR_", "C_", "U_kgDO"):
        found = parse(prefix + text)
        assert found is None or node_id(found.kind, *found.numbers, oid=found.oid)


@pytest.mark.parametrize(
    ("known", "apart"),
    [
        # Ids that GitHub itself gave: https://docs.github.com/graphql/guides/migrating-graphql-global-node-ids
        ("U_kgDOADP9xw", NodeId("User", (3_407_303,))),
        ("R_kgDOEeGjAA", NodeId("Repository", (300_000_000,))),
        ("PR_kwDOEeGjAM4X14QA", NodeId("PullRequest", (300_000_000, 400_000_000))),
    ],
)
def test_known_ids(known: str, apart: NodeId) -> None:
    assert parse(known) == apart
    assert node_id(apart.kind, *apart.numbers) == known
