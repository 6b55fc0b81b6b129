"""The rules one by one at their edges, and properties of every table."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progressive_capture.domain.categories import Category
from progressive_capture.domain.jobs import Processor, Trigger
from progressive_capture.domain.priority import PriorityLevel
from progressive_capture.domain.routing import (
    RULES,
    SHARD_ITEMS,
    RouteFacts,
    Thresholds,
    facts_of,
    figures_of,
    route,
    rules,
)

BOTH = frozenset(Processor)
REAL_TIME, BULK = frozenset({Processor.INNGEST}), frozenset({Processor.GITHUB_ACTIONS})
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)
WEBHOOK = RouteFacts(Trigger.WEBHOOK, PriorityLevel.MEDIUM)
FACTS = st.builds(
    RouteFacts,
    trigger=st.sampled_from(Trigger),
    level=st.sampled_from(PriorityLevel),
    age=st.one_of(st.none(), st.timedeltas()),
    items=st.one_of(st.none(), st.integers(0, 10**6)),
    category=st.sampled_from([None, *Category]),
    pr_total=st.one_of(st.none(), st.integers(0, 10**6)),
)
ALLOWED = st.sampled_from([BOTH, REAL_TIME, BULK])


@pytest.mark.parametrize(
    ("facts", "rule", "processor"),
    [
        (replace(WEBHOOK, age=DAY), "recent", Processor.INNGEST),
        (replace(WEBHOOK, age=DAY + TICK), "historical", Processor.GITHUB_ACTIONS),
        (replace(WEBHOOK, age=-DAY), "recent", Processor.INNGEST),
        (replace(WEBHOOK, age=DAY, items=100), "recent", Processor.INNGEST),
        (replace(WEBHOOK, age=DAY, items=101), "over-shard", Processor.GITHUB_ACTIONS),
        (replace(WEBHOOK, age=2 * DAY, items=10), "small", Processor.INNGEST),
        (replace(WEBHOOK, age=2 * DAY, items=11), "historical", Processor.GITHUB_ACTIONS),
        (replace(WEBHOOK, items=0), "small", Processor.INNGEST),
        (replace(WEBHOOK, age=2 * DAY, items=50, trigger=Trigger.MANUAL), "manual", Processor.INNGEST),
        (replace(WEBHOOK, age=2 * DAY, trigger=Trigger.MANUAL), "manual", Processor.INNGEST),
        (replace(WEBHOOK, age=2 * DAY, items=51, trigger=Trigger.MANUAL), "historical", Processor.GITHUB_ACTIONS),
        (replace(WEBHOOK, items=51, trigger=Trigger.MANUAL), "large", Processor.GITHUB_ACTIONS),
        (replace(WEBHOOK, items=50, trigger=Trigger.SCHEDULED), "background", Processor.GITHUB_ACTIONS),
        (replace(WEBHOOK, items=50, level=PriorityLevel.LOW), "background", Processor.GITHUB_ACTIONS),
        (replace(WEBHOOK, category=Category.TEST, pr_total=5_000), "test-repository", Processor.INNGEST),
        (replace(WEBHOOK, category=Category.ENTERPRISE), "large-repository", Processor.GITHUB_ACTIONS),
        (replace(WEBHOOK, pr_total=1_001), "large-repository", Processor.GITHUB_ACTIONS),
        (replace(WEBHOOK, pr_total=1_000), "otherwise", Processor.INNGEST),
        (replace(WEBHOOK, level=PriorityLevel.CRITICAL), "critical", Processor.INNGEST),
        (WEBHOOK, "otherwise", Processor.INNGEST),
    ],
)
def test_each_rule_at_its_edge(facts: RouteFacts, rule: str, processor: Processor) -> None:
    found = route(facts, BOTH)
    assert (found.rule, found.processor) == (rule, processor)
    assert found.reason == next(each.reason for each in RULES if each.name == rule)
    assert found.policy == "rules"


@given(FACTS, ALLOWED)
def test_whatever_is_asked_there_is_one_answer_and_it_is_allowed(
    facts: RouteFacts, allowed: frozenset[Processor]
) -> None:
    found = route(facts, allowed)
    assert found.processor in allowed
    assert found == route(facts, allowed)
    assert found.reason.endswith(".")


@given(FACTS)
def test_nothing_open_is_told_and_not_guessed(facts: RouteFacts) -> None:
    found = route(facts, frozenset())
    assert (found.processor, found.rule) == (None, "none-open")


@given(FACTS, ALLOWED)
def test_what_is_allowed_anyway_changes_no_answer(facts: RouteFacts, allowed: frozenset[Processor]) -> None:
    free = route(facts, BOTH)
    if free.processor in allowed:
        assert route(facts, allowed) == free
    else:
        assert (
            f"The rule {free.rule} asks for {free.processor}, which is not open to it." in route(facts, allowed).reason
        )


@given(FACTS)
def test_the_real_time_lane_takes_no_more_than_a_shard_when_bulk_is_open(facts: RouteFacts) -> None:
    if facts.items is not None and facts.items > SHARD_ITEMS[Processor.INNGEST]:
        assert route(facts, BOTH).processor is Processor.GITHUB_ACTIONS


@given(FACTS)
def test_recorded_figures_decide_again_as_they_did(facts: RouteFacts) -> None:
    found = route(facts, BOTH)
    assert found.figures == figures_of(facts)
    assert route(facts_of(found.figures), BOTH) == found


def test_figures_of_all_there_is_decide_again_as_they_did() -> None:
    facts = replace(WEBHOOK, age=timedelta.max)
    assert facts_of(figures_of(facts)) == facts


@pytest.mark.parametrize("figures", [{}, {"trigger": "manual"}, {"trigger": "manual", "level": 3}])
def test_what_are_no_figures_is_refused(figures: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        facts_of(figures)


def test_a_changed_table_answers_with_its_own_numbers() -> None:
    table = rules(Thresholds(small=20, recent=timedelta(hours=48)))
    assert route(replace(WEBHOOK, age=2 * DAY, items=15), BOTH, table=table).rule == "recent"
    found = route(replace(WEBHOOK, age=3 * DAY, items=15), BOTH, table=table, policy="twenty")
    assert (found.rule, found.policy) == ("small", "twenty")
    assert found.reason.startswith("At most 20 pull requests")


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
