"""Our queries against GitHub's published schema, and their price by GitHub's formula."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    parse,
    validate,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from progressive_capture.domain.kinds import Kind
from progressive_capture.domain.planning import Sizes
from progressive_capture.github import documents
from progressive_capture.github.documents import Document
from tests.support.examples import examples
from tests.support.published import NODE_MODULES, published

EVERY = {
    "look-up": documents.look_up(),
    "index by update": documents.index(updated=True),
    "index by creation": documents.index(updated=False),
    "numbers": documents.numbers(3),
    "sample": documents.sample(3),
    "glance": documents.glance(3, 2),
    "glance at threads": documents.glance(0, 2),
    "hydrate everything": documents.hydrate(frozenset(Kind)),
    "hydrate nothing": documents.hydrate(frozenset()),
    "follow threads": documents.follow_up(2, ()),
    "follow everything": documents.follow_up(1, tuple(Kind)),
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    if not NODE_MODULES.is_dir():
        pytest.skip("node_modules is absent: `npm ci` installs the published schema")
    return published()


@pytest.mark.parametrize("name", EVERY)
def test_every_query_is_valid_by_the_published_schema(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(EVERY[name].text)) == []


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_alone_makes_a_valid_query(schema: GraphQLSchema, kind: Kind) -> None:
    assert validate(schema, parse(documents.hydrate(frozenset({kind})).text)) == []
    assert validate(schema, parse(documents.follow_up(0, (kind,)).text)) == []


@pytest.mark.parametrize("name", EVERY)
def test_every_query_asks_what_it_cost(name: str) -> None:
    fields = "cost limit remaining resetAt used nodeCount"
    assert f"rateLimit {{ {fields} }}" in EVERY[name].text


@pytest.mark.parametrize("name", EVERY)
def test_every_page_is_a_hundred(name: str) -> None:
    """A smaller page costs the same; only the list of pull requests is asked for in other sizes, and its newest."""
    for count in _firsts(EVERY[name].text):
        assert count in ({1} if name == "look-up" else {100, None})


@settings(max_examples=examples(30))
@given(kinds=st.sets(st.sampled_from(sorted(Kind))), size=st.integers(1, 100))
def test_hydration_costs_what_the_planner_reckons(kinds: set[Kind], size: int) -> None:
    """`nodes` costs nothing itself, each connection below counts once for each id."""
    document = documents.hydrate(frozenset(kinds))
    assert document.lookups == Sizes(kinds=frozenset(kinds)).connections
    assert document.lookups * size == _lookups(document, {"ids": size})


@settings(max_examples=examples(50))
@given(lists=st.integers(0, 2), pages=st.lists(st.sampled_from(sorted(Kind)), max_size=20), size=st.integers(1, 100))
def test_a_follow_up_costs_one_look_up_for_each_page(lists: int, pages: list[Kind], size: int) -> None:
    assume(lists or pages)
    document = documents.follow_up(lists, tuple(pages))
    assert _lookups(document, {f"t{place}": size for place in range(lists)}) == lists * size + len(pages)
    assert document.lookups == len(pages)


def test_full_pages_of_the_list_cost_one_point() -> None:
    assert _lookups(documents.index(updated=False), {"first": 49}) == 148
    assert _lookups(documents.numbers(49), {}) == documents.numbers(49).lookups == 147
    assert _lookups(documents.sample(149), {}) == documents.sample(149).lookups == 149
    assert _lookups(documents.look_up(), {}) == documents.look_up().lookups == 2
    assert _lookups(documents.glance(500, 2), {"t0": 100, "t1": 49}) == 149


def test_comments_of_threads_bring_the_threads() -> None:
    assert documents.flat_kinds({Kind.REVIEW_COMMENTS, Kind.LABELS}) == [Kind.REVIEW_THREADS]


def test_only_needed_fragments_are_sent() -> None:
    files = documents.hydrate(frozenset({Kind.FILES})).text
    assert "FilePage" in files
    assert "ReviewPage" not in files
    assert "GitActorFields" not in files


def _firsts(text: str) -> Iterator[int | None]:
    for field in _fields(text):
        for argument in field.arguments:
            if argument.name.value == "first":
                yield int(argument.value.value) if isinstance(argument.value, IntValueNode) else None


def _fields(text: str) -> Iterator[FieldNode]:
    pending: list[Any] = [*parse(text).definitions]
    while pending:
        each = pending.pop()
        if isinstance(each, FieldNode):
            yield each
        pending += each.selection_set.selections if getattr(each, "selection_set", None) else ()


def _lookups(document: Document, counts: dict[str, int]) -> int:
    """Requests by GitHub's formula, from the shape: each connection once for each parent, were every page full."""
    tree = parse(document.text)
    (operation,) = (each for each in tree.definitions if isinstance(each, OperationDefinitionNode))
    fragments = {each.name.value: each for each in tree.definitions if isinstance(each, FragmentDefinitionNode)}
    return Formula(fragments, counts).below(operation.selection_set, 1)


class Formula:
    """Counts requests; `counts` says how long the lists of ids, and the list of pull requests, are asked for."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], counts: dict[str, int]) -> None:
        self.fragments = fragments
        self.counts = counts

    def below(self, selections: SelectionSetNode | None, parents: int) -> int:
        return sum(self.of(each, parents) for each in selections.selections) if selections else 0

    def of(self, each: SelectionNode, parents: int) -> int:
        if isinstance(each, FragmentSpreadNode):
            return self.below(self.fragments[each.name.value].selection_set, parents)
        assert isinstance(each, FieldNode | InlineFragmentNode)
        if isinstance(each, InlineFragmentNode):
            return self.below(each.selection_set, parents)
        arguments = {argument.name.value: argument.value for argument in each.arguments}
        if "ids" in arguments:
            ids = arguments["ids"]
            assert isinstance(ids, VariableNode)
            return self.below(each.selection_set, parents * self.counts[ids.name.value])
        if "first" in arguments:
            value = arguments["first"]
            size = int(value.value) if isinstance(value, IntValueNode) else self.counts["first"]
            return parents + self.below(each.selection_set, parents * size)
        only_counted = parents if each.name.value in {"reviewThreads", "pullRequests"} else 0
        return only_counted + self.below(each.selection_set, parents)
